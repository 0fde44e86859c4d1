// What all charts share.

/** Beijing time as forms write it, to the second. */
export function beijing(at: number): string {
  return new Date(at * 1000 + 8 * 3600_000).toISOString().slice(0, 19);
}

/** Room above and below, never below nought for amounts that cannot be. */
export function spread(low: number, high: number): [number, number] {
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}
