import type { EventBundle, PublishedList } from '@pinless-gate/issuer-console/domain/publication';
import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import { encodeManifest, passportOf, sha256 } from '@pinless-gate/protocol/bundle';
import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newVendor, type SignedIn, signedIn } from '../unit/issuer-console/accounts.ts';
import { ask } from '../unit/issuer-console/browsing.ts';
import {
  jpkiCvc,
  jpkiRequest,
  rsaParty,
  TestCeremony,
} from '../unit/issuer-console/ceremony-files.ts';
import { EVENT, enrolledGate, invite } from '../unit/issuer-console/enrolling.ts';
import { eventOf, imported } from '../unit/issuer-console/events.ts';
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
import { FakeBuilder, planOf, publishingOf } from '../unit/issuer-console/publishing.ts';
import { purchase } from '../unit/whitelist-builder/fixture.ts';
import { launchBrowser, overflows, shoot, violations } from './pages.ts';

/**
 * Every page that the console has, with something on it: a new one is walked because it is a route. One with an id in its
 * path is found by the links of the others; the test fails where none leads there.
 */

let started: TestConsole;
let server: Listening;
let browser: Browser;
let admin: SignedIn;

beforeAll(async () => {
  [started, browser] = await Promise.all([
    startConsole({
      publishing: publishingOf(new FakeBuilder(), planOf(EVENT)),
      eventBundles: ['春の音楽祭', '夏の音楽祭'].map(furtherEvent),
    }),
    launchBrowser(),
  ]);
  server = await listen(started.app, '127.0.0.1', 0);
  admin = await signedIn(started.stores, { name: 'walker', role: 'issuer-admin' });
  await furnish();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await started?.close();
});

/** One whose list is old, and one without a list. */
function furtherEvent(name: string, i: number): EventBundle {
  const issuedAt = NOW / 1000 - 30 * 3600;
  const manifest = manifestOf({ issuedAt, notBefore: issuedAt, version: 3 });
  const passport = passportOf(manifest, sha256(encodeManifest(manifest)));
  const list: PublishedList =
    i === 0 ? { state: 'published', manifest, passport } : { state: 'missing' };
  const latest = { newest: async () => undefined, wait: async () => false, close: () => {} };
  const files = { open: async () => undefined, list: async () => list, latest };
  return { eventId: String(i + 1).repeat(32), name, files };
}

async function furnish(): Promise<void> {
  await publish(started.bundles);
  await evening();
  const vendorId = await newVendor(started.stores, '音楽祭実行委員会');
  await ask(started, admin, 'POST', '/api/v1/events', eventOf(EVENT, vendorId));
  const rows = [purchase(1), purchase(2), purchase(3), { wrong: true }];
  const body = rows.map((row) => JSON.stringify(row)).join('\n');
  await imported(started, admin, EVENT, body);
  const hook = { vendorId, url: 'https://shop.example.jp/hook', types: ['purchase.paid'] };
  await ask(started, admin, 'POST', '/api/v1/webhooks', hook);
  await ask(started, admin, 'POST', `/api/v1/events/${EVENT}/publications`, {});
  await started.app.desks.conductor.idle();
  const { file } = await enrolledGate(started);
  await invite(started, { name: '東ゲート' });
  const ca = rsaParty('9900001');
  const institution = rsaParty('9910001');
  const files = [
    [jpkiRequest(institution, institution.privateKey)],
    [jpkiCvc(ca, institution)],
    [new TestCeremony().step('done').step('failed', '00112233445566bb').octets],
    [Buffer.from(file.content, 'base64')],
  ];
  for (const some of files) {
    const given = some.map((octets) => ({
      name: 'file',
      content: Buffer.from(octets).toString('base64'),
    }));
    const response = await ask(started, admin, 'POST', '/api/v1/keys/files', { files: given });
    expect(response.status).toBe(200);
  }
}

