// Values in time as a chart takes them: a hole in the data is a hole in the line.

interface Valued {
  /** Unix seconds. */
  at: number;
  value: number;
}

/** Times, and the values of one curve: null where the line is interrupted. */
export function single(points: readonly Valued[], gap: number): [number[], (number | null)[]] {
  const x: number[] = [];
  const y: (number | null)[] = [];
  let before = -Infinity;
  for (const point of points) {
    if (point.at - before > gap && x.length) {
      x.push(before + 1);
      y.push(null);
    }
    x.push(point.at);
    y.push(point.value);
    before = point.at;
  }
  return [x, y];
}

/** Common times of several curves, and the values of each: null where its line is interrupted, undefined where only another one has a value. */
export function together(lines: readonly { points: readonly Valued[] }[], gap: number): [number[], ...(number | null | undefined)[][]] {
  const times = new Set<number>();
  for (const line of lines) {
    let before = -Infinity;
    for (const { at } of line.points) {
      if (at - before > gap && before > 0) times.add(before + 1);
      times.add(at);
      before = at;
    }
  }
  const x = [...times].sort((left, right) => left - right);
  const values = lines.map((line) => {
    const known = new Map(line.points.map((point) => [point.at, point.value]));
    const own: (number | null | undefined)[] = [];
    let last = -Infinity;
    for (const at of x) {
      const value = known.get(at);
      if (value !== undefined) last = at;
      // Another station's time is no hole in this one's line, a missing value is.
      own.push(value ?? (at - last > gap || at === last + 1 ? null : undefined));
    }
    return own;
  });
  return [x, ...values];
}
