import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import { GateError } from '@pinless-gate/protocol/errors';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit, whither } from '../browsing.ts';
import { eventOf, imported } from '../events.ts';
import { GATE_A, GATE_B, NOW, startConsole, type TestConsole, TestGate } from '../fixture.ts';
import { builtOf, FakeBuilder, fingerprintOf, planOf, publishingOf } from '../publishing.ts';

// An event whose lists go after a look, and one where resales too wait for a second person.

const [OPEN, STRICT] = ['a'.repeat(32), 'b'.repeat(32)];
const ALL = Scope.everything;
let started: TestConsole;
let seller: SignedIn;
let colleague: SignedIn;
let stranger: SignedIn;
const builder = new FakeBuilder();

beforeAll(async () => {
  const strict = { secondApproval: ['manual', 'resale'] as const };
  started = await startConsole({
    publishing: publishingOf(builder, planOf(OPEN), planOf(STRICT, strict)),
  });
  const { stores } = started;
  const vendorId = await newVendor(stores, 'tickets');
  seller = await signedIn(stores, { name: 'seller', role: 'vendor', vendorId });
  colleague = await signedIn(stores, { name: 'colleague', role: 'vendor', vendorId });
  const other = await newVendor(stores, 'other');
  stranger = await signedIn(stores, { name: 'stranger', role: 'vendor', vendorId: other });
  for (const id of [OPEN, STRICT]) {
    const added = await ask(started, seller, 'POST', '/api/v1/events', eventOf(id, vendorId));
    expect(added.status).toBe(201);
    await imported(started, seller, id, feedOf(purchase(1), purchase(2)));
  }
}, 60_000);
afterAll(() => started.close());
afterEach(() => {
  builder.next = {};
  builder.before = async () => {};
});

const found = async (id: string) => (await started.stores.publications.find(ALL, id))!;

const until = (id: string, ...states: string[]) =>
  vi.waitUntil(
    async () => {
      const now = await found(id);
      return states.includes(now.state) ? now : undefined;
    },
    { timeout: 20_000 },
  );

async function asked(eventId: string, by = seller): Promise<string> {
  const response = await submit(started, `/events/${eventId}/publications`, {}, by);
  const [status, to] = whither(response);
  expect(status).toBe(303);
  const id = /^\/publications\/([0-9a-f]{32})\?/.exec(String(to))![1]!;
  await until(id, 'waiting-approval', 'failed');
  return id;
}

async function page(path: string, by = seller): Promise<string> {
  const response = await started.app.request(`${path}?lang=en`, {
    headers: { cookie: by.cookie, accept: 'text/html' },
  });
  expect(response.status).toBe(200);
  return response.text();
}

const act = (id: string, what: string, fields: Record<string, string>, by = seller) =>
  submit(started, `/publications/${id}/${what}`, fields, by);

const release = async (id: string) => ({ fingerprint: (await found(id)).list!.fingerprint });

