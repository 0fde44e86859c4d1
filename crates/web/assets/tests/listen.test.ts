import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { lineState, listen, throttled } from '../ts/listen';

/** A stream whose events the test sends. */
class Stream extends EventTarget {
  static opened: Stream[] = [];
  closed = false;
  constructor(readonly url: string) {
    super();
    Stream.opened.push(this);
  }
  close() { this.closed = true; }
  say(name: string, data?: unknown) { this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data ?? null) })); }
  static get last() { return Stream.opened.at(-1)!; }
}

const page = { hidden: false };
let view: EventTarget;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  Stream.opened = [];
  page.hidden = false;
  view = new EventTarget();
  Object.assign(globalThis, { EventSource: Stream, document: page, window: view });
});

test('events come with their data, and the line is up from the first word', () => {
  const heard: unknown[] = [];
  const states: boolean[] = [];
  listen('/events', { warning: (data) => heard.push(data) }, (alive) => states.push(alive));
  assert.equal(Stream.last.url, '/events');
  Stream.last.say('warning', { number: 7 });
  Stream.last.say('observed', 1);
  assert.deepEqual(heard, [{ number: 7 }]);
  assert.deepEqual(states, [true]);
});

test('a line that goes quiet is opened again', () => {
  const states: boolean[] = [];
  listen('/events', {}, (alive) => states.push(alive));
  Stream.last.say('open');
  mock.timers.tick(40_000);
  assert.equal(Stream.opened.length, 1, 'it may be silent that long');
  mock.timers.tick(5_000);
  assert.equal(Stream.opened.length, 2);
  assert.equal(Stream.opened[0]!.closed, true);
  Stream.last.say('open');
  assert.deepEqual(states, [true, false, true]);
});

test('a heartbeat keeps the line', () => {
  listen('/events', {}, () => {});
  for (let beat = 0; beat < 20; beat += 1) {
    mock.timers.tick(15_000);
    Stream.last.say('heartbeat');
  }
  assert.equal(Stream.opened.length, 1);
});

test('a page that nobody sees opens nothing', () => {
  listen('/events', {}, () => {});
  page.hidden = true;
  mock.timers.tick(600_000);
  assert.equal(Stream.opened.length, 1);
  page.hidden = false;
  mock.timers.tick(5_000);
  assert.equal(Stream.opened.length, 2);
});

test('a page that is left closes its line for good', () => {
  listen('/events', {}, () => {});
  view.dispatchEvent(new Event('pagehide'));
  assert.equal(Stream.last.closed, true);
  mock.timers.tick(600_000);
  assert.equal(Stream.opened.length, 1);
});

test('many calls are one at a time, and the last of them is not lost', () => {
  const acts: number[] = [];
  const act = throttled(1000, () => acts.push(Date.now() - 1_000_000));
  act(); act(); act();
  mock.timers.tick(0);
  assert.deepEqual(acts, [0]);
  act(); act();
  mock.timers.tick(999);
  assert.deepEqual(acts, [0]);
  mock.timers.tick(1);
  assert.deepEqual(acts, [0, 1000]);
  mock.timers.tick(10_000);
  assert.deepEqual(acts, [0, 1000], 'nothing is called without being asked for');
});

test('the lamp says in words whether the line is up', () => {
  const lamp = { dataset: { up: '在线', down: '断开' } as Record<string, string>, textContent: '' };
  const say = lineState({ querySelector: () => lamp } as unknown as ParentNode);
  say(true);
  assert.deepEqual([lamp.dataset.line, lamp.textContent], ['up', '在线']);
  say(false);
  assert.deepEqual([lamp.dataset.line, lamp.textContent], ['down', '断开']);
});
