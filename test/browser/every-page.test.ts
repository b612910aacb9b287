import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
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
 * Every page that the console has, with something on it: a new one is walked because it is a route, and the test fails
 * where it does not know how to come there.
 */

let started: TestConsole;
let server: Listening;
let browser: Browser;
let admin: SignedIn;
/** Paths with parameters, by the route's pattern. */
const places = new Map<string, string>();

beforeAll(async () => {
  [started, browser] = await Promise.all([
    startConsole({ publishing: publishingOf(new FakeBuilder(), planOf(EVENT)) }),
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

async function furnish(): Promise<void> {
  await publish(started.bundles);
  await evening();
  const vendorId = await newVendor(started.stores, '音楽祭実行委員会');
  await ask(started, admin, 'POST', '/api/v1/events', eventOf(EVENT, vendorId));
  const rows = [purchase(1), purchase(2), purchase(3), { wrong: true }];
  const body = rows.map((row) => JSON.stringify(row)).join('\n');
  const importId = await imported(started, admin, EVENT, body);
  const hook = { vendorId, url: 'https://shop.example.jp/hook', types: ['purchase.paid'] };
  const webhook = await ask(started, admin, 'POST', '/api/v1/webhooks', hook);
  const { gateId, file } = await enrolledGate(started);
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
  const { id: webhookId } = (await webhook.json()) as { id: string };
  places.set('/webhooks/:id', `/webhooks/${webhookId}`);
  places.set('/events/:id', `/events/${EVENT}`);
  const asked = await ask(started, admin, 'POST', `/api/v1/events/${EVENT}/publications`, {});
  const { id: publicationId } = (await asked.json()) as { id: string };
  await started.app.desks.conductor.idle();
  places.set('/publications/:id', `/publications/${publicationId}`);
  places.set('/events/:id/publications', `/events/${EVENT}/publications`);
  places.set('/events/:id/purchases', `/events/${EVENT}/purchases`);
  places.set('/imports/:id', `/imports/${importId}`);
  places.set('/gates/:id', `/gates/${gateId}`);
  places.set('/keys/events/:id', `/keys/events/${EVENT}`);
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
  '/gates/receipt-check.html': 'a file to be saved: receipt-check.test.ts',
  '/gates/:id/gate-key': 'a file to be saved',
  '/sign-in': 'leads on whoever is signed in: accounts.test.ts',
  '/sign-in/code': 'before the second factor: accounts.test.ts',
  '/publications/:id/live': 'parts of a list’s page: publications.test.ts',
  '/live': 'parts of the board: console.test.ts',
};

const pagesOf = () =>
  started.app.routes
    .filter(({ method, path, access }) => {
      return method === 'GET' && access !== undefined && !path.startsWith('/api/');
    })
    .map(({ path }) => path)
    .filter((path) => !Object.hasOwn(ELSEWHERE, path));

async function look(page: Page, path: string, language: string): Promise<string[]> {
  const wanted = path.includes(':') ? places.get(path) : path;
  if (wanted === undefined) return [`${path}: say in furnish() how one comes there`];
  const response = await page.goto(new URL(`${wanted}?lang=${language}`, server.url).href);
  const found = response?.status() === 200 ? [] : [`status ${response?.status()}`];
  if (await overflows(page)) found.push('is wider than the screen');
  if ((await page.locator('h1').count()) !== 1) found.push('has not one h1');
  if ((await page.locator('main').count()) !== 1) found.push('has no main');
  found.push(...(await violations(page)));
  const { width } = page.viewportSize()!;
  await shoot(
    page,
    `every${wanted.replaceAll(/[0-9a-f]{32}/g, 'id').replaceAll('/', '-')}-${width}`,
  );
  return found.map((what) => `${path} ${language}: ${what}`);
}

describe.each([
  ['ja', { width: 360, height: 780 }],
  ['en', { width: 1280, height: 900 }],
] as const)('every page, %s', (language, viewport) => {
  test(`fits and is accessible at ${viewport.width} px`, { timeout: 120_000 }, async () => {
    const context = await browser.newContext({ viewport });
    const [name, value] = admin.cookie.split('=') as [string, string];
    await context.addCookies([{ name, value, url: new URL(server.url).origin }]);
    const page = await context.newPage();
    const paths = pagesOf();
    expect(paths.length).toBeGreaterThan(12);
    const found: string[] = [];
    for (const path of paths) found.push(...(await look(page, path, language)));
    expect(found).toEqual([]);
    await context.close();
  });
});