describe('a list that a person asks for', () => {
  test('waits, is looked at, and goes out as it is', async () => {
    builder.next = {
      findings: [
        { kind: 'left-out', purchaseId: 'P-2', line: 2, field: 'holder', reason: 'revoked' },
      ],
    };
    const id = await asked(OPEN);
    const shown = await page(`/publications/${id}`);
    const { list } = await found(id);
    expect(shown).toContain(`${list!.fingerprint.slice(0, 3)}-${list!.fingerprint.slice(3)}`);
    expect(shown).toContain('Waits for: somebody who looks at it');
    expect(shown).toContain('<strong>P-2</strong>');
    expect(shown).toContain('There was no list before');
    const wrong = await act(id, 'publish', { fingerprint: 'AAAAAA' });
    expect(whither(wrong)).toEqual([
      303,
      `/publications/${id}?lang=ja&refused=ERR_PUBLICATION_FINGERPRINT`,
    ]);
    expect(builder.published).toEqual([]);
    await act(id, 'publish', await release(id));
    await until(id, 'published');
    expect(builder.published).toEqual([list!.hash]);
    const again = await act(id, 'withdraw', {});
    expect(whither(again)[1]).toContain('ERR_PUBLICATION_STATE');
  });

  test('tells what changed since the one before, by number', async () => {
    const cancelled = { ...purchase(2), status: 'cancelled' };
    await imported(started, seller, OPEN, feedOf(cancelled, purchase(3)));
    const id = await asked(OPEN);
    const shown = await page(`/publications/${id}`);
    expect(shown).toMatch(/<strong>P-2<\/strong> no longer listed/);
    expect(shown).toMatch(/<strong>P-3<\/strong> now listed/);
    expect(shown).not.toContain('<strong>P-1</strong>');
    await act(id, 'withdraw', {});
    expect(await found(id)).toMatchObject({ state: 'withdrawn' });
  });

  test('is superseded by the next that is built', async () => {
    const [first, second] = [await asked(OPEN), await asked(OPEN)];
    expect(await found(first)).toMatchObject({ state: 'withdrawn', failure: 'superseded' });
    await act(second, 'withdraw', {});
  });

  test('that loses many entries goes out only if that is meant', async () => {
    const counts = { ...(await builder.build()).counts, before: 100, removed: 6 };
    builder.next = { counts };
    const id = await asked(OPEN);
    expect(await page(`/publications/${id}`)).toContain('6 cards of the published list');
    const refused = await act(id, 'publish', await release(id));
    expect(whither(refused)[1]).toContain('ERR_PUBLICATION_LOSS');
    await act(id, 'publish', { ...(await release(id)), 'confirm-loss': 'yes' });
    await until(id, 'published');
  });

  test('is as unknown to another vendor as none', async () => {
    const id = await asked(OPEN);
    for (const path of [id, 'f'.repeat(32)]) {
      const response = await ask(started, stranger, 'GET', `/api/v1/publications/${path}`);
      expect(await response.json()).toMatchObject({ code: 'ERR_PUBLICATION_UNKNOWN' });
    }
    await act(id, 'withdraw', {});
  });

  test('of an event without [[publish]] is refused', async () => {
    const { vendorId } = (await started.stores.events.find(ALL, OPEN))!;
    const id = 'c'.repeat(32);
    await ask(started, seller, 'POST', '/api/v1/events', eventOf(id, vendorId));
    const response = await ask(started, seller, 'POST', `/api/v1/events/${id}/publications`, {});
    expect(await response.json()).toMatchObject({ code: 'ERR_PUBLICATION_CONFIG' });
    expect(await page(`/events/${id}/publications`)).toContain('no [[publish]] for it');
  });
});

describe('a list with a second approval', () => {
  test('is approved by somebody else, who names it', async () => {
    const id = await asked(STRICT);
    const body = await release(id);
    const own = await ask(started, seller, 'POST', `/api/v1/publications/${id}/approve`, body);
    expect([own.status, await own.json()]).toMatchObject([403, { code: 'ERR_PUBLICATION_SELF' }]);
    const alone = await ask(started, seller, 'POST', `/api/v1/publications/${id}/publish`, body);
    expect(await alone.json()).toMatchObject({ code: 'ERR_PUBLICATION_SECOND' });
    expect(await page(`/publications/${id}`, colleague)).toContain('Approve and publish this list');
    await act(id, 'approve', body, colleague);
    const { approvedBy, requestedBy } = await until(id, 'published');
    expect([requestedBy.id, approvedBy?.id]).toEqual([seller.id, colleague.id]);
  });

  test('waits for it after a resale too', async () => {
    const event = (await started.stores.events.find(ALL, STRICT))!;
    const asker = { scope: ALL, by: { kind: 'operator', id: seller.id } } as const;
    const { publicationDesk } = started.app.desks;
    const id = await publicationDesk.request(asker, event, 'resale');
    const waiting = await until(id, 'waiting-approval');
    expect(waiting.needs).toEqual(['second']);
    await publicationDesk.withdraw(asker, id);
  });
});

