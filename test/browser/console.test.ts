import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import { encodeJournalUpload } from '@pinless-gate/protocol/fleet';
import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BUSY_MS } from '../busy.ts';
import {
  GATE_A,
  GATE_B,
  manifestOf,
  NOW,
  publish,
  startConsole,
  type TestConsole,
  TestGate,
} from '../unit/issuer-console/fixture.ts';
import {
  launchBrowser,
  openPage,
  overflows,
  overflowsSpaced,
  SIZES,
  type Size,
  shoot,
  violations,
} from './pages.ts';

let started: TestConsole;
let server: Listening;
let browser: Browser;
let north: TestGate;
let south: TestGate;

beforeAll(async () => {
  [started, browser] = await Promise.all([startConsole(), launchBrowser()]);
  server = await listen(started.app, '127.0.0.1', 0);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await started?.close();
});

beforeEach(async () => {
  await started.clear();
  started.now = NOW;
  await publish(started.bundles);
  north = new TestGate(GATE_A, '北ゲート 1');
  south = new TestGate(GATE_B, '南ゲート 2');
  await started.enrol(north);
  await started.enrol(south);
});

/** An evening under way: admissions, every refusal there is, two gates. */
async function evening(): Promise<void> {
  for (let i = 0; i < 30; i++) north.admit({ at: NOW - 5000 * i - 500_000, code: `K7-${10 + i}` });
  for (const [i, reason] of REFUSAL_REASONS.entries()) {
    const steps = { total: 180_000 + 31_000 * i };
    south.refuse(reason, { at: NOW - 9000 * i, code: `M${2 + (i % 7)}-${40 + i}`, steps });
    south.admit({ at: NOW - 9000 * i - 4000, code: `P4-${10 + i}`, steps });
  }
  north.act({ act: 'override', code: 'K7-42', at: NOW - 3000 });
  north.act({ act: 'mode', detail: 'exit-only', at: NOW - 2000 });
  await started.upload(north);
  await started.upload(south);
}

const open = (size: Size, path: string, more = {}): Promise<Page> =>
  openPage(browser, new URL(path, server.url), size, { cookie: started.cookie, ...more });

describe.each(Object.keys(SIZES) as Size[])('the overview, %s', (size) => {
  test.each(['ja', 'en'])('in an evening under way, %s', async (language) => {
    await evening();
    const page = await open(size, `/?lang=${language}`);
    await page.locator('#live[data-state="live"]').waitFor();
    expect(await page.locator('#taps tbody tr').count()).toBe(50);
    expect(await overflows(page)).toBe(false);
    expect(await violations(page)).toEqual([]);
    await shoot(page, `overview-${size}-${language}`);
    expect(await overflowsSpaced(page)).toBe(false);
    await page.context().close();
  });

  test.each(['ja', 'en'])('with every alarm, %s', async (language) => {
    north.admit();
    await started.upload(north);
    const forked = new TestGate(north.gate.id, '');
    forked.refuse();
    await started.app.request('/api/journal', north.uploadBody(forkedUpload(forked)));
    south.admit();
    south.write({ kind: 'fault', detail: 'ERR_PRINTER_PAPER_OUT' });
    await started.upload(south);
    await publish(started.bundles, manifestOf({ expiresAt: NOW / 1000 + 60 }));
    started.now = NOW + 17 * 60_000;
    const page = await open(size, `/?lang=${language}`);
    await page.locator('#live[data-state="live"]').waitFor();
    expect(await page.locator('.alarm').count()).toBe(5);
    expect(await page.getByRole('status').textContent()).toContain('5');
    expect(await overflows(page)).toBe(false);
    expect(await violations(page)).toEqual([]);
    await shoot(page, `alarms-${size}-${language}`);
    expect(await overflowsSpaced(page)).toBe(false);
    await page.context().close();
  });

  test('before anything happened', async () => {
    await publish(started.bundles, manifestOf({ notBefore: NOW / 1000 + 3600 }));
    const page = await open(size, '/?lang=ja');
    expect(await page.locator('#gates tbody tr').count()).toBe(2);
    expect(await page.locator('#taps .quiet').count()).toBe(1);
    expect(await violations(page)).toEqual([]);
    await shoot(page, `empty-${size}`);
    await page.context().close();
  });
});

