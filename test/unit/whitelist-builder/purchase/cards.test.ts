import { cardsOf } from '@pinless-gate/whitelist-builder/purchase/cards';
import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import { describe, expect, test } from 'vitest';
import { ADMISSION, purchase } from '../fixture.ts';

const RULES = { gates: new Set(['A', 'B']), admission: ADMISSION };
const SEAT = { gate: 'B', block: '112', row: '7', number: '15' };
const EVENING = { from: '2026-12-20T17:00:00+09:00', until: '2026-12-20T20:00:00+09:00' };
const EVENING_S = { from: 1_797_753_600, until: 1_797_764_400 };
const holder = { serial: '0705d991', issuer: 'jpki-auth' };

const planned = (changes: Record<string, unknown>) =>
  cardsOf(purchase(1, changes) as Purchase, RULES);
const tickets = (changes: Record<string, unknown>) => {
  const plan = planned(changes);
  if (plan.problem) throw new Error(`${plan.problem.field}: ${plan.problem.reason}`);
  return plan.cards.map((card) => card.tickets);
};

describe('cardsOf', () => {
  test('a ticket that says no more than its seat', () => {
    expect(tickets({ tickets: [{ ticketNo: 'T-1', seat: SEAT }] })).toEqual([
      [
        {
          ticketNo: 'T-1',
          seat: SEAT,
          zone: undefined,
          category: 'adult',
          admission: ADMISSION,
          entries: 1,
          reentry: false,
          flags: [],
          with: undefined,
          place: 1,
        },
      ],
    ]);
  });

  test.each([
    ['adult', []],
    ['child', ['child']],
    ['concession', ['concession']],
    ['VIP', []],
  ])('category %s gives flags %j', (category, flags) => {
    expect(tickets({ tickets: [{ ticketNo: 'T-1', seat: SEAT, category }] })[0]![0]!.flags).toEqual(
      flags,
    );
  });

  test.each([
    ['its own', { admission: EVENING }, {}, {}, EVENING_S],
    ['of the ticket it enters with', { with: 'T-2' }, { admission: EVENING }, {}, EVENING_S],
    [
      'of the one that one enters with',
      { with: 'T-2' },
      { with: 'T-1' },
      { admission: EVENING },
      EVENING_S,
    ],
    ['of the first ticket', {}, {}, { admission: EVENING }, EVENING_S],
    ['of the event', {}, {}, {}, ADMISSION],
  ])('admission: %s', (_, third, second, first, expected) => {
    const plan = [
      { ticketNo: 'T-1', seat: SEAT, ...first },
      { ticketNo: 'T-2', seat: SEAT, ...second },
      { ticketNo: 'T-3', seat: SEAT, ...third },
    ];
    expect(tickets({ tickets: plan })[0]![2]!.admission).toEqual(expected);
  });

  test('the parts of a second go', () => {
    const admission = { from: '2026-12-20T17:00:00.999+09:00', until: '2026-12-20T20:00:00+09:00' };
    expect(
      tickets({ tickets: [{ ticketNo: 'T-1', seat: SEAT, admission }] })[0]![0]!.admission,
    ).toEqual(EVENING_S);
  });

  test('a companion with a number only takes over that ticket', () => {
    const plan = planned({
      tickets: [
        { ticketNo: 'T-1', seat: SEAT },
        { ticketNo: 'T-2', seat: { gate: 'A' }, category: 'child' },
      ],
      companions: [{ ticketNo: 'T-2', holder }],
    });
    expect(plan).toMatchObject({
      partySize: 2,
      cards: [
        { field: 'holder', tickets: [{ ticketNo: 'T-1', place: 1 }] },
        {
          field: 'companions[0].holder',
          holder,
          tickets: [{ ticketNo: 'T-2', seat: { gate: 'A' }, flags: ['child'], place: 2 }],
        },
      ],
    });
  });

  test('a companion with a number of no ticket gets the gate of the first, and no seat', () => {
    const plan = planned({ companions: [{ ticketNo: 'T-9', holder }] });
    expect(plan).toMatchObject({
      partySize: 2,
      cards: [{}, { tickets: [{ ticketNo: 'T-9', place: 2 }] }],
    });
    expect(tickets({ companions: [{ ticketNo: 'T-9', holder }] })[1]![0]!.seat).toEqual({
      gate: 'B',
    });
  });

  test('a companion with a ticket of their own', () => {
    const [, companion] = tickets({
      companions: [
        { ticketNo: 'T-9', holder, seat: { gate: 'A', row: '1' }, entries: 2, with: 'T-1-1' },
      ],
    });
    expect(companion?.[0]).toMatchObject({
      seat: { gate: 'A', row: '1' },
      entries: 2,
      with: 'T-1-1',
    });
  });

  test('a holder whose every ticket went to companions opens nothing', () => {
    const plan = planned({
      tickets: [{ ticketNo: 'T-1', seat: SEAT }],
      companions: [{ ticketNo: 'T-1', holder }],
    });
    expect(plan).toMatchObject({ partySize: 1, cards: [{ field: 'companions[0].holder' }] });
  });

  const two = (first: object, second: object) => ({
    tickets: [
      { ticketNo: 'T-1', seat: SEAT, ...first },
      { ticketNo: 'T-2', seat: SEAT, ...second },
    ],
  });
  test.each([
    ['one number twice', two({}, { ticketNo: 'T-1' }), 'tickets[1].ticketNo', /tickets\[0\]/],
    [
      'a companion with seat and a number that is taken',
      { companions: [{ ticketNo: 'T-1-1', holder, seat: SEAT }] },
      'companions[0].ticketNo',
      /tickets\[0\]/,
    ],
    [
      'two companions for one ticket',
      {
        companions: [
          { ticketNo: 'T-1-1', holder },
          { ticketNo: 'T-1-1', holder },
        ],
      },
      'companions[1].ticketNo',
      /tickets\[0\]/,
    ],
    ['with a ticket of nobody', two({ with: 'T-9' }, {}), 'tickets[0].with', /no ticket/],
    ['with itself', two({ with: 'T-1' }, {}), 'tickets[0].with', /circle/],
    ['with one another', two({ with: 'T-2' }, { with: 'T-1' }), /with$/, /circle/],
    [
      'a gate that the event has not',
      two({}, { seat: { gate: 'C' } }),
      'tickets[1].seat.gate',
      /policy.gates/,
    ],
    [
      'admission that ends as it begins',
      two({}, { admission: { from: EVENING.from, until: EVENING.from } }),
      'tickets[1].admission',
      /after/,
    ],
    [
      'admission before 1970',
      two({}, { admission: { from: '1960-01-01T00:00:00Z', until: EVENING.until } }),
      'tickets[1].admission',
      /./,
    ],
  ])('refused: %s', (_, changes, field, reason) => {
    expect(planned(changes).problem).toEqual({
      field: typeof field === 'string' ? field : expect.stringMatching(field),
      reason: expect.stringMatching(reason),
    });
  });
});
