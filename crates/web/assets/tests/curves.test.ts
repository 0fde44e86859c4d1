import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beijing, label, spread } from '../ts/chart';
import { single, together } from '../ts/curves';

const points = (...values: [number, number][]) => values.map(([at, value]) => ({ at, value }));

test('a hole in the data is a hole in the line', () => {
  assert.deepEqual(single(points([60, 1], [120, 2], [300, 3]), 60), [[60, 120, 121, 300], [1, 2, null, 3]]);
  assert.deepEqual(single(points([60, 1], [120, 2]), 60), [[60, 120], [1, 2]]);
  assert.deepEqual(single([], 60), [[], []]);
});

test("another station's time is no hole in this one's line, a missing value is", () => {
  const [x, first, second] = together(
    [{ points: points([60, 1], [120, 2], [180, 3]) }, { points: points([90, 7], [150, 8], [900, 9]) }],
    60,
  );
  assert.deepEqual(x, [60, 90, 120, 150, 151, 180, 900]);
  assert.deepEqual(first, [1, undefined, 2, undefined, undefined, 3, null]);
  assert.deepEqual(second, [null, 7, undefined, 8, null, undefined, 9]);
});

test('a curve without a value is a line without a point', () => {
  assert.deepEqual(together([{ points: [] }, { points: points([60, 1]) }], 60), [[60], [null], [1]]);
});

test('times are those of Beijing, wherever the browser is', () => {
  const midnight = Date.UTC(2020, 11, 31, 16) / 1000;
  assert.equal(beijing(midnight), '2021-01-01T00:00:00');
});

test('a tick says as much as its step needs', () => {
  const at = Date.UTC(2020, 5, 1, 2, 3, 4) / 1000;
  const midnight = Date.UTC(2020, 5, 1, 16) / 1000;
  assert.equal(label(at, 10), '10:03:04');
  assert.equal(label(at, 60), '10:03');
  assert.equal(label(midnight, 3600), '06-02');
  assert.equal(label(at, 86_400), '06-01');
  assert.equal(label(at, 366 * 86_400), '2020-06-01');
  assert.equal(label(at, 0), '06-01 10:03:04');
});

test('a chart leaves room above and below and shows no amounts below zero', () => {
  assert.deepEqual(spread(0, 100), [0, 112]);
  assert.deepEqual(spread(-10, 10), [-12.4, 12.4]);
  const [low, high] = spread(50, 50);
  assert.ok(low < 50 && high > 50, 'values that are all the same are not on the edge');
  const [least, most] = spread(0, 0);
  assert.ok(least === 0 && most > 0);
});
