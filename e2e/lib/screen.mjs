// Where things are on the pages: the only file that knows addresses and selectors.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Browser} Browser */
/** @typedef {import('playwright-core').Locator} Locator */
/** @typedef {string | number} Year */

export const base = process.env.BILAN_TEST_URL;

export const places = {
  signIn: '/sign-in',
  home: '/',
  /** @type {(key: string) => string} */
  register: (key) => `/records/${key}`,
  /** @type {(key: string, number: string) => string} */
  record: (key, number) => `/records/${key}/${encodeURIComponent(number)}`,
  /** @type {(key: string) => string} */
  newRecord: (key) => `/records/${key}/new`,
  /** @type {(key: string) => string} */
  importInto: (key) => `/records/${key}/import`,
  /** @type {(year: Year) => string} */
  figures: (year) => `/figures?year=${year}`,
  /** @type {(key: string, year: Year) => string} */
  report: (key, year) => `/reports/${key}?year=${year}`,
};

/** Accounts of the demo district, by role. One password for all, as the demo prints it when it starts. */
export const password = process.env.BILAN_TEST_E2E_PASSWORD ?? 'bilan-demo';
export const account = (/** @type {string} */ role) => process.env[`BILAN_TEST_E2E_${role.toUpperCase()}`] ?? role;

export const at = {
  /** @type {(page: Page, key: string) => Locator} */
  figureValue: (page, key) => page.locator(`[data-figure="${key}"]`).first(),
  /** @type {(page: Page) => Locator} */
  state: (page) => page.locator('[data-testid="record-state"]'),
  /** @type {(page: Page, step: string) => Locator} */
  stepForm: (page, step) => page.locator(`form[data-step="${step}"]`),
  /** @type {(page: Page) => Locator} */
  rows: (page) => page.locator('[data-testid="record-row"]'),
  /** @type {(page: Page) => Locator} */
  total: (page) => page.locator('[data-testid="record-total"]'),
  /** @type {(page: Page) => Locator} */
  faults: (page) => page.locator('[data-testid="import-fault"]'),
  /** @type {(page: Page) => Locator} */
  notice: (page) => page.locator('[data-testid="simulated-notice"]').first(),
};

/** A browser for one file of walks. Every page error and every blocked script fails the walk that caused it. */
export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--headless=new'] });
}

/**
 * A fresh visitor. `troubles` collects what went wrong in the page while nobody looked.
 * @param {Browser} browser
 * @param {import('playwright-core').BrowserContextOptions} options
 */
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ baseURL: base, locale: 'zh-CN', acceptDownloads: true, ...options });
  const page = await context.newPage();
  /** @type {string[]} */
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) troubles.push(message.text());
  });
  return { context, page, troubles };
}

/** @param {Page} page @param {string} role */
export async function signIn(page, role) {
  await page.goto(places.signIn);
  await page.locator('input[name="name"]').fill(account(role));
  await page.locator('input[name="password"]').fill(password);
  await page.locator('form:has(input[name="password"]) button[type="submit"]').click();
  await page.waitForURL((url) => url.pathname !== places.signIn);
}

/**
 * Fill one field of a form, whatever kind of control it has.
 * @param {Locator} form @param {string} name @param {string} value
 */
export async function fill(form, name, value) {
  const control = form.locator(`[name="${name}"]`).first();
  await control.waitFor();
  const kind = await control.evaluate((element) => `${element.tagName} ${element.getAttribute('type') ?? ''}`.toLowerCase());
  if (kind.startsWith('select')) await control.selectOption(value);
  else if (kind.endsWith(' radio') || kind.endsWith(' checkbox')) await form.locator(`[name="${name}"][value="${value}"]`).check();
  else await control.fill(value);
}

/**
 * Take a step of a record's workflow and wait until the page says the new state.
 * @param {Page} page @param {string} step @param {Record<string, string>} values @param {string} state
 */
export async function takeStep(page, step, values, state) {
  const form = at.stepForm(page, step);
  const summary = page.locator(`details:has(form[data-step="${step}"]) > summary`);
  if (await summary.count() && !(await form.isVisible())) await summary.first().click();
  for (const [name, value] of Object.entries(values)) await fill(form, name, value);
  await form.locator('button[type="submit"]').click();
  await at.state(page).filter({ hasText: state }).waitFor();
}

/**
 * The number in a figure's text: `393起` is 393.
 * @param {Page} page @param {string} key @param {Year} year
 */
export async function figureNumber(page, key, year) {
  await page.goto(places.figures(year));
  const text = await at.figureValue(page, key).innerText();
  const digits = text.replaceAll(',', '').match(/-?\d+(\.\d+)?/);
  assert.ok(digits, `figure ${key} shows “${text}”`);
  return Number(digits[0]);
}
