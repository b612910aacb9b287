import { block } from '@pinless-gate/gate-firmware/admission/state';
import type { LookAsked } from '@pinless-gate/gate-firmware/lane/look';
import type { TapParts } from '@pinless-gate/gate-firmware/lane/tap';
import type { Policy } from '@pinless-gate/protocol/policy';
import { beforeAll, describe, expect, test } from 'vitest';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { EVENT_ID } from '../fixture.ts';
import { STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { type Material, makeMaterial } from './rig.ts';
import { outcomeOf, rigFor, tapOn } from './taps.ts';

let material: Material;
let card: NewCard;

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await newCard(material.stage.jlis);
}, STAGE_TIMEOUT_MS);

const POLICY: Policy = {
  gates: ['A', 'B'],
  toleranceS: 600,
  staleAfterS: 86_400,
  refuseAfterS: 259_200,
};

const laneWith = (parts: Partial<TapParts>, policy: Partial<Policy> = {}) =>
  rigFor(material, card, {}, { ...parts, manifest: { policy: { ...POLICY, ...policy } } });

test('a rehearsal decides and journals, and counts nothing', async () => {
  const rig = await laneWith({ lane: { gates: ['B'], mode: 'rehearsal' } });
  for (const _ of [1, 2]) expect(outcomeOf(await tapOn(rig, card))).toBe('admitted');
  expect(rig.decisions()).toMatchObject([{ mode: 'rehearsal' }, { mode: 'rehearsal' }]);
  expect(rig.journal.ticketState(EVENT_ID, 'T-1')).toBeUndefined();
});

test('a second tap while the way is open says so, and counts nothing', async () => {
  const rig = await laneWith({ witnessed: () => true }, { passage: { annulAfterS: 8 } });
  expect(outcomeOf(await tapOn(rig, card))).toBe('admitted');
  const pending = rig.journal.ticketState(EVENT_ID, 'T-1');
  expect(pending?.pending).toMatchObject({ sequence: 1 });
  expect(outcomeOf(await tapOn(rig, card))).toBe('already-open');
  expect(rig.journal.ticketState(EVENT_ID, 'T-1')).toEqual(pending);
});

test('a way out is journalled as one', async () => {
  const rig = await laneWith({ lane: { gates: ['B'], direction: 'out' } });
  expect(outcomeOf(await tapOn(rig, card))).toBe('admitted');
  expect(rig.decisions()).toMatchObject([{ direction: 'out' }]);
});

describe('a face check', () => {
  const asked: LookAsked[] = [];
  const looked = (right: boolean, meanwhile: () => void = () => undefined) =>
    laneWith(
      {
        look: async (one) => {
          asked.push(one);
          meanwhile();
          return right;
        },
      },
      { faceCheck: 'staff' },
    );

  test('passed: the person is in', async () => {
    const rig = await looked(true);
    const { code, decision } = await tapOn(rig, card);
    expect(decision.admitted).toBe(true);
    expect(asked.at(-1)).toEqual({ code, why: 'face-check', language: 'ja' });
    expect(rig.decisions()[0]!.steps).toHaveProperty('staff');
  });

  test('not passed: the ticket is as it was', async () => {
    const rig = await looked(false);
    expect(outcomeOf(await tapOn(rig, card))).toBe('staff-declined');
    expect(rig.journal.ticketState(EVENT_ID, 'T-1')).toBeUndefined();
  });

  test('nobody there who could look: nobody is let in', async () => {
    const rig = await laneWith({}, { faceCheck: 'staff' });
    expect(outcomeOf(await tapOn(rig, card))).toBe('staff-declined');
  });

  test('a ticket that is blocked meanwhile', async () => {
    const note = { kind: 'fault', at: 1, monotonicMs: 1, detail: 'x' } as const;
    const blocked = block({ revision: 0, entries: 0, inside: false });
    const rig = await looked(true, () => {
      const change = { eventId: EVENT_ID, ticketNo: 'T-1', before: undefined, after: blocked };
      rig.journal.append(note, [change]);
    });
    expect(outcomeOf(await tapOn(rig, card))).toBe('ticket-blocked');
  });
});
