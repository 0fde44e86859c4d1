// A case handler: finds a complaint, brings it to its end, and sees the year's figures follow.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { at, fill, figureNumber, openBrowser, places, signIn, takeStep, visitor } from '../lib/screen.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

const SUBJECT = `夜间施工噪声扰民 ${Date.now()}`;

test('a complaint goes from registration to closed and the figures follow', async () => {
  const { context, page, troubles } = await visitor(browser);
  await signIn(page, 'handler');
  const total = await figureNumber(page, 'complaints_total', 2020);
  const handled = await figureNumber(page, 'complaints_handled', 2020);

  await page.goto(places.newRecord('complaint'));
  const form = page.locator('form:has([name="subject"])').first();
  const values = {
    received_at: '2020-07-15T22:40', source: 'hotline12345', category: 'noise', kind: 'construction_night',
    subject: SUBJECT, content: '工地夜间仍在浇筑混凝土，影响休息。<script>window.hurt = true</script>',
  };
  for (const [name, value] of Object.entries(values)) await fill(form, name, value);
  await fill(form, 'place.lon', '112.985');
  await fill(form, 'place.lat', '28.112');
  await form.locator('button[type="submit"]').click();
  await at.state(page).filter({ hasText: '已登记' }).waitFor();
  const address = page.url();
  assert.equal(await page.evaluate(() => 'hurt' in window), false, 'script in a form stays text');
  assert.equal(await figureNumber(page, 'complaints_total', 2020), total + 1);

  await page.goto(places.register('complaint'));
  await page.locator('main input[type="search"]').first().fill(SUBJECT);
  await page.locator('main input[type="search"]').first().press('Enter');
  await at.rows(page).filter({ hasText: SUBJECT }).locator('a').first().click();
  await page.waitForURL(new URL(address).pathname);

  await takeStep(page, 'accept', {}, '已受理');
  await takeStep(page, 'assign', { handler_name: '李明' }, '已交办');
  await takeStep(page, 'inspect', { finding: '现场核查时正在浇筑，未见夜间施工证明。', verified: 'true' }, '已核查');
  await takeStep(page, 'handle', { measures: '责令停止夜间施工，立案处理。' }, '已处理');
  assert.equal(await figureNumber(page, 'complaints_handled', 2020), handled + 1);
  await page.goto(address);
  await takeStep(page, 'reply', { reply: '已责令停工，感谢监督。' }, '已回复');
  await takeStep(page, 'close', { satisfaction: 'yes' }, '已办结');
  assert.deepEqual(troubles, []);
  await context.close();
});

test('a figure opens into exactly the records that it counts', async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, 'handler');
  const counted = await figureNumber(page, 'complaints_noise', 2020);
  const figure = at.figureValue(page, 'complaints_noise');
  const link = figure.locator('xpath=descendant-or-self::a | ancestor::a | ancestor::tr//a').first();
  await link.click();
  const total = Number((await at.total(page).innerText()).replaceAll(/\D/g, ''));
  assert.equal(total, counted);
  assert.ok(await at.rows(page).count() > 0);
  await context.close();
});

test('the second of two people who edit a record is told and shows both versions', async () => {
  const [first, second] = await Promise.all([visitor(browser), visitor(browser)]);
  await signIn(first.page, 'handler');
  await signIn(second.page, 'handler');
  await first.page.goto(places.register('complaint'));
  await at.rows(first.page).first().locator('a').first().click();
  const edit = `${first.page.url().split('?')[0]}/edit`;
  await first.page.goto(edit);
  await second.page.goto(edit);
  for (const { page, subject } of [{ ...first, subject: '先改的事项' }, { ...second, subject: '后改的事项' }]) {
    const form = page.locator('form:has([name="subject"])').first();
    await fill(form, 'subject', subject);
    await form.locator('button[type="submit"]').click();
    await page.waitForLoadState();
  }
  const text = await second.page.locator('main').innerText();
  assert.match(text, /先改的事项/);
  assert.equal(await second.page.locator('[name="subject"]').inputValue(), '后改的事项', 'what was typed is not lost');
  await first.context.close();
  await second.context.close();
});
