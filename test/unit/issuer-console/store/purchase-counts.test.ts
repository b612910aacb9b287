import { eventDesk, requireEvent } from '@pinless-gate/issuer-console/domain/event';
import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import type { ImportRow, PurchaseState } from '@pinless-gate/issuer-console/domain/purchase';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newVendor, TEST_ORIGIN } from '../accounts.ts';
import { startConsole, type TestConsole } from '../fixture.ts';

let started: TestConsole;
let vendorId: string;
let events = 0;

beforeAll(async () => {
  started = await startConsole();
  vendorId = await newVendor(started.stores, 'counted');
}, 60_000);
afterAll(() => started.close());

async function newEvent() {
  const id = (++events).toString(16).padStart(32, '0');
  const from = started.now;
  const { stores } = started;
  const scope = { scope: Scope.everything, by: TEST_ORIGIN.by };
  const seal = { seal: (secret: Uint8Array) => secret, open: (sealed: Uint8Array) => sealed };
  const random = (length: number) => new Uint8Array(length);
  await eventDesk({ ...stores, seal, now: () => from, random }).add(scope, {
    id,
    vendorId,
    name: 'counted',
    startsAt: from,
    admission: { from, until: from + 1000 },
    gates: ['A'],
    issuers: ['jpki-auth'],
  });
  return requireEvent(stores.events, Scope.everything, id);
}

type Event = Awaited<ReturnType<typeof newEvent>>;

/** As many rows as states, numbered from `first`; another `version` is another content. */
const rowsOf = (states: readonly PurchaseState[], first = 1, version = 1): ImportRow[] =>
  states.map((state, i) => ({
    purchaseId: `P-${first + i}`,
    state,
    tickets: 1,
    hash: Uint8Array.of(version, state.length),
    seal: () => Uint8Array.of(1),
    line: first + i,
  }));

async function put(event: Event, rows: readonly ImportRow[]): Promise<void> {
  const of = { id: event.id, eventId: event.id, vendorId, format: 'ndjson' } as const;
  const { imports } = started.stores;
  if (!(await imports.find(Scope.everything, of.id))) await imports.begin(of, TEST_ORIGIN);
  await imports.put(of, { rows, rejects: [], progress: 1 }, started.now);
}

const putOne = (event: Event, number: number) => {
  const { line: _, ...row } = rowsOf(['paid'], number)[0]!;
  return started.stores.purchases.put(event, { row, expect: 0, notes: [] }, TEST_ORIGIN);
};

const take = async () => {};
const counts = (event: Event) => started.stores.events.counts(event);

/** The slow way, to compare with. */
async function counted({ id }: Event): Promise<Record<string, number>> {
  const all = async (where: string) => {
    const found = await started.database.db.execute(
      `select count(*)::int as n from purchases p join events e on e.id = p.event_id
        where e.id = '${id}' and ${where}`,
    );
    return (found as unknown as { rows: { n: number }[] }).rows[0]!.n;
  };
  return {
    paid: await all(`state = 'paid'`),
    pending: await all(`state = 'pending'`),
    cancelled: await all(`state = 'cancelled'`),
    waiting: await all('p.change_no > e.exported_no'),
  };
}

describe('counts of an event', () => {
  test('follow every change, and what is not exported yet is waiting once', async () => {
    const event = await newEvent();
    const steps: [what: () => Promise<unknown>, counts: object][] = [
      [async () => {}, { paid: 0, pending: 0, cancelled: 0, waiting: 0 }],
      [
        () => put(event, rowsOf(['paid', 'pending', 'pending', 'cancelled'])),
        { paid: 1, pending: 2, cancelled: 1, waiting: 4 },
      ],
      [
        () => put(event, rowsOf(['paid', 'paid'], 2)),
        { paid: 3, pending: 0, cancelled: 1, waiting: 4 },
      ],
      [
        () => started.stores.purchases.exportFeed(event, 0, take, TEST_ORIGIN),
        { paid: 3, pending: 0, cancelled: 1, waiting: 0 },
      ],
      [() => put(event, rowsOf(['paid'])), { paid: 3, pending: 0, cancelled: 1, waiting: 0 }],
      [
        () => put(event, rowsOf(['paid', 'cancelled', 'pending'], 3, 2)),
        { paid: 3, pending: 1, cancelled: 1, waiting: 3 },
      ],
      [() => putOne(event, 9), { paid: 4, pending: 1, cancelled: 1, waiting: 4 }],
      [
        () => started.database.db.execute(`delete from purchases where event_id = '${event.id}'`),
        { paid: 0, pending: 0, cancelled: 0, waiting: 0 },
      ],
    ];
    for (const [step, wanted] of steps) {
      await step();
      expect(await counts(event)).toEqual(wanted);
      expect(await counted(event)).toEqual(wanted);
    }
  });

  test('two who write at once are both counted, and events do not mix', async () => {
    const [one, other] = [await newEvent(), await newEvent()];
    await Promise.all([
      put(one, rowsOf(['paid', 'pending'])),
      put(other, rowsOf(['cancelled'])),
      ...[7, 8, 9].map((number) => putOne(one, number)),
    ]);
    expect(await counts(one)).toEqual({ paid: 4, pending: 1, cancelled: 0, waiting: 5 });
    expect(await counts(other)).toEqual({ paid: 0, pending: 0, cancelled: 1, waiting: 1 });
  });
});
