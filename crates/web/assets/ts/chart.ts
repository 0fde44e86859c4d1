// What all charts share.

/** Beijing time as forms write it, to the second. */
export function beijing(at: number): string {
  return new Date(at * 1000 + 8 * 3600_000).toISOString().slice(0, 19);
}

/** Room above and below, never below zero for amounts that cannot be. */
export function spread(low: number, high: number): [number, number] {
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** Beijing time of a tick, as short as its step in seconds allows; of step 0 the whole instant without its year. */
export function label(at: number, step: number): string {
  const text = beijing(at);
  if (step === 0) return text.slice(5).replace('T', ' ');
  if (step >= 86_400) return text.slice(step >= 300 * 86_400 ? 0 : 5, 10);
  return step < 60 ? text.slice(11) : text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16);
}
