import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SALE_AT, TestShop } from '../unit/issuer-console/selling.ts';
import { TestCard } from '../unit/issuer-console/visiting.ts';
import { newCa } from '../unit/whitelist-builder/fixture.ts';
import { launchBrowser, openPage, overflows, type Size, shoot, violations } from './pages.ts';

let shop: TestShop;
let server: Listening;
let browser: Browser;
let card: TestCard;
let eventId: string;
const WAIT = { timeout: 60_000 };

beforeAll(async () => {
  [shop, browser] = await Promise.all([TestShop.open(), launchBrowser()]);
  server = await listen(shop.started.app, '127.0.0.1', 0);
  card = await TestCard.issue(await newCa(), '0705d990');
  eventId = await shop.newEvent();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await shop?.started.close();
});

const open = (path: string, size: Size = 'desktop', more: object = {}) =>
  openPage(browser, new URL(path, server.url), size, more);

async function sound(page: Page, name: string): Promise<void> {
  expect([name, await violations(page)]).toEqual([name, []]);
  expect([name, await overflows(page)]).toEqual([name, false]);
  await shoot(page, `shop-${name}`);
}

describe('tickets, sold and bought', () => {
  test('a vendor offers them without JavaScript', async () => {
    const cookie = shop.seller.cookie;
    const page = await open(`/events/${eventId}/sales?lang=en`, 'phone', {
      cookie,
      javaScriptEnabled: false,
    });
    const add = page.getByRole('button', { name: 'Offer tickets' });
    await page.getByLabel('Category').fill('adult');
    await page.getByLabel('Price in yen').fill('8,000');
    await page.getByLabel('On sale from').fill(new Date(SALE_AT - 1000).toISOString());
    await page.getByLabel('On sale until').fill('2026-12-20T10:00:00+09:00');
    await page.getByLabel('Seats', { exact: true }).fill('Z,112,7,1,20');
    await add.click();
    expect(await page.getByRole('alert').textContent()).toContain('Check the offer');
    await page.goto(new URL(`/events/${eventId}/sales?lang=en`, server.url).href);
    await page.getByLabel('Category').fill('adult');
    await page.getByLabel('Price in yen').fill('8,000');
    await page.getByLabel('On sale from').fill(new Date(SALE_AT - 1000).toISOString());
    await page.getByLabel('On sale until').fill('2026-12-20T10:00:00+09:00');
    await page.getByLabel('Seats', { exact: true }).fill('B,112,7,1,20\nB,,,,30');
    await add.click();
    await page.getByText('50 of 50 left').waitFor();
    await page.context().close();
  });

  test('a buyer applies, links a card, pays and asks about the card', async () => {
    const page = await open(`/apply/${eventId}?lang=en`, 'phone');
    await sound(page, 'apply-phone-en');
    await page.getByLabel('How many of adult').selectOption('2');
    await page.getByRole('button', { name: 'Hold the seats' }).click();
    const code = (await page.locator('.notice .secret').textContent())!;
    expect(page.url()).not.toContain(code);
    await sound(page, 'open-phone-en');
    expect((await shop.present(code, card))[0]).toBe(200);
    // The page follows by itself.
    await page.getByRole('status').filter({ hasText: 'Waiting for payment' }).waitFor(WAIT);
    await sound(page, 'pending-phone-en');
    await page.getByRole('button', { name: '日本語' }).click();
    await page.getByRole('button', { name: '払込票を印刷する' }).click();
    await page.locator('.barcode svg').waitFor();
    await sound(page, 'slip-phone-ja');
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('navigation').count()).toBe(0);
    await shoot(page, 'shop-slip-print-ja');
    await page.emulateMedia({ media: 'screen' });

    const seller = await open(`/events/${eventId}/sales?lang=en`, 'desktop', {
      cookie: shop.seller.cookie,
    });
    await sound(seller, 'sales-desktop-en');
    await seller.getByRole('button', { name: 'Mark as paid' }).click();
    await seller.getByText('Paid', { exact: false }).first().waitFor();
    await seller.context().close();

    const bare = await open('/apply/standing?lang=ja', 'desktop', { javaScriptEnabled: false });
    await bare.getByLabel('コード').fill('AAAA');
    await bare.getByRole('button', { name: 'お申し込みを見る' }).click();
    expect(await bare.getByRole('alert').textContent()).toContain('使えません');
    await bare.getByLabel('コード').fill(code.toLowerCase());
    await bare.getByRole('button', { name: 'お申し込みを見る' }).click();
    await bare.getByRole('heading', { name: 'お申し込み完了のお知らせ' }).waitFor();
    const checkCode = (await bare.locator('.secret').textContent())!;
    await bare.getByRole('link', { name: 'このカードで入場できますか' }).click();
    await bare.getByLabel('コード').fill(checkCode);
    await bare.getByRole('button', { name: '確かめる' }).click();
    expect((await shop.present(checkCode, card))[0]).toBe(200);
    await bare.getByRole('button', { name: '最新の状況を見る' }).click();
    await bare.getByRole('status').filter({ hasText: '入場者リストにこれから載ります' }).waitFor();
    await bare.context().close();

    await page.goto(new URL('/apply/standing?lang=ja', server.url).href);
    await page.getByLabel('コード').fill(code);
    await page.getByRole('button', { name: 'お申し込みを見る' }).click();
    await sound(page, 'paid-phone-ja');
    await page.goto(new URL('/check?lang=ja', server.url).href);
    await page.getByLabel('コード').fill(checkCode);
    await page.getByRole('button', { name: '確かめる' }).click();
    await page.getByRole('status').waitFor();
    await sound(page, 'checked-phone-ja');
    await page.context().close();
  });

  test('whoever looks into payments and evidence', async () => {
    const cookie = shop.started.cookie;
    const page = await open('/payments?lang=en', 'phone', { cookie });
    await page.getByRole('button', { name: 'Give the next secret' }).click();
    expect(await page.locator('.secret').textContent()).toMatch(/^[0-9a-f]{64}$/);
    await page.getByRole('link', { name: 'I have noted it' }).click();
    await sound(page, 'payments-phone-en');
    await page.getByRole('link', { name: 'Evidence of purchases and handovers' }).click();
    const [last] = await shop.started.stores.applications.list(await shop.event(eventId), 1);
    await page.getByLabel('Number of the evidence').fill(last!.evidenceId!);
    await page.getByRole('button', { name: 'Open and verify' }).click();
    await page.getByRole('status').filter({ hasText: 'The signature holds' }).waitFor();
    await sound(page, 'evidence-phone-en');
    await page.context().close();
  });
});