describe('the overview, live', () => {
  test('a tap shows without a reload', async () => {
    const page = await open('desktop', '/?lang=en');
    const live = page.locator('#live[data-state="live"]');
    await live.waitFor();
    const loaded = await page.evaluate('performance.timeOrigin');
    north.refuse('wrong-gate', { code: 'Z9-99' });
    const uploadedAt = performance.now();
    await started.upload(north);
    await page.getByText('Z9-99').waitFor();
    expect(performance.now() - uploadedAt).toBeLessThan(2000 + BUSY_MS);
    expect(await page.locator('#taps').textContent()).toContain('Ticket is for another gate');
    expect(await page.locator('.counts').textContent()).toContain('1 tap');
    expect(await page.evaluate('performance.timeOrigin')).toBe(loaded);
    await page.context().close();
  });

  test('a new list shows without a reload', async () => {
    const page = await open('desktop', '/?lang=en');
    await page.getByText('v14').waitFor();
    await publish(started.bundles, manifestOf({ version: 15 }));
    await page.getByText('v15').waitFor();
    await page.context().close();
  });

  test('what a gate writes is text, live as well', async () => {
    const page = await open('desktop', '/?lang=en');
    await page.locator('#live[data-state="live"]').waitFor();
    north.refuse('<img src=x onerror=document.title=1>', { code: '<b>bold</b>' });
    await started.upload(north);
    await page.getByText('<b>bold</b>').waitFor();
    expect(await page.locator('#taps img, #taps b').count()).toBe(0);
    expect(await page.title()).not.toBe('1');
    await page.context().close();
  });

  test('without JavaScript the page is complete and says that it stands still', async () => {
    await evening();
    const page = await open('phone', '/?lang=en', { javaScriptEnabled: false });
    expect(await page.locator('#taps tbody tr').count()).toBe(50);
    expect(await page.getByText('Not live').isVisible()).toBe(true);
    await page.context().close();
  });

  test('nothing is asked of another host, and the policy blocks nothing of ours', async () => {
    const context = await browser.newContext({ viewport: SIZES.desktop, locale: 'ja-JP' });
    const [name, value] = started.cookie.split('=') as [string, string];
    await context.addCookies([{ name, value, url: server.url }]);
    const page = await context.newPage();
    const hosts = new Set<string>();
    const complaints: string[] = [];
    page.on('request', (request) => void hosts.add(new URL(request.url()).host));
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.goto(server.url);
    await page.locator('#live[data-state="live"]').waitFor();
    expect(
      await page.evaluate(
        'document.fonts.ready.then(() => document.fonts.check("16px Noto Sans JP Variable", "入場"))',
      ),
    ).toBe(true);
    expect([...hosts]).toEqual([new URL(server.url).host]);
    expect(complaints).toEqual([]);
    expect((await context.cookies()).map((cookie) => cookie.name)).toEqual(['session']);
    expect(await page.locator('html').getAttribute('lang')).toBe('ja');
    await context.close();
  });

  test('the language is chosen by keyboard alone', async () => {
    const page = await open('desktop', '/?lang=ja');
    await page.getByRole('link', { name: 'English' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('html[lang="en"]').waitFor();
    await page.context().close();
  });

  test('it reads at 200 % and in one column of 320 pixels', async () => {
    await evening();
    const page = await open('phone', '/?lang=en');
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await overflows(page)).toBe(false);
    await page.context().close();
  });
});

/** The octets of an upload, for another to sign. */
function forkedUpload(forked: TestGate): Uint8Array {
  return encodeJournalUpload({ gateId: forked.id, entries: forked.entries });
}
