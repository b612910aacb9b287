import { afterAll, beforeAll, expect, test } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit } from '../browsing.ts';
import { eventOf, imported } from '../events.ts';
import { GATE_A, startConsole, type TestConsole, TestGate } from '../fixture.ts';
import { FakeBuilder, fingerprintOf, planOf, publishingOf } from '../publishing.ts';

const EVENT = 'a'.repeat(32);
let started: TestConsole;
let seller: SignedIn;
const gate = new TestGate(GATE_A, 'North');
const builder = new FakeBuilder();

beforeAll(async () => {
  // Above what the gate's journal begins with.
  builder.version = 30;
  started = await startConsole({ publishing: publishingOf(builder, planOf(EVENT)) });
  const vendorId = await newVendor(started.stores, 'tickets');
  seller = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
  await ask(started, seller, 'POST', '/api/v1/events', eventOf(EVENT, vendorId));
  await imported(started, seller, EVENT, feedOf(purchase(1), purchase(2)));
  await started.enrol(gate);
  gate.write({ kind: 'start' });
  await started.upload(gate);
}, 60_000);
afterAll(() => started.close());

/** What an event stream has sent by the time it says this. */
async function textUntil(chunks: AsyncIterator<string>, word: string): Promise<string> {
  let text = '';
  while (!text.includes(word)) {
    const { done, value } = await chunks.next();
    if (done) throw new Error(`ended without ${word}`);
    text += value;
  }
  return text;
}

test('the page of a resale tells the seconds to each gate as they become known', async () => {
  // Built when the click is two seconds old.
  builder.before = async (what) => {
    if (what === 'build') started.now += 2000;
  };
  const fields = { ticket: 'T-1-1', buyer: 'P-2' };
  const resold = await submit(started, `/events/${EVENT}/purchases/P-1/resell`, fields, seller);
  const path = new URL(resold.headers.get('location')!, 'http://localhost').pathname;
  expect(path).toMatch(/^\/handovers\/[0-9a-f]{32}$/);
  const headers = { cookie: seller.cookie };
  const live = await started.app.request(`${path}/live?lang=en`, { headers });
  expect(live.headers.get('content-type')).toContain('text/event-stream');
  const stream = live.body!.pipeThrough(new TextDecoderStream());
  const chunks = (stream as unknown as AsyncIterable<string>)[Symbol.asyncIterator]();
  await textUntil(chunks, 'List published</th><td>after 2.0 s');
  started.now += 1000;
  const list = { version: builder.version, fingerprint: fingerprintOf(builder.version) };
  gate.write({ kind: 'list', detail: 'applied', list });
  await started.upload(gate, gate.entries.slice(1));
  const last = await textUntil(chunks, 'At every gate</th><td>after 3.0 s');
  expect(last).toContain('Gate North</th><td>after 3.0 s');
  await chunks.return?.();
  const id = path.split('/')[2];
  const shown = await ask(started, seller, 'GET', `/api/v1/handovers/${id}`);
  const steps = [{ step: 'bound', seconds: 3, state: 'published', gates: [{ name: 'North' }] }];
  expect(await shown.json()).toMatchObject({ state: 'done', steps });
  const all = await ask(started, seller, 'GET', `/api/v1/events/${EVENT}/handovers`);
  expect(await all.json()).toMatchObject({ times: { count: 1, averageS: 3, p95S: 3 } });
});
