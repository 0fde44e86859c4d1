// Points, lines and areas in degrees, as GeoJSON writes them, without anything that draws them.

/** Longitude and latitude. */
export type Position = [number, number];

/** What a field of a form holds; without it the hand decides. */
export type Kind = string | undefined;

/** A text of a form as coordinates; nothing where it is none. */
export function parsed(text: string | undefined): unknown {
  try {
    return text ? JSON.parse(text) : [];
  } catch {
    return [];
  }
}

/** Nested coordinates as a list of lines. */
export function rings(coordinates: unknown): Position[][] {
  if (!Array.isArray(coordinates) || !coordinates.length) return [];
  if (typeof coordinates[0] === 'number') return [[coordinates as Position]];
  if (Array.isArray(coordinates[0]) && typeof coordinates[0][0] === 'number') return [coordinates as Position[]];
  return coordinates.flatMap(rings);
}

/** All positions of nested coordinates. */
export function positions(coordinates: unknown): Position[] {
  return rings(coordinates).flat();
}

/** Whether a point lies inside of rings; a ring inside of another is a hole. */
export function inside(outline: readonly (readonly (readonly number[])[])[], [lon, lat]: Position): boolean {
  let odd = false;
  for (const ring of outline) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [x1, y1] = ring[j] as Position;
      const [x2, y2] = ring[i] as Position;
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) odd = !odd;
    }
  }
  return odd;
}

/** Whether a shape ends where it began and encloses something. */
export function isClosed(shape: Position[]): boolean {
  const [first, last] = [shape[0], shape.at(-1)];
  return shape.length > 3 && first![0] === last![0] && first![1] === last![1];
}

/**
 * A shape with one corner more. A point that `meets` the first corner closes a line to an area, unless the field says what it holds.
 */
export function withCorner(shape: Position[], at: Position, kind: Kind, meets: (first: Position, at: Position) => boolean): Position[] {
  const open = isClosed(shape) ? shape.slice(0, -1) : shape;
  const closes = !kind && open.length >= 3 && meets(open[0]!, at);
  return completed([...open, closes ? open[0]! : at], kind);
}

/** A shape without the corner that was set last. */
export function withoutLast(shape: Position[], kind: Kind): Position[] {
  return completed(shape.slice(0, isClosed(shape) ? -2 : -1), kind);
}

/** What a form sends of a shape: a line, or the one closed ring of an area; nothing if there is none. */
export function asField(shape: Position[], kind: Kind): string {
  if (!shape.length) return '';
  return JSON.stringify(kind === 'polygon' || isClosed(shape) ? [shape] : shape);
}

/** A field for areas has its ring closed from the third corner on. */
function completed(shape: Position[], kind: Kind): Position[] {
  return kind === 'polygon' && shape.length > 2 ? [...shape, shape[0]!] : shape;
}
