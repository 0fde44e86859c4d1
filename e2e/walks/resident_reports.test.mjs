// A resident reports pollution without an account; the bureau works on it; the resident follows the case and reads the answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { at, fill, openBrowser, places, signIn, takeStep, visitor } from '../lib/screen.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

const PHONE = '13800001234';

test('a report goes from a phone to the answer, and shows nobody who made it', async () => {
  const resident = await visitor(browser, { viewport: { width: 390, height: 844 } });
  const { page } = resident;
  await page.goto('/public');
  await page.locator('a.button[href="/public/complain"]').click();
  const form = page.locator('form[action="/public/complain"]');
  await form.locator('button[type="submit"]').click();
  assert.match(await page.locator('[role="alert"]').innerText(), /尚未提交/);

  await page.locator('input[name="category"][value="noise"]').check();
  await fill(form, 'content', '楼下烧烤店排风机整夜轰鸣。<img src=x onerror="window.hurt=true">');
  await fill(form, 'place.address', '坡子街一巷');
  await fill(form, 'complainant', '王小明');
  await fill(form, 'phone', PHONE);
  await form.locator('button[type="submit"]').click();
  const number = await page.locator('[data-testid="number"]').innerText();
  const code = await page.locator('[data-testid="code"]').innerText();
  assert.match(number, /^TS\d{9}$/);

  const office = await visitor(browser);
  await signIn(office.page, 'handler');
  await office.page.goto(places.record('complaint', number));
  assert.match(await office.page.locator('main').innerText(), /楼下烧烤店排风机整夜轰鸣/);
  assert.doesNotMatch(await office.page.content(), new RegExp(PHONE), 'the telephone number is masked');
  assert.equal(await office.page.evaluate(() => 'hurt' in window), false);
  await takeStep(office.page, 'accept', {}, '已受理');

  const follow = async (/** @type {string} */ secret) => {
    await page.goto('/public/track');
    const asked = page.locator('form[action="/public/track"]');
    await fill(asked, 'number', number);
    await fill(asked, 'code', secret);
    await asked.locator('button[type="submit"]').click();
  };
  await follow('WRONGCODE2');
  await page.locator('[role="alert"]').waitFor();
  await follow(code.toLowerCase());
  const shown = await page.locator('[data-testid="case"]').innerText();
  assert.match(shown, /已受理/);
  assert.doesNotMatch(await page.content(), /王小明|13800001234/);
  assert.deepEqual([...resident.troubles, ...office.troubles], []);
  await resident.context.close();
  await office.context.close();
});

test('what the bureau publishes can be read in large letters and in English', async () => {
  const { context, page, troubles } = await visitor(browser, { viewport: { width: 390, height: 844 } });
  for (const place of ['/public', '/public/now', '/public/years?year=2020', '/public/enforcement_case', '/public/complaint?q=噪声']) {
    const answer = await page.goto(place);
    assert.equal(answer.status(), 200, place);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${place} fits`);
    assert.match(await page.locator('body').innerText(), /模拟数据/, place);
  }
  await page.goto('/public/years?year=2020');
  assert.match(await page.locator('[data-figure="nrmm_registered"]').innerText(), /^1517/);
  await page.locator('.portal-size').click();
  await page.locator('.portal.is-large').waitFor();
  await page.locator('[data-testid="language-en"]').click();
  assert.match(await page.locator('h1').innerText(), /Figures of the years/);
  assert.deepEqual(troubles, []);
  await context.close();
});

test('after a refused complaint, Back and reload show it again with what was typed', async () => {
  const { context, page, troubles } = await visitor(browser);
  await page.goto('/public/complain');
  const form = page.locator('form[action="/public/complain"]');
  await fill(form, 'category', 'noise');
  await fill(form, 'content', '夜里还在打桩');
  // Without an address; the browser itself would ask for it.
  await form.evaluate((element) => element.setAttribute('novalidate', ''));
  await form.locator('button[type="submit"]').last().click();
  await page.waitForURL(/\/public\/answered\//);
  const typed = () => page.locator('[name="content"]').inputValue();
  assert.equal(await typed(), '夜里还在打桩');
  await page.goto('/public');
  await page.goBack();
  assert.equal(await typed(), '夜里还在打桩');
  await page.reload();
  assert.equal(await typed(), '夜里还在打桩');
  assert.deepEqual(troubles, []);
  await context.close();
});
