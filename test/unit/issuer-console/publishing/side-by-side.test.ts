import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask } from '../browsing.ts';
import { eventOf, imported } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';
import { FakeBuilder, planOf } from '../publishing.ts';

// Two vendors, an event each, one console.

const [SLOW, QUICK] = ['a'.repeat(32), 'b'.repeat(32)];
const ALL = Scope.everything;
let started: TestConsole;
const sellers = new Map<string, SignedIn>();
const opened: FakeBuilder[] = [];
/** What a builder does first. */
let before: FakeBuilder['before'] = async () => {};

beforeAll(async () => {
  started = await startConsole({
    publishing: {
      plans: [planOf(SLOW), planOf(QUICK)],
      open: async () => {
        const builder = new FakeBuilder();
        builder.before = before;
        opened.push(builder);
        return builder;
      },
      alarm: () => () => {},
    },
  });
  for (const id of [SLOW, QUICK]) {
    const vendorId = await newVendor(started.stores, `vendor ${id[0]}`);
    const seller = await signedIn(started.stores, { name: id[0]!, role: 'vendor', vendorId });
    sellers.set(id, seller);
    const added = await ask(started, seller, 'POST', '/api/v1/events', eventOf(id, vendorId));
    expect(added.status).toBe(201);
    await imported(started, seller, id, feedOf(purchase(1)));
  }
}, 60_000);
afterAll(() => started.close());

const stateOf = async (id: string) => (await started.stores.publications.find(ALL, id))!.state;
const reached = (id: string, state: string) =>
  vi.waitFor(async () => expect(await stateOf(id)).toBe(state), { timeout: 20_000 });

async function resale(eventId: string): Promise<string> {
  const event = (await started.stores.events.find(ALL, eventId))!;
  const asker = { scope: ALL, by: { kind: 'console', id: 'resale' } } as const;
  return started.app.desks.publicationDesk.request(asker, event, 'resale');
}

test('a long build of one event holds up no resale of another', async () => {
  let finish = () => {};
  const long = new Promise<void>((resolve) => {
    finish = resolve;
  });
  before = () => long;
  const slow = await resale(SLOW);
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  await reached(slow, 'building');
  before = async () => {};
  const quick = await resale(QUICK);
  await reached(quick, 'published');
  expect(await stateOf(slow)).toBe('building');
  finish();
  await reached(slow, 'published');
  // A builder each, and each has published its own list alone.
  expect(opened.map(({ published }) => published.length)).toEqual([1, 1]);
  const next = await resale(QUICK);
  await reached(next, 'published');
  expect(opened.map(({ published }) => published.length)).toEqual([1, 2]);
});

test('what a vendor asks of the other event is not there', async () => {
  const path = `/api/v1/events/${SLOW}/publications`;
  const asked = await ask(started, sellers.get(QUICK)!, 'POST', path, { why: 'manual' });
  expect(asked.status).toBe(404);
  const last = await started.stores.publications.lastPublished(SLOW);
  const seen = await ask(started, sellers.get(QUICK)!, 'GET', `/api/v1/publications/${last!.id}`);
  expect(seen.status).toBe(404);
});