/** Admissions and every refusal there is, at two gates. */
async function evening(): Promise<void> {
  const north = new TestGate(GATE_A, '北ゲート 1');
  const south = new TestGate(GATE_B, '南ゲート 2');
  for (const gate of [north, south]) await started.enrol(gate);
  for (let i = 90; i > 0; i--) {
    north.admit({ at: NOW - 60_000 * i, steps: { total: 300_000 + 5000 * (i % 30) } });
  }
  for (const [i, reason] of REFUSAL_REASONS.entries()) {
    south.refuse(reason, { at: NOW - 90_000 * (46 - i), steps: { total: 180_000 + 9000 * i } });
    if (i % 3 === 0) south.admit({ at: NOW - 90_000 * (46 - i) });
  }
  for (const gate of [north, south]) await started.upload(gate);
}

/** Pages that are not walked, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '/gates/:id/gate-key': 'a file to be saved',
  '/sign-in': 'leads on whoever is signed in: accounts.test.ts',
  '/sign-in/code': 'before the second factor: accounts.test.ts',
  '/apply/:id': 'for visitors, once there are offers: shop.test.ts',
  '/apply/slip': 'for visitors with a code: shop.test.ts',
  '/handovers/:id': 'handovers.test.ts',
};

/** Routes of pages. */
const patterns = () =>
  started.app.routes
    .filter(({ method, access }) => method === 'GET' && access !== undefined)
    .map(({ path }) => path)
    // Neither what programs ask, nor parts of live pages, nor files to be saved.
    .filter((path) => !/^\/api\/|\/live$|\.[a-z]+$/.test(path))
    .filter((path) => !Object.hasOwn(ELSEWHERE, path));

const matches = (pattern: string, path: string) =>
  new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`).test(path);

async function look(page: Page, path: string, language: string): Promise<string[]> {
  const url = new URL(path, server.url);
  url.searchParams.set('lang', language);
  const response = await page.goto(url.href);
  const found = response?.status() === 200 ? [] : [`status ${response?.status()}`];
  if (await overflows(page)) found.push('is wider than the screen');
  if ((await page.locator('h1').count()) !== 1) found.push('has not one h1');
  if ((await page.locator('main').count()) !== 1) found.push('has no main');
  found.push(...(await violations(page)));
  const { width } = page.viewportSize()!;
  const named = path.replaceAll(/[0-9a-f]{32}/g, 'id').replaceAll(/[/?]/g, '-');
  await shoot(page, `every${named}-${width}`);
  return found.map((what) => `${path} ${language}: ${what}`);
}

const linksOn = (page: Page): Promise<string[]> =>
  page.$$eval('main a[href]', (links) => links.map((link) => (link as unknown as URL).pathname));

/** What is wrong with any of them, and routes that no page leads to. */
async function walk(page: Page, language: string): Promise<string[]> {
  const left = new Set(patterns());
  // The purchases of an event are shown to whoever asks for some.
  const asked = `/events/${EVENT}/purchases?state=paid`;
  const queue = [...[...left].filter((pattern) => !pattern.includes(':')), asked];
  const found: string[] = [];
  for (const path of queue) {
    left.delete([...left].find((pattern) => matches(pattern, path)) ?? '');
    found.push(...(await look(page, path, language)));
    for (const link of await linksOn(page)) {
      const wanted = [...left].find((pattern) => matches(pattern, link));
      if (wanted === undefined) continue;
      left.delete(wanted);
      queue.push(link);
    }
  }
  return [...found, ...[...left].map((pattern) => `${pattern}: no page leads there`)];
}

describe.each([
  ['ja', 'light', { width: 360, height: 780 }],
  ['en', 'dark', { width: 1280, height: 900 }],
] as const)('every page, %s, %s', (language, colorScheme, viewport) => {
  test(`fits and is accessible at ${viewport.width} px`, { timeout: 240_000 }, async () => {
    const context = await browser.newContext({ viewport, colorScheme });
    const [name, value] = admin.cookie.split('=') as [string, string];
    await context.addCookies([{ name, value, url: new URL(server.url).origin }]);
    const page = await context.newPage();
    expect(patterns().length).toBeGreaterThan(12);
    expect(await walk(page, language)).toEqual([]);
    await context.close();
  });
});
