import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { askerOf, commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { type Event, requireEvent } from '@pinless-gate/issuer-console/domain/event';
import { PurchaseBook } from '@pinless-gate/issuer-console/domain/purchase-book';
import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ended, imported, newEvent } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';

let started: TestConsole;
let person: SignedIn;
let vendorId: string;
let book: PurchaseBook;
const asker = commandLine(0);

beforeAll(async () => {
  started = await startConsole();
  vendorId = await newVendor(started.stores, 'tickets');
  person = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
  book = bookWith(sealWith(new Uint8Array(32).fill(7)));
}, 60_000);
afterAll(() => started.close());

const bookWith = (seal: ReturnType<typeof sealWith> | undefined) =>
  new PurchaseBook({ ...started.stores, seal, now: () => started.now });
const wanted = (n: number, more = {}) => purchase(n, more) as unknown as Purchase;
const event = async (): Promise<Event> =>
  requireEvent(started.stores.events, asker.scope, await newEvent(started, vendorId, person));
const take = async ({ id }: Event, ...purchases: object[]) =>
  ended(started, person, await imported(started, person, id, feedOf(...purchases)));
const last = async () =>
  (await started.stores.audit.entries(asker.scope, { before: undefined, limit: 1 }))[0]!.entry;

test('what an import brought is opened, changed and exported as if it had been imported so', async () => {
  const at = await event();
  await take(at, wanted(1, { status: 'pending' }));
  const { purchase: found, changeNo } = await book.open(asker, at, 'P-1');
  expect(found).toEqual(wanted(1, { status: 'pending' }));
  const note = [{ action: 'purchase.paid', subjects: [at.id, 'P-1'] }];
  const put = await book.put(asker, at, { ...found, status: 'paid' }, { expect: changeNo, note });
  expect(put.changeNo).toBe(changeNo + 1);
  expect(await book.open(asker, at, 'P-1')).toEqual({ purchase: wanted(1), ...put });
  expect(await last()).toMatchObject({ ...note[0], vendorId });
  const standing = await started.stores.purchases.find(asker.scope, at.id, 'P-1');
  expect(standing).toMatchObject({
    state: 'paid',
    exported: false,
    history: [{ state: 'pending' }],
  });
  expect(await take(at, wanted(1))).toMatchObject({ unchanged: 1 });
});

test('of two who saw the same, the later is told; the same again writes and notes nothing', async () => {
  const at = await event();
  const note = [{ action: 'purchase.applied', subjects: ['P-2'] }];
  const { changeNo } = await book.put(asker, at, wanted(2), { expect: 0, note });
  const conflict = { code: 'ERR_EDIT_CONFLICT', kind: 'conflict' };
  const english = wanted(2, { language: 'en' });
  await expect(book.put(asker, at, english, { expect: 0, note })).rejects.toMatchObject(conflict);
  const { sequence } = await last();
  expect(await book.put(asker, at, wanted(2), { expect: changeNo, note })).toEqual({ changeNo });
  expect(await last()).toMatchObject({ sequence });
  const both = [english, wanted(2, { language: 'ko' })].map((one) =>
    book.put(asker, at, one, { expect: changeNo, note }),
  );
  const outcomes = (await Promise.allSettled(both)).map(({ status }) => status).sort();
  expect(outcomes).toEqual(['fulfilled', 'rejected']);
});

test.each([
  ['tickets[0].seat.gate', { tickets: [{ ticketNo: 'T', seat: { gate: 'nowhere' } }] }],
  ['holder.issuer', { holder: { serial: '01', issuer: 'other' } }],
  ['secret', { secret: 'SECRET' }],
])('what an import rejects is refused: %s', async (field, more) => {
  const at = await event();
  const putting = book.put(asker, at, wanted(3, more), { note: [] });
  await expect(putting).rejects.toMatchObject({
    code: 'ERR_PURCHASE_FORM',
    message: expect.stringMatching(new RegExp(`^${field.replaceAll(/[[\].]/g, '\\$&')}: `)),
  });
  await expect(putting).rejects.not.toMatchObject({ message: expect.stringContaining('SECRET') });
});

test('other purchases, vendors and keys', async () => {
  const at = await event();
  await book.put(asker, at, wanted(4), { note: [] });
  await expect(book.open(asker, at, 'P-5')).rejects.toMatchObject({ code: 'ERR_PURCHASE_UNKNOWN' });
  const stranger = askerOf({
    kind: 'api-key',
    id: 'a'.repeat(32),
    vendorId: await newVendor(started.stores, 'other'),
    scopes: [],
  });
  const unknown = { code: 'ERR_EVENT_UNKNOWN' };
  await expect(book.open(stranger, at, 'P-4')).rejects.toMatchObject(unknown);
  await expect(book.put(stranger, at, wanted(4), { note: [] })).rejects.toMatchObject(unknown);
  const other = bookWith(sealWith(new Uint8Array(32).fill(8)));
  await expect(other.open(asker, at, 'P-4')).rejects.toMatchObject({ code: 'ERR_PURCHASE_SEALED' });
  const none = bookWith(undefined);
  await expect(none.put(asker, at, wanted(4), { note: [] })).rejects.toMatchObject({
    code: 'ERR_IMPORT_SEAL',
  });
});

test('an import leaves alone what was changed here, but for giving it back', async () => {
  const at = await event();
  await take(at, wanted(6), wanted(7));
  await book.put(asker, at, wanted(6, { language: 'en' }), { note: [] });
  // The row that was imported before brings nothing new; another one would undo what was done here.
  expect(await take(at, wanted(6))).toMatchObject({ unchanged: 1, rejected: 0 });
  const refused = await take(at, wanted(7), wanted(6, { language: 'ko' }));
  expect(refused).toMatchObject({ unchanged: 1, rejected: 1 });
  const [reject] = await started.stores.imports.rejects(refused as never, { after: 0, limit: 9 });
  expect(reject).toMatchObject({ line: 2, field: 'purchaseId' });
  expect((await book.open(asker, at, 'P-6')).purchase.language).toBe('en');
  // Once the shop says the same, it goes on from there.
  expect(await take(at, wanted(6, { language: 'en' }))).toMatchObject({ unchanged: 1 });
  expect(await take(at, wanted(6, { language: 'ko' }))).toMatchObject({ changed: 1 });
  await book.put(asker, at, wanted(6, { language: 'zh' }), { note: [] });
  expect(await take(at, wanted(6, { status: 'cancelled' }))).toMatchObject({ changed: 1 });
});
