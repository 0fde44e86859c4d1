// An office clerk: takes the annual summary home as DOCX, uploads a sheet with faults, changes the language.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { at, openBrowser, places, signIn, visitor } from '../lib/screen.mjs';
import { readEntry, writeWorkbook } from '../lib/zip.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

test('the DOCX of the annual summary holds the figure that the page shows', async () => {
  const { context, page, troubles } = await visitor(browser);
  await signIn(page, 'clerk');
  await page.goto(places.report('annual', 2020));
  const shown = (await page.locator('article.document a.figure[data-figure="complaints_total"]').first().innerText()).trim();
  assert.match(shown, /\d/);
  assert.match(await page.locator('article.document').innerText(), /模拟数据/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[href*="docx"]').first().click()]);
  const text = readEntry(await readFile(await download.path()), 'word/document.xml').replaceAll(/<[^>]+>/g, '');
  assert.ok(text.includes(shown), `“${shown}” is not in the DOCX`);
  assert.deepEqual(troubles, []);
  await context.close();
});

test('a faulty Excel file is refused whole, each fault named by its cell', async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, 'clerk');
  await page.goto(places.register('complaint'));
  const before = await at.total(page).innerText();
  const sheet = writeWorkbook([
    ['received_at', 'source', 'category', 'kind', 'subject', 'content'],
    ['2020-03-01 09:00', 'visit', 'noise', 'equipment', '风机噪声', '楼顶风机昼夜运行'],
    ['二月三十日', 'visit', 'noise', 'equipment', '日期不对', '受理时间写错'],
    ['2020-03-02 09:00', 'visit', '太吵', 'equipment', '类别不对', '类别不在清单里'],
  ]);
  await page.goto(places.importInto('complaint'));
  await page.locator('input[type="file"]').setInputFiles({
    name: '投诉.xlsx', mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', buffer: sheet,
  });
  await page.locator('form:has(input[type="file"]) button[type="submit"]').first().click();
  await at.faults(page).first().waitFor();
  const faults = await at.faults(page).allInnerTexts();
  assert.ok(faults.some((text) => /3/.test(text) && text.includes('二月三十日')), faults.join('\n'));
  assert.ok(faults.some((text) => /4/.test(text) && text.includes('太吵')), faults.join('\n'));
  await page.goto(places.register('complaint'));
  assert.equal(await at.total(page).innerText(), before, 'the good row did not slip in either');
  await context.close();
});

test('a truncated Excel file ends in a message, not in an error page', async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, 'clerk');
  await page.goto(places.importInto('complaint'));
  const whole = writeWorkbook([['subject'], ['半个文件']]);
  await page.locator('input[type="file"]').setInputFiles({
    name: '半个.xlsx', mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', buffer: whole.subarray(0, whole.length / 2),
  });
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === 'POST'),
    page.locator('form:has(input[type="file"]) button[type="submit"]').first().click(),
  ]);
  assert.ok(answer.status() < 500, `status ${answer.status()}`);
  assert.ok((await page.locator('main').innerText()).trim().length > 0);
  await context.close();
});

test('the language is changed and stays changed', async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, 'clerk');
  await page.goto(places.home);
  assert.match(await page.locator('html').getAttribute('lang'), /^zh/);
  await page.locator('[data-testid="language-en"]').click();
  await page.goto(places.register('complaint'));
  assert.match(await page.locator('html').getAttribute('lang'), /^en/);
  assert.match(await page.locator('h1').first().innerText(), /Environmental complaints/);
  await context.close();
});
