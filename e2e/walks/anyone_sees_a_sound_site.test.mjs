// What holds for every visitor: the door is shut, unknown addresses are answered, phones are served.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { at, account, openBrowser, password, places, signIn, visitor } from '../lib/screen.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

test('without signing in there is only the door', async () => {
  const { context, page } = await visitor(browser);
  await page.goto(places.register('complaint'));
  assert.equal(await page.locator('input[name="password"]').count(), 1);
  await page.locator('input[name="name"]').fill(account('handler'));
  await page.locator('input[name="password"]').fill(`${password}-wrong`);
  await page.locator('form:has(input[name="password"]) button[type="submit"]').click();
  await page.locator('input[name="password"]').waitFor();
  await context.close();
});

test('an unknown record is answered by a page that says so', async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, 'handler');
  const answer = await page.goto(places.record('complaint', 'TS999999999'));
  assert.equal(answer.status(), 404);
  assert.ok((await page.locator('main').innerText()).includes('TS999999999'));
  await context.close();
});

for (const { size, viewport } of [{ size: 'a phone', viewport: { width: 390, height: 844 } }, { size: 'a desk', viewport: { width: 1440, height: 900 } }]) {
  test(`main pages fit ${size}, say that data are simulated and label every control`, async () => {
    const { context, page, troubles } = await visitor(browser, { viewport });
    await signIn(page, 'head');
    for (const place of [places.home, places.register('complaint'), places.figures(2020), places.report('annual', 2020)]) {
      const answer = await page.goto(place);
      assert.equal(answer.status(), 200, place);
      assert.match(await page.locator('body').innerText(), /模拟数据/, `${place} is not labelled`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${place} is ${overflow} px too wide`);
      const unnamed = await page.evaluate(() => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')])
        .filter((control) => control.offsetParent && !(control.labels?.length || control.getAttribute('aria-label')
          || control.getAttribute('aria-labelledby') || control.title || control.textContent.trim()))
        .map((control) => control.outerHTML.slice(0, 120)));
      assert.deepEqual(unnamed, [], place);
    }
    assert.deepEqual(troubles, []);
    await context.close();
  });
}
