import type { Publication } from '@pinless-gate/issuer-console/domain/list-publication';
import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newVendor, type SignedIn, signedIn } from '../unit/issuer-console/accounts.ts';
import { ask } from '../unit/issuer-console/browsing.ts';
import { eventOf, imported } from '../unit/issuer-console/events.ts';
import {
  GATE_A,
  startConsole,
  type TestConsole,
  TestGate,
} from '../unit/issuer-console/fixture.ts';
import {
  FakeBuilder,
  fingerprintOf,
  planOf,
  publishingOf,
} from '../unit/issuer-console/publishing.ts';
import { feedOf, purchase } from '../unit/whitelist-builder/fixture.ts';
import { launchBrowser, openPage, overflows, overflowsSpaced, shoot, violations } from './pages.ts';

// A vendor asks for a list, looks at it, lets it go, and sees it come to the gate, without a reload.

const EVENT = 'a'.repeat(32);
const builder = new FakeBuilder();
let started: TestConsole;
let server: Listening;
let browser: Browser;
let seller: SignedIn;

beforeAll(async () => {
  [started, browser] = await Promise.all([
    startConsole({ publishing: publishingOf(builder, planOf(EVENT)) }),
    launchBrowser(),
  ]);
  server = await listen(started.app, '127.0.0.1', 0);
  const vendorId = await newVendor(started.stores, 'tickets');
  seller = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
  const added = await ask(started, seller, 'POST', '/api/v1/events', eventOf(EVENT, vendorId));
  expect(added.status).toBe(201);
  await imported(started, seller, EVENT, feedOf(purchase(1), purchase(2)));
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await started?.close();
});

const said = (page: Page, words: string) => page.getByText(words).first().waitFor();

test('a list is asked for, looked at, published, and seen at the gate', async () => {
  const north = new TestGate(GATE_A, '北ゲート');
  await started.enrol(north);
  north.write({ kind: 'start' });
  await started.upload(north);
  // Above the one that the gate has.
  builder.version = 30;
  const counts = { ...(await builder.build()).counts, before: 100, removed: 7 };
  const row = { purchaseId: 'P-2', line: 2, field: 'holder.serial', reason: 'revoked' };
  builder.next = { counts, findings: [{ kind: 'left-out', ...row }] };
  const address = new URL(`/events/${EVENT}/publications?lang=ja`, server.url);
  const page = await openPage(browser, address, 'phone', { cookie: seller.cookie });
  expect(await violations(page)).toEqual([]);
  expect(await overflows(page)).toBe(false);
  await page.getByRole('button', { name: 'リストを作る' }).click();
  await page.getByRole('button', { name: 'このリストを公開する' }).waitFor();
  // Built while the page was open: everything there is to know of it came, too.
  await said(page, '公開中のリストから 7 枚');
  await said(page, 'P-2');
  await said(page, '前回のリストはありません');
  expect(await violations(page)).toEqual([]);
  expect(await overflows(page)).toBe(false);
  await shoot(page, 'list-review-phone');
  await page.getByRole('button', { name: 'このリストを公開する' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'このリストを公開する' }).click();
  await said(page, '前のリストのまま');
  const [{ list }] = (await published()) as [Publication];
  const { version } = list!;
  north.write({
    kind: 'list',
    detail: 'applied',
    list: { version, fingerprint: fingerprintOf(version) },
  });
  await started.upload(north, north.entries.slice(1));
  // The page is told, and was not loaded again.
  await page.locator('#list-gates').getByText('到達', { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'list-gates-phone');
  expect(await overflowsSpaced(page)).toBe(false);
});

async function published(): Promise<Publication[]> {
  const event = (await started.stores.events.find(Scope.everything, EVENT))!;
  return started.stores.publications.list(event, 1);
}
