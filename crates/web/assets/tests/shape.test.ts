import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asField, inside, isClosed, parsed, positions, rings, withCorner, withoutLast, type Position } from '../ts/shape';

const A: Position = [112.9, 28.1];
const B: Position = [113.0, 28.1];
const C: Position = [113.0, 28.2];
const D: Position = [112.9, 28.2];
/** A point is meant as the first corner if it is the same one. */
const same = (first: Position, at: Position) => first[0] === at[0] && first[1] === at[1];
const drawn = (corners: Position[], kind?: string) => corners.reduce((shape: Position[], at) => withCorner(shape, at, kind, same), []);

test('a text that is no JSON holds no coordinates', () => {
  assert.deepEqual(parsed('[[112.9,28.1]'), []);
  assert.deepEqual(parsed(undefined), []);
  assert.deepEqual(parsed('[112.9,28.1]'), A);
});

test('points, lines, areas and several areas are lists of lines', () => {
  assert.deepEqual(rings(A), [[A]]);
  assert.deepEqual(rings([A, B]), [[A, B]]);
  assert.deepEqual(rings([[A, B, C, A]]), [[A, B, C, A]]);
  assert.deepEqual(rings([[[A, B, A]], [[C, D, C]]]), [[A, B, A], [C, D, C]]);
  assert.deepEqual(positions([[A, B], [C]]), [A, B, C]);
  for (const nothing of [[], null, 'text', {}]) assert.deepEqual(rings(nothing), []);
});

test('a point lies inside of an area and not in its hole', () => {
  const area = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]];
  const hole = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]];
  assert.equal(inside([area], [5, 5]), true);
  assert.equal(inside([area], [11, 5]), false);
  assert.equal(inside([area, hole], [5, 5]), false);
  assert.equal(inside([area, hole], [2, 2]), true);
  assert.equal(inside([], [2, 2]), false);
});

test('a line becomes an area when its end meets its beginning', () => {
  assert.deepEqual(drawn([A, B, C]), [A, B, C]);
  const area = drawn([A, B, C, A]);
  assert.deepEqual(area, [A, B, C, A]);
  assert.equal(isClosed(area), true);
  assert.equal(asField(area, undefined), JSON.stringify([[A, B, C, A]]));
  assert.equal(asField(drawn([A, B, C]), undefined), JSON.stringify([A, B, C]));
});

test('two corners are no area, however near', () => {
  assert.deepEqual(drawn([A, B, A]), [A, B, A]);
  assert.equal(isClosed([A, B, A]), false);
});

test('a further corner opens an area that was closed', () => {
  assert.deepEqual(withCorner([A, B, C, A], D, undefined, same), [A, B, C, D]);
});

test('a field for areas closes its ring from the third corner on', () => {
  assert.deepEqual(drawn([A, B], 'polygon'), [A, B]);
  assert.deepEqual(drawn([A, B, C], 'polygon'), [A, B, C, A]);
  assert.deepEqual(drawn([A, B, C, D], 'polygon'), [A, B, C, D, A]);
  assert.equal(asField([A, B], 'polygon'), JSON.stringify([[A, B]]));
});

test('a field for lines stays a line when its end meets its beginning', () => {
  assert.deepEqual(drawn([A, B, C, A, D], 'line'), [A, B, C, D]);
});

test('the last corner is taken back, and its ring stays one', () => {
  assert.deepEqual(withoutLast([A, B, C], undefined), [A, B]);
  assert.deepEqual(withoutLast([A, B, C, A], undefined), [A, B]);
  assert.deepEqual(withoutLast([A, B, C, D, A], 'polygon'), [A, B, C, A]);
  assert.deepEqual(withoutLast([A], undefined), []);
  assert.equal(asField([], 'polygon'), '');
});
