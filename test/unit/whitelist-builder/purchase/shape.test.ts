import { cardsOf } from '@pinless-gate/whitelist-builder/purchase/cards';
import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import { shapeOf } from '@pinless-gate/whitelist-builder/purchase/shape';
import { describe, expect, test } from 'vitest';
import { ADMISSION, purchase } from '../fixture.ts';

const POLICY = { gates: ['A', 'B', 'C'], toleranceS: 0, staleAfterS: 1, refuseAfterS: 1 };
const RULES = {
  gates: new Set(POLICY.gates),
  admission: ADMISSION,
  shape: shapeOf({
    ...POLICY,
    zones: [
      { name: 'Arena', gates: ['A', 'B'] },
      { name: 'Stand', gates: ['C'] },
    ],
    rules: [
      { categories: ['pass'], entriesPerDay: 1 },
      { categories: ['conference'], entries: 3 },
      { categories: ['conference'], entriesPerGate: 2 },
      { minimumS: 60 },
    ],
    attention: [{ flag: 'carer', lane: 'wait' }],
  }),
};

function ticketOf(more: object) {
  const ticket = { ticketNo: 'T-1', seat: { gate: 'B' }, ...more };
  const cards = cardsOf(purchase(1, { tickets: [ticket] }) as Purchase, RULES);
  return cards.problem ?? cards.cards[0]!.tickets[0]!;
}

describe('what rules make of a ticket', () => {
  test.each([
    ['adult', 1],
    ['pass', 99],
    ['conference', 3],
  ])('a ticket of %s that does not say it enters %i times', (category, entries) => {
    expect(ticketOf({ category })).toMatchObject({ entries });
    expect(ticketOf({ category, entries: 2 })).toMatchObject({ entries: 2 });
  });

  test.each([
    ['adult', []],
    ['child', ['child']],
    ['carer', ['carer']],
  ])('category %s gives flags %j', (category, flags) => {
    expect(ticketOf({ category })).toMatchObject({ flags });
  });

  test.each<[string, object, object]>([
    ['a zone of the event', { zone: 'Arena' }, { zone: 'Arena' }],
    ['no zone', {}, { zone: undefined }],
    ['another zone', { zone: 'Foyer' }, { field: 'tickets[0].zone' }],
    ['a gate of another zone', { zone: 'Stand' }, { field: 'tickets[0].seat.gate' }],
  ])('%s', (_, more, expected) => {
    expect(ticketOf(more)).toMatchObject(expected);
  });

  test('a policy of before shapes nothing', () => {
    expect(shapeOf(POLICY)).toBeUndefined();
    expect(shapeOf({ ...POLICY, rules: [{ reentry: 'none' }] })).toBeUndefined();
  });
});
