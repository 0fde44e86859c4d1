// The duty officer looks at the district as it is now: map, cell, stations, warnings, big screen. No devices report in the walks: all are silent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, signIn, visitor } from '../lib/screen.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

test('the map leads from the district down to a cell, and the address can be sent on', async () => {
  const { context, page, troubles } = await visitor(browser, { viewport: { width: 1440, height: 900 } });
  await signIn(page, 'duty');
  await page.goto('/map');
  assert.ok(await page.locator('input[name="layer"][value="station"]').isChecked());
  await page.goto('/map?cell=430103005&layer=enterprise&show=all');
  const panel = page.locator('[data-map-panel]');
  await panel.getByText('责任岗位').waitFor();
  // Until the map is there, the same link leads to the cell's own page.
  await page.locator('[data-island="map"][data-loaded="yes"]').waitFor();
  await panel.locator('.panel-cells a[data-cell]').first().click();
  await page.waitForURL(/cell=430103005\d+/);
  assert.match(page.url(), /layer=enterprise/);
  assert.deepEqual(troubles, []);
  await context.close();
});

test('what the map shows is there as a list too, without script', async () => {
  const { context, page } = await visitor(browser, { javaScriptEnabled: false });
  await signIn(page, 'duty');
  await page.goto('/map?layer=station');
  await page.locator('button[data-without-script]').click();
  await page.waitForURL(/\/map\/list/);
  assert.ok((await page.locator('table tbody tr').count()) > 20);
  await page.goto('/map/cells/430103');
  assert.match(await page.locator('main').innerText(), /坡子街街道/);
  await context.close();
});

test('a silent station is red in the list and says on its page since when', async () => {
  const { context, page, troubles } = await visitor(browser);
  await signIn(page, 'duty');
  await page.goto('/stations?kind=air');
  const rows = page.locator('[data-testid="station-row"]');
  assert.ok((await rows.count()) >= 5);
  assert.match(await rows.first().innerText(), /离线/);
  await rows.first().locator('a').first().click();
  await page.waitForURL(/\/stations\/.+/);
  assert.match(await page.locator('main').innerText(), /站点离线/);
  await page.locator('[data-line="up"]').waitFor();
  assert.deepEqual(troubles, []);
  await context.close();
});

for (const { size, viewport } of [{ size: 'a phone', viewport: { width: 390, height: 844 } }, { size: 'a wall', viewport: { width: 1920, height: 1080 } }]) {
  test(`live pages fit ${size}`, async () => {
    const { context, page, troubles } = await visitor(browser, { viewport });
    await signIn(page, 'duty');
    for (const place of ['/map', '/map/screen', '/stations', '/warnings', '/devices', '/power', '/history', '/notices', '/air', '/air/day', '/air/ranking', '/air/periods', '/water', '/noise']) {
      const answer = await page.goto(place);
      assert.equal(answer.status(), 200, place);
      // What does not renew itself has no lamp.
      if (await page.locator('[data-line]').count()) await page.locator('[data-line="up"]').first().waitFor();
      assert.match(await page.locator('body').innerText(), /模拟数据/, place);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${place} is ${overflow} px too wide`);
    }
    assert.deepEqual(troubles, []);
    await context.close();
  });
}

test('an order to a device that is not on the line ends with its reason', async () => {
  const { context, page, troubles } = await visitor(browser);
  await signIn(page, 'duty');
  await page.goto('/stations?kind=water');
  await page.locator('[data-testid="station-row"] a').first().click();
  await page.getByRole('link', { name: '下发指令' }).click();
  await page.waitForURL(/device_command\/new/);
  assert.notEqual(await page.locator('[name="asked_at"]').inputValue(), '', 'the time is filled in');
  await page.locator('[name="command"]').selectOption('get_time');
  await page.locator('[name="purpose"]').fill('核对设备时钟');
  await page.locator('form:has([name="purpose"]) button[type="submit"]').first().click();
  await page.waitForURL(/device_command\/FK\d+/);
  for (let turn = 0; turn < 20 && !/设备不在线/.test(await page.locator('main').innerText()); turn += 1) {
    await page.waitForTimeout(500);
    await page.reload();
  }
  assert.match(await page.locator('main').innerText(), /未执行[\s\S]*设备不在线，恢复上报后再下发/);
  assert.deepEqual(troubles, []);
  await context.close();
});
