import { undo } from '@pinless-gate/gate-firmware/admission/state';
import type { TapParts, TapResult } from '@pinless-gate/gate-firmware/lane/tap';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import { beforeAll, describe, expect, test } from 'vitest';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { EVENT_ID, seatRecord, ticket } from '../fixture.ts';
import { STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { entryOf, type Material, makeMaterial, makeRig } from './rig.ts';
import { outcomeOf, pinned, tapOn } from './taps.ts';

// One card that is held, flickers or is tapped twice (faults.md T5).

const WINDOW_MS = 3000;
const OFTEN = ticket('T-1', { entries: 9 });

let material: Material;
let [card, companion]: NewCard[] = [];

beforeAll(async () => {
  material = await makeMaterial(forFile());
  [card, companion] = await Promise.all([0, 1].map(() => newCard(material.stage.jlis)));
}, STAGE_TIMEOUT_MS);

/** A lane at which both cards open the same tickets, with a clock that the test turns. */
async function lane(tickets = [OFTEN], changes: Partial<TapParts> = {}) {
  const time = { ms: Date.now() };
  const both = [card!, companion!].map((one) => {
    const record: Partial<SeatRecord> = pinned(one);
    return entryOf(material, one, seatRecord(tickets, record));
  });
  const clock = { now: () => time.ms, monotonic: () => 0 };
  const more = { clock, debounceMs: WINDOW_MS, ...changes };
  const rig = await makeRig(material, await Promise.all(both), more);
  const entries = () => rig.journal.ticketState(EVENT_ID, 'T-1')?.entries ?? 0;
  const tap = async (afterMs: number, one = card!) => {
    time.ms += afterMs;
    const result = await tapOn(rig, one);
    return { result, outcome: result.repeated ? 'repeated' : outcomeOf(result) };
  };
  return { rig, tap, entries };
}

const shown = ({ decision }: TapResult) =>
  decision.admitted && decision.tickets.map(({ ticket: one, entry }) => [one, entry]);

describe('the same card again', () => {
  test.each<[string, typeof OFTEN]>([
    ['a ticket that may enter often', OFTEN],
    ['a ticket that may enter once', ticket('T-1')],
  ])('%s: the same verdict, and nothing new is written or counted', async (_, one) => {
    const { rig, tap, entries } = await lane([one]);
    const first = await tap(0);
    const second = await tap(WINDOW_MS - 1);
    expect([first.outcome, second.outcome]).toEqual(['admitted', 'repeated']);
    const { code, sequence } = first.result;
    expect(second.result).toMatchObject({ code, sequence });
    expect(shown(second.result)).toEqual(shown(first.result));
    expect([entries(), rig.decisions().length]).toEqual([1, 1]);
  });

  test('a party: all of it, once', async () => {
    const tickets = [OFTEN, ticket('T-2'), ticket('T-3')];
    const { tap, rig } = await lane(tickets);
    const first = await tap(0);
    const second = await tap(500);
    expect(second.outcome).toBe('repeated');
    expect(shown(second.result)).toEqual(shown(first.result));
    expect(shown(second.result)).toHaveLength(3);
    expect(rig.decisions()).toHaveLength(1);
  });

  test('held on and on: the window does not move', async () => {
    const { tap, entries } = await lane();
    const outcomes = [];
    for (const afterMs of [0, 1000, 1000, 1000]) outcomes.push((await tap(afterMs)).outcome);
    expect(outcomes).toEqual(['admitted', 'repeated', 'repeated', 'admitted']);
    expect(entries()).toBe(2);
  });

  test.each<[string, typeof OFTEN, string]>([
    ['often', OFTEN, 'admitted'],
    ['once', ticket('T-1'), 'already-admitted'],
  ])('after the window, of a ticket that may enter %s: %s', async (_, one, outcome) => {
    const { tap } = await lane([one]);
    await tap(0);
    expect((await tap(WINDOW_MS)).outcome).toBe(outcome);
  });
});

describe('not the same', () => {
  test('another card with the same ticket', async () => {
    const { tap } = await lane([ticket('T-1')]);
    await tap(0);
    expect((await tap(500, companion)).outcome).toBe('already-admitted');
    expect((await tap(500)).outcome).toBe('repeated');
  });

  test('an admission that was undone meanwhile', async () => {
    const { rig, tap, entries } = await lane([ticket('T-1')]);
    const { result } = await tap(0);
    const before = rig.journal.ticketState(EVENT_ID, 'T-1')!;
    const after = undo(before, { sequence: result.sequence });
    const note = { kind: 'fault', at: 1, monotonicMs: 1, detail: 'undone' } as const;
    rig.journal.append(note, [{ eventId: EVENT_ID, ticketNo: 'T-1', before, after }]);
    expect((await tap(500)).outcome).toBe('admitted');
    expect(entries()).toBe(1);
  });

  test('a card that was refused', async () => {
    const { rig, tap } = await lane([ticket('T-1', { seat: { ...OFTEN.seat, gate: 'A' } })]);
    expect((await tap(0)).outcome).toBe('wrong-gate');
    expect((await tap(500)).outcome).toBe('wrong-gate');
    expect(rig.decisions()).toHaveLength(2);
  });

  test('the way out, a moment after the way in', async () => {
    const { rig, tap } = await lane();
    await tap(0);
    const out = { ...rig.parts, lane: { gates: ['B'], direction: 'out' as const } };
    const result = await tapOn({ ...rig, parts: out }, card!);
    expect([result.repeated, outcomeOf(result)]).toEqual([undefined, 'admitted']);
  });

  test('a lane that has no such window', async () => {
    const { tap, entries } = await lane([OFTEN], { debounceMs: 0 });
    await tap(0);
    expect((await tap(1)).outcome).toBe('admitted');
    expect(entries()).toBe(2);
  });
});
