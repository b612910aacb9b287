import { KEY_SCOPES, Scope } from '@pinless-gate/issuer-console/domain/permission';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit, whither } from '../browsing.ts';
import { eventOf, imported } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';
import { FakeBuilder, planOf, publishingOf } from '../publishing.ts';

// An event whose file has resales wait for a second person, and nothing else.

const EVENT = 'a'.repeat(32);
const RULES = `/api/v1/events/${EVENT}/publication-rules`;
const ALL = Scope.everything;
let started: TestConsole;
let admin: SignedIn;
let seller: SignedIn;
let colleague: SignedIn;
let auditor: SignedIn;
let key: string;

beforeAll(async () => {
  const plan = planOf(EVENT, { secondApproval: ['resale'] });
  started = await startConsole({ publishing: publishingOf(new FakeBuilder(), plan) });
  const { stores } = started;
  admin = await signedIn(stores, { name: 'root', role: 'issuer-admin' });
  const vendorId = await newVendor(stores, 'tickets');
  seller = await signedIn(stores, { name: 'seller', role: 'vendor', vendorId });
  colleague = await signedIn(stores, { name: 'colleague', role: 'vendor', vendorId });
  auditor = await signedIn(stores, { name: 'auditor', role: 'auditor', vendorId });
  const wanted = { vendorId, name: 'shop', scopes: KEY_SCOPES, days: 30 };
  const given = await ask(started, seller, 'POST', '/api/v1/api-keys', wanted);
  key = ((await given.json()) as { key: string }).key;
  await ask(started, seller, 'POST', '/api/v1/events', eventOf(EVENT, vendorId));
  await imported(started, seller, EVENT, feedOf(purchase(1)));
}, 60_000);
afterAll(() => started.close());

type Who = Parameters<typeof ask>[1];

const put = (by: Who, ...secondApproval: string[]) =>
  ask(started, by, 'PUT', RULES, { secondApproval });

const rules = async () => (await ask(started, seller, 'GET', RULES)).json();

const page = async (by: SignedIn) => {
  const path = `/events/${EVENT}/publications?lang=en`;
  const headers = { cookie: by.cookie, accept: 'text/html' };
  return (await started.app.request(path, { headers })).text();
};

const boxOf = (html: string, why: string) =>
  html.match(new RegExp(`<input type="checkbox" name="${why}" value="yes"[^>]*>`, 'g'))!.join();

async function waiting(why: 'manual' | 'resale') {
  const { publicationDesk } = started.app.desks;
  const event = (await started.stores.events.find(ALL, EVENT))!;
  const asker = { scope: ALL, by: { kind: 'operator', id: seller.id } } as const;
  const id = await publicationDesk.request(asker, event, why);
  return vi.waitUntil(
    async () => {
      const found = (await started.stores.publications.find(ALL, id))!;
      return found.state === 'waiting-approval' || found.state === 'published' ? found : undefined;
    },
    { timeout: 20_000 },
  );
}

test('a list waits for a second person once its vendor wants it, and is noted', async () => {
  expect((await waiting('manual')).needs).toEqual(['review']);
  expect((await put(seller, 'manual')).status).toBe(204);
  expect(await rules()).toEqual({ secondApproval: ['manual'], always: ['resale'] });
  const [last] = await started.stores.audit.entries(ALL, { before: undefined, limit: 1 });
  expect(last!.entry).toMatchObject({
    action: 'list.rules-changed',
    by: { kind: 'operator', id: seller.id },
    subjects: [EVENT],
    facts: { before: '', secondApproval: 'manual' },
  });
  const { id, needs, list } = await waiting('manual');
  expect(needs).toEqual(['review', 'second']);
  const release = { fingerprint: list!.fingerprint };
  const publish = await ask(started, seller, 'POST', `/api/v1/publications/${id}/publish`, release);
  expect(await publish.json()).toMatchObject({ code: 'ERR_PUBLICATION_SECOND' });
  const approve = `/api/v1/publications/${id}/approve`;
  expect((await ask(started, colleague, 'POST', approve, release)).status).toBe(202);
});

test('neither its vendor nor a key takes that away; an auditor sets nothing', async () => {
  for (const by of [seller, { key }]) {
    const response = await put(by, 'correction');
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { code: 'ERR_PUBLICATION_RULES' },
    ]);
  }
  expect((await put(auditor, 'manual', 'correction')).status).toBe(403);
  const form = await submit(started, `/events/${EVENT}/publications/rules`, {}, seller);
  expect(whither(form)).toEqual([
    303,
    `/events/${EVENT}/publications?lang=ja&refused=ERR_PUBLICATION_RULES`,
  ]);
  expect(await rules()).toMatchObject({ secondApproval: ['manual'] });
  expect((await put({ key }, 'manual', 'schedule')).status).toBe(204);
  expect(await rules()).toMatchObject({ secondApproval: ['manual', 'schedule'] });
});

test('the page holds fast what may not be taken away', async () => {
  const [own, issuers] = [await page(seller), await page(admin)];
  for (const why of ['resale', 'manual']) expect(boxOf(own, why)).toMatch(/checked.*disabled/);
  expect(own).toContain('<input type="hidden" name="manual" value="yes"');
  expect(boxOf(own, 'correction')).not.toMatch(/checked|disabled/);
  expect(boxOf(issuers, 'manual')).toMatch(/checked/);
  expect(boxOf(issuers, 'manual')).not.toMatch(/disabled/);
  expect(boxOf(issuers, 'resale')).toMatch(/checked.*disabled/);
  expect(own).toContain('after a resale (by the console’s configuration)');
});

test('an administrator of the issuer takes it away, and what the file has stays', async () => {
  const form = await submit(started, `/events/${EVENT}/publications/rules`, {}, admin);
  expect(whither(form)).toEqual([303, `/events/${EVENT}/publications?lang=ja`]);
  expect(await rules()).toEqual({ secondApproval: [], always: ['resale'] });
  expect((await waiting('manual')).needs).toEqual(['review']);
  expect((await waiting('resale')).needs).toEqual(['second']);
});
