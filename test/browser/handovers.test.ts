import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imported } from '../unit/issuer-console/events.ts';
import { TestShop } from '../unit/issuer-console/selling.ts';
import { TestCard } from '../unit/issuer-console/visiting.ts';
import { feedOf, newCa, purchase } from '../unit/whitelist-builder/fixture.ts';
import { launchBrowser, openPage, overflows, type Size, shoot, violations } from './pages.ts';

let shop: TestShop;
let server: Listening;
let browser: Browser;
let eventId: string;
let path: string;
const WAIT = { timeout: 60_000 };

beforeAll(async () => {
  [shop, browser] = await Promise.all([TestShop.open(), launchBrowser()]);
  server = await listen(shop.started.app, '127.0.0.1', 0);
  eventId = await shop.newEvent();
  const tickets = [1, 2, 3].map((n) => ({
    ticketNo: `T-1-${n}`,
    seat: { gate: 'B', block: '112', row: '7', number: String(14 + n) },
  }));
  const rows = feedOf(purchase(1, { tickets }), purchase(2));
  await imported(shop.started, shop.seller, eventId, rows);
  path = `/events/${eventId}/purchases/P-1`;
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await shop?.started.close();
});

const open = (to: string, size: Size = 'desktop', more: object = {}) =>
  openPage(browser, new URL(to, server.url), size, more);

async function sound(page: Page, name: string): Promise<void> {
  expect([name, await violations(page)]).toEqual([name, []]);
  expect([name, await overflows(page)]).toEqual([name, false]);
  await shoot(page, `handovers-${name}`);
}

test('a companion is invited, opens the link, and is there once the card was presented', async () => {
  const cookie = shop.seller.cookie;
  const vendor = await open(`${path}?lang=en`, 'phone', { cookie });
  await sound(vendor, 'purchase-phone-en');
  await vendor.getByText('What can be done').first().click();
  await vendor.getByRole('button', { name: 'Invite a companion' }).first().click();
  const [code, link] = await vendor.locator('.secret').allTextContents();
  expect(vendor.url()).not.toContain(code);
  await sound(vendor, 'code-phone-en');

  const guest = await open(link!, 'phone', { locale: 'ja' });
  // What stood behind the # is in the field, and in the address no more.
  expect(await guest.getByLabel('コード').inputValue()).toBe(code);
  expect(guest.url()).not.toContain(code);
  await guest.getByRole('button', { name: '表示する' }).click();
  await guest.getByText('同行者として招待されています').waitFor();
  await sound(guest, 'join-phone-ja');
  const card = await TestCard.issue(await newCa(), '0705d990');
  expect((await shop.present(code!, card))[0]).toBe(200);
  await guest.getByRole('button', { name: 'もう一度確認する' }).click();
  await guest.getByRole('status').filter({ hasText: '登録しました' }).waitFor(WAIT);
  await sound(guest, 'done-phone-ja');
  await guest.context().close();

  await vendor.goto(new URL(`${path}?lang=en`, server.url).href);
  await vendor.getByText('on a card of its own').waitFor();
  await vendor.context().close();
});

test('the representative acts with a code, without JavaScript', async () => {
  const cookie = shop.seller.cookie;
  const vendor = await open(`${path}?lang=ja`, 'desktop', { cookie });
  await vendor.getByRole('button', { name: '代表者のコード' }).click();
  const code = await vendor.locator('.secret').first().textContent();
  await vendor.context().close();

  const page = await open('/party?lang=en', 'phone', { javaScriptEnabled: false });
  await page.getByLabel('Code').fill('AAAA-AAAA-AAAA-AAAA-AAAA-AAAA');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await page.getByRole('alert').textContent()).toContain('cannot be used');
  await page.getByLabel('Code').fill(code!.toLowerCase());
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('button', { name: 'Invite a companion' }).first().click();
  expect(await page.locator('.notice .secret').textContent()).toMatch(/^[0-9A-Z-]{29}$/);
  await page.getByRole('button', { name: 'Withdraw' }).click();
  await page.getByRole('button', { name: 'Put back on the card of the purchase' }).click();
  await page.getByRole('button', { name: 'Invite a companion' }).nth(2).waitFor();
  await page.context().close();
  const seen = await open('/party?lang=ja', 'phone');
  await seen.getByLabel('コード').fill(code!);
  await seen.getByRole('button', { name: '表示する' }).click();
  await sound(seen, 'party-phone-ja');
  await seen.context().close();
});

test('a seat is resold, and its page tells how far that has come', async () => {
  const cookie = shop.seller.cookie;
  const page = await open(`${path}?lang=en`, 'desktop', { cookie });
  await page.getByText('What can be done').first().click();
  await page.getByLabel('Number of the buyer').first().fill('P-404');
  await page.getByRole('button', { name: 'Resell' }).first().click();
  expect(await page.getByRole('alert').textContent()).toContain('no such purchase');
  await page.getByText('What can be done').first().click();
  await page.getByLabel('Number of the buyer').first().fill('P-2');
  await page.getByRole('button', { name: 'Resell' }).first().click();
  await page.getByRole('heading', { name: 'Resale' }).waitFor();
  await page.getByText('The new card is put in').waitFor();
  await page.getByText('Lists of this event are not built here').waitFor();
  await sound(page, 'handover-desktop-en');
  await page.goto(new URL(`/events/${eventId}/handovers?lang=en`, server.url).href);
  await page.getByLabel('Give tickets away').selectOption('yes');
  await page.getByRole('button', { name: 'Save' }).click();
  await sound(page, 'event-desktop-en');
  expect(await page.getByLabel('Give tickets away').inputValue()).toBe('yes');
  await page.context().close();
});
