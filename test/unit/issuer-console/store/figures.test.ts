import {
  binOf,
  boardFigures,
  HOUR_MS,
  quantile,
  SLOT_MS,
  slotOf,
} from '@pinless-gate/issuer-console/domain/figures';
import type { ImportRow, PurchaseState } from '@pinless-gate/issuer-console/domain/purchase';
import { shortened } from '@pinless-gate/issuer-console/views/chart';
import { standings } from '@pinless-gate/issuer-console/views/event-charts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newVendor, type SignedIn, signedIn, TEST_ORIGIN } from '../accounts.ts';
import { newEvent } from '../events.ts';
import { GATE_A, GATE_B, NOW, startConsole, type TestConsole, TestGate } from '../fixture.ts';

let started: TestConsole;
let admin: SignedIn;
let north: TestGate;
let south: TestGate;

beforeAll(async () => {
  started = await startConsole();
  admin = await signedIn(started.stores, { name: 'figures', role: 'issuer-admin' });
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  started.now = NOW;
  north = new TestGate(GATE_A, '北');
  south = new TestGate(GATE_B, '南');
  await started.enrol(north);
  await started.enrol(south);
});

const board = async () => {
  const rows = await started.stores.figures.since(slotOf(NOW) - 6 * HOUR_MS);
  return boardFigures(rows, await started.stores.overview.gates(), NOW);
};

describe('what charts of the entrance are drawn of', () => {
  test('is counted upload by upload, each entry once, rehearsals nowhere', async () => {
    const first = NOW - 2 * SLOT_MS;
    north.admit({ at: first });
    north.refuse('not-listed', { at: first });
    await started.upload(north);
    north.admit({ at: NOW - 1000 });
    north.admit({ at: NOW - 500, mode: 'rehearsal' });
    north.refuse('not-listed', { at: NOW - 400 });
    north.refuse('wrong-zone', { at: NOW - 300 });
    const response = await started.upload(north);
    expect(response.status).toBe(200);
    await started.upload(north);
    const { gates, refusals, from, until } = await board();
    expect(gates).toHaveLength(1);
    const [{ people, taps }] = gates as [(typeof gates)[0]];
    expect([...people]).toEqual([
      [slotOf(first), 1],
      [slotOf(NOW - 1000), 1],
    ]);
    expect(taps).toBe(5);
    expect(refusals).toEqual([
      { reason: 'not-listed', taps: 2 },
      { reason: 'wrong-zone', taps: 1 },
    ]);
    expect([until - from, until]).toEqual([HOUR_MS, slotOf(NOW) + SLOT_MS]);
  });

  test('tells durations of each gate within a twentieth, whatever they are', async () => {
    const totals = Array.from({ length: 100 }, (_, i) => 1000 * (200 + 3 * i));
    for (const total of totals) south.admit({ at: NOW - 1000, steps: { total } });
    await started.upload(south);
    const [figures] = (await board()).gates;
    expect(Math.abs(figures!.p50! / 347 - 1)).toBeLessThan(0.05);
    expect(Math.abs(figures!.p95! / 482 - 1)).toBeLessThan(0.05);
  });

  test('stands on the board with title, description and a table of the same', async () => {
    expect(await (await started.see('/?lang=en')).text()).toContain(
      'Charts come with the first taps',
    );
    north.admit({ at: NOW - 1000 });
    await started.upload(north);
    const page = await (await started.see('/?lang=en')).text();
    for (const id of ['chart-entered', 'chart-pace', 'chart-durations']) {
      expect(page).toContain(`aria-labelledby="${id}-title ${id}-desc"`);
      expect(page).toContain(`<details id="${id}-table">`);
    }
    expect(page).toContain('No tap was refused');
    expect(page).not.toMatch(/style="/);
  });
});

test.each([0, 1, 999, 1000, 412_000, 60_000_000, Number.MAX_SAFE_INTEGER])(
  'a tap of %i µs has a bin',
  (us) => {
    const bin = binOf(us);
    expect(bin).toBeGreaterThanOrEqual(0);
    expect(bin).toBeLessThanOrEqual(160);
    const middle = quantile([{ bin, taps: 1 }], 0.5)!;
    if (us >= 1000 && us < 1e9) expect(Math.abs(middle / (us / 1000) - 1)).toBeLessThan(0.05);
  },
);

test('of nothing there is no half', () => {
  expect(quantile([], 0.5)).toBeUndefined();
});

test('a name is cut where there is no room, by letters', () => {
  expect([shortened('北ゲート', 4), shortened('北ゲート 1', 4)]).toEqual(['北ゲート', '北ゲー…']);
});

const rowsOf = (states: readonly PurchaseState[], version = 1): ImportRow[] =>
  states.map((state, i) => ({
    purchaseId: `P-${i}`,
    state,
    tickets: 1,
    hash: Uint8Array.of(version, state.length),
    seal: () => Uint8Array.of(1),
    line: i + 1,
  }));

test('purchases are charted by the hour, whoever writes them', async () => {
  const vendorId = await newVendor(started.stores, 'charted');
  const id = await newEvent(started, vendorId, admin);
  const of = { id, eventId: id, vendorId, format: 'ndjson' } as const;
  await started.stores.imports.begin(of, TEST_ORIGIN);
  const put = (rows: readonly ImportRow[], at: number) =>
    started.stores.imports.put(of, { rows, rejects: [], progress: 1 }, at);
  const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS;
  await put(rowsOf(['paid', 'pending', 'pending']), hour + 1);
  await put(rowsOf(['paid', 'pending', 'pending']), hour + 2);
  await put(rowsOf(['cancelled', 'paid', 'pending'], 2), hour + 2 * HOUR_MS);
  const hours = await started.stores.figures.purchases(id);
  expect(hours).toEqual([
    { hour, paid: 1, pending: 2, cancelled: 0, linked: 0 },
    { hour: hour + 2 * HOUR_MS, paid: 0, pending: -1, cancelled: 1, linked: 0 },
  ]);
  expect(standings(hours, hour + 9 * HOUR_MS).at(-1)).toEqual({
    at: hour + 9 * HOUR_MS,
    ...{ paid: 1, pending: 1, cancelled: 1, linked: 0 },
  });
  const page = await (await started.see(`/events/${id}?lang=en`)).text();
  expect(page).toContain('chart-purchases-title');
});
