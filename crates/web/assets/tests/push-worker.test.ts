import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';

type Take = (event: unknown) => void;
const takes: Record<string, Take> = {};
const shown: { title: string; options: NotificationOptions }[] = [];
const opened: string[] = [];
let pages: { url: string; focus(): Promise<unknown> }[] = [];
let focused: string[] = [];

before(async () => {
  Object.assign(globalThis, {
    self: {
      addEventListener: (name: string, take: Take) => (takes[name] = take),
      location: { href: 'https://bureau.example/push-worker.js' },
      registration: { showNotification: async (title: string, options: NotificationOptions) => shown.push({ title, options }) },
      clients: { matchAll: async () => pages, openWindow: async (link: string) => opened.push(link) },
    },
  });
  // @ts-expect-error The worker is a script of its own, no module.
  await import('../ts/push-worker');
});

beforeEach(() => {
  shown.length = opened.length = 0;
  pages = [];
  focused = [];
});

/** Sends an event and waits for what it started. */
async function send(name: string, event: object) {
  let work: Promise<unknown> | undefined;
  takes[name]!({ waitUntil: (given: Promise<unknown>) => (work = given), ...event });
  await work;
}

const window = (url: string) => ({ url, focus: async () => focused.push(url) });
const notification = (data: string) => ({ notification: { data, close() {} } });

test('a pushed warning is shown with its words and stays until it is touched', async () => {
  const pushed = { title: '超标', body: '天心区政府 PM2.5', link: '/warnings/7', tag: 'warning-7' };
  await send('push', { data: { json: () => pushed } });
  assert.equal(shown[0]?.title, '超标');
  assert.deepEqual(shown[0]?.options, { body: pushed.body, tag: 'warning-7', data: '/warnings/7', lang: 'zh-CN', requireInteraction: true });
});

test('a push without data shows nothing', async () => {
  await send('push', {});
  assert.deepEqual(shown, []);
});

test('touching it opens its page', async () => {
  await send('notificationclick', notification('/warnings/7'));
  assert.deepEqual(opened, ['/warnings/7']);
});

test('touching it comes back to the page that is open already', async () => {
  pages = [window('https://bureau.example/map'), window('https://bureau.example/warnings/7?from=list')];
  await send('notificationclick', notification('/warnings/7'));
  assert.deepEqual([focused, opened], [['https://bureau.example/warnings/7?from=list'], []]);
});

test('a link to another site is opened here, whatever it says', async () => {
  await send('notificationclick', notification('https://elsewhere.example/warnings/7'));
  assert.deepEqual(opened, ['/warnings/7']);
});
