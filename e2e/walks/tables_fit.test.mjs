// Tables are read whole at a desk; on a phone they go on beyond the edge, and the edge says so.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, places, signIn, visitor } from '../lib/screen.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

/** Pages of monitoring, the largest ledgers, and what the head and the auditor read. */
const pages = ['/', '/air', '/air?year=2020', '/air/ranking', '/air/periods', '/water', '/noise', '/noise?month=2026-10', '/power', '/stations', '/warnings',
  '/devices', '/history', '/journal', '/reports', '/figures', '/figures?year=2020', '/records',
  ...['machine', 'enterprise', 'complaint', 'waste_manifest', 'task', 'warning', 'patrol', 'consultation'].map(places.register)];

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

/**
 * How far the page and each of its tables reach beyond what is seen of them.
 * @param {import('playwright-core').Page} page
 */
const measured = (page) => page.evaluate(() => ({
  page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  tables: [...document.querySelectorAll('.table-wrap')].map((wrap) => ({
    beyond: wrap.scrollWidth - wrap.clientWidth,
    left: wrap.scrollWidth - wrap.clientWidth - wrap.scrollLeft,
    says: getComputedStyle(wrap).maskImage !== 'none',
  })),
}));

test('at a desk every table of the main pages is seen whole', async () => {
  const { context, page, troubles } = await visitor(browser, { viewport: desk });
  await signIn(page, 'head');
  for (const place of pages) {
    assert.equal((await page.goto(place)).status(), 200, place);
    const found = await measured(page);
    assert.ok(found.page <= 0, `${place} is ${found.page} px too wide`);
    assert.deepEqual(found.tables.filter((table) => table.beyond > 0), [], `${place} cuts a table`);
  }
  assert.deepEqual(troubles, []);
  await context.close();
});

test('a month of noise with a level in each of its days and nights is seen whole at a desk', async () => {
  const { context, page } = await visitor(browser, { viewport: desk });
  await signIn(page, 'head');
  await page.goto('/noise?month=2026-10');
  await page.evaluate(() => document.querySelectorAll('.noise-strips .water-cell').forEach((cell) => {
    cell.innerHTML = '<a class="tone noise-over">62.5</a>';
  }));
  const found = await measured(page);
  assert.ok(found.tables.length > 1, 'there are stations');
  assert.deepEqual(found.tables.filter((table) => table.beyond > 0), []);
  await context.close();
});

test('on a phone no page scrolls sideways, and a table that goes on fades at its edge until its end is seen', async () => {
  const { context, page } = await visitor(browser, { viewport: phone });
  await signIn(page, 'head');
  for (const place of pages) {
    assert.equal((await page.goto(place)).status(), 200, place);
    await page.waitForFunction(() => [...document.querySelectorAll('.table-wrap')].every((wrap) =>
      wrap.hasAttribute('data-more') === wrap.scrollWidth - wrap.clientWidth - wrap.scrollLeft > 1));
    const found = await measured(page);
    assert.ok(found.page <= 0, `${place} is ${found.page} px too wide`);
    for (const table of found.tables) assert.equal(table.says, table.left > 1, `${place}: ${JSON.stringify(table)}`);
  }
  await page.goto('/water');
  const wide = page.locator('.table-wrap[data-more]').first();
  await wide.evaluate((wrap) => { wrap.scrollLeft = wrap.scrollWidth; });
  await page.waitForFunction(() => document.querySelectorAll('.table-wrap:has(.water-strips)')[0].scrollLeft > 0
    && !document.querySelectorAll('.table-wrap:has(.water-strips)')[0].hasAttribute('data-more'));
  await context.close();
});

test('the month of noise opens where its day is seen', async () => {
  for (const viewport of [desk, phone]) {
    const { context, page } = await visitor(browser, { viewport });
    await signIn(page, 'head');
    await page.goto('/noise');
    const day = page.locator('[data-here]').first();
    await day.waitFor();
    await page.waitForFunction(() => {
      const day = document.querySelector('[data-here]');
      const [seen, of] = [day.getBoundingClientRect(), day.closest('.table-wrap').getBoundingClientRect()];
      return seen.left >= of.left && seen.right <= of.right;
    });
    await context.close();
  }
});
