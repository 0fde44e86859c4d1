// A handler looks for something: at the desk with one key, on the phone by the sign in the head of the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, signIn, visitor } from '../lib/screen.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

/** @param {import('playwright-core').Locator} locator */
const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);

test('on a phone the search is one touch away, its box is ready and the words are marked', async () => {
  const { context, page, troubles } = await visitor(browser, { viewport: { width: 390, height: 844 } });
  await signIn(page, 'handler');
  await page.getByTestId('search-link').click();
  await page.waitForURL(/\/search$/);
  const box = page.locator('main input[type="search"]');
  assert.ok(await isFocused(box));
  await box.fill('油烟');
  await box.press('Enter');
  await page.waitForURL(/\/search\?q=/);
  assert.ok((await page.locator('section.found').count()) >= 6);
  assert.equal(await page.locator('section.found mark').first().innerText(), '油烟');
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, 'nothing runs out of the screen');
  assert.deepEqual(troubles, []);
  await context.close();
});

test('at the desk a stroke leads to the box, and a station is found by its code', async () => {
  const { context, page, troubles } = await visitor(browser, { viewport: { width: 1440, height: 900 } });
  await signIn(page, 'handler');
  assert.equal(await page.getByTestId('search-link').isVisible(), false);
  const box = page.locator('.top-search input');
  // The script that hears the key is loaded behind the page.
  await page.waitForLoadState('networkidle');
  await page.keyboard.press('/');
  assert.ok(await isFocused(box));
  await page.keyboard.type('txw05');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/search\?q=txw05/);
  await page.locator('#in-station .line-list a').first().click();
  await page.waitForURL(/\/stations\//);
  assert.match(await page.locator('main').innerText(), /TXW05/);
  assert.deepEqual(troubles, []);
  await context.close();
});