describe('when the builder fails', () => {
  const gone = () => Promise.reject(new GateError('ERR_ISOLATED_DOWN', 'went down'));

  test('once, it is asked again', async () => {
    builder.before = vi.fn().mockImplementationOnce(gone).mockResolvedValue(undefined);
    const id = await asked(OPEN);
    expect((await found(id)).state).toBe('waiting-approval');
    await act(id, 'withdraw', {});
  });

  test('for good, the list before stays and the board says so', async () => {
    builder.before = gone;
    const id = await asked(OPEN);
    expect(await found(id)).toMatchObject({ state: 'failed', failure: 'ERR_ISOLATED_DOWN' });
    const board = await (await started.see('/?lang=en')).text();
    expect(board).toContain('the last list could not be published');
    expect(await page(`/publications/${id}`)).toContain('[ERR_ISOLATED_DOWN]');
    const metrics = await (await started.see('/metrics')).text();
    expect(metrics).toContain('pinless_console_list_failures_total 1');
  });

  test('what a console left in the middle is taken up by the next', async () => {
    const { publications } = started.stores;
    const { vendorId } = (await started.stores.events.find(ALL, OPEN))!;
    const id = 'd'.repeat(32);
    const origin = { by: { kind: 'operator', id: seller.id }, at: NOW } as const;
    await publications.add({ id, eventId: OPEN, vendorId, why: 'resale' }, origin);
    await publications.begin(id);
    await publications.resume();
    started.app.start();
    await until(id, 'published');
  });
});

describe('at the gates', () => {
  test('a published list is told of gate by gate, and when all that are heard have it', async () => {
    const [a, b] = [new TestGate(GATE_A, 'North'), new TestGate(GATE_B, 'South')];
    await started.enrol(a);
    await started.enrol(b);
    for (const gate of [a, b]) {
      gate.write({ kind: 'start' });
      await started.upload(gate);
    }
    builder.version = 30;
    const id = await asked(OPEN);
    await act(id, 'publish', await release(id));
    await until(id, 'published');
    const live = await started.see(`/publications/${id}/live?lang=en`);
    expect(live.headers.get('content-type')).toContain('text/event-stream');
    const list = { version: 31, fingerprint: fingerprintOf(31) };
    a.write({ kind: 'list', detail: 'applied', list });
    await started.upload(a, a.entries.slice(1));
    b.write({ kind: 'fault', detail: 'ERR_BUNDLE_ROLLBACK' });
    await started.upload(b, b.entries.slice(1));
    const view = () => ask(started, seller, 'GET', `/api/v1/publications/${id}`);
    expect(await (await view()).json()).toMatchObject({
      gates: [
        { name: 'North', standing: 'held', version: 31 },
        { name: 'South', standing: 'refused', refusal: 'ERR_BUNDLE_ROLLBACK' },
      ],
    });
    expect(await textUntil(live, 'ERR_BUNDLE_ROLLBACK')).toContain('refused it');
    expect((await found(id)).atGatesAt).toBeUndefined();
    b.write({ kind: 'list', detail: 'applied', list });
    await started.upload(b, b.entries.slice(2));
    await vi.waitUntil(async () => (await found(id)).atGatesAt, { timeout: 20_000 });
    const entries = await started.stores.audit.entries(ALL, { before: undefined, limit: 1 });
    expect(entries[0]!.entry).toMatchObject({
      action: 'list.at-gates',
      facts: { version: 31, gates: 2 },
    });
  });
});

/** What an event stream has sent by the time it says this. */
async function textUntil({ body }: Response, word: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(word)) return text;
  }
  throw new Error(`ended without ${word}`);
}

test('a fingerprint is one whatever its letters look like', async () => {
  const id = await asked(OPEN);
  const { list } = await found(id);
  const typed = `${list!.fingerprint.slice(0, 3)}-${list!.fingerprint.slice(3)}`.toLowerCase();
  await act(id, 'publish', { fingerprint: typed });
  await until(id, 'published');
  expect(builtOf(list!.version).hash).toBe(list!.hash);
});

test('what is broken off when the console ends has not failed', async () => {
  const closed = () => new GateError('ERR_ISOLATED_DOWN', 'is closed');
  const asking = new Promise<void>((resolve) => {
    builder.before = () =>
      new Promise((_, reject) => {
        builder.cut = () => reject(closed());
        resolve();
      });
  });
  const response = await submit(started, `/events/${OPEN}/publications`, {}, seller);
  const id = /[0-9a-f]{32}/.exec(String(whither(response)[1]))![0];
  await until(id, 'building');
  await asking;
  builder.before = () => Promise.reject(closed());
  await started.app.settled();
  expect(await found(id)).toMatchObject({ state: 'building', failure: undefined });
});
