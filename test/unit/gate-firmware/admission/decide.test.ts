import {
  decide,
  type Facts,
  listRefusal,
  listWarning,
} from '@pinless-gate/gate-firmware/admission/decide';
import { NEW_TICKET } from '@pinless-gate/gate-firmware/admission/state';
import type { Ticket } from '@pinless-gate/protocol/record';
import { describe, expect, test } from 'vitest';
import { seatRecord, ticket } from '../fixture.ts';

const FROM = 1_797_000_000;
const UNTIL = FROM + 3 * 3600;
const TOLERANCE = 600;
const LIST: Facts['list'] = {
  issuedAt: FROM - 86_400,
  notBefore: FROM - 86_400,
  expiresAt: UNTIL + 86_400,
  policy: { gates: ['A', 'B'], toleranceS: TOLERANCE, staleAfterS: 86_400, refuseAfterS: 259_200 },
};

const adult = (changes: Partial<Ticket> = {}) =>
  ticket('T-1', { admission: { from: FROM, until: UNTIL }, ...changes });

interface Case {
  readonly tickets?: readonly Ticket[];
  readonly entered?: readonly number[];
  /** Unix seconds. */
  readonly at?: number;
  readonly gates?: readonly string[];
  readonly notAfter?: number;
  readonly list?: Partial<Facts['list']>;
}

function decided({ tickets = [adult()], at = FROM + 60, gates = ['B'], ...more }: Case = {}) {
  const pinned = { publicKey: new Uint8Array(1), notAfter: more.notAfter };
  const decision = decide({
    list: { ...LIST, ...more.list },
    record: seatRecord(tickets, more.notAfter === undefined ? {} : pinned),
    history: tickets.map((_, i) => ({ ...NEW_TICKET, entries: more.entered?.[i] ?? 0 })),
    lane: { gates },
    at: 1000 * at,
  });
  return decision.admitted
    ? decision.tickets.map((one) => `${one.ticket.ticketNo}#${one.entry}`).join(' ')
    : decision.reason;
}

describe('decide', () => {
  test.each<[string, Case, string]>([
    ['one ticket in time', {}, 'T-1#1'],
    ['at the first second, with tolerance', { at: FROM - TOLERANCE }, 'T-1#1'],
    ['a millisecond before that', { at: FROM - TOLERANCE - 0.001 }, 'too-early'],
    ['at the last second, with tolerance', { at: UNTIL + TOLERANCE }, 'T-1#1'],
    ['a millisecond after that', { at: UNTIL + TOLERANCE + 0.001 }, 'too-late'],
    ['without tolerance a second too early', { at: FROM - 1, list: noTolerance() }, 'too-early'],
    ['without tolerance at the second', { at: FROM, list: noTolerance() }, 'T-1#1'],
    ['at another gate', { gates: ['A'] }, 'wrong-gate'],
    ['at a lane of two gates', { gates: ['A', 'B'] }, 'T-1#1'],
    ['at a lane of no gate', { gates: [] }, 'wrong-gate'],
    ['gates are compared whole', { gates: ['B1', 'b', 'B '] }, 'wrong-gate'],
    ['used already', { entered: [1] }, 'already-admitted'],
    ['used more often than it may', { entered: [7] }, 'already-admitted'],
    ['the second of two entries', { tickets: [adult({ entries: 2 })], entered: [1] }, 'T-1#2'],
    ['the third of two', { tickets: [adult({ entries: 2 })], entered: [2] }, 'already-admitted'],
    ['no entry allowed at all', { tickets: [adult({ entries: 0 })] }, 'already-admitted'],
    ['the last second of the certificate', { notAfter: FROM, at: FROM + 0.999 }, 'T-1#1'],
    ['the second after it', { notAfter: FROM, at: FROM + 1 }, 'certificate-expired'],
    ['a certificate that is not pinned is read, not judged here', { at: FROM + 60 }, 'T-1#1'],
    [
      'an expired certificate before a wrong gate',
      { notAfter: 1, gates: ['A'] },
      'certificate-expired',
    ],
    [
      'an expired list before an expired certificate',
      { notAfter: 1, list: { expiresAt: 1 } },
      'list-expired',
    ],
  ])('%s', (_, facts, expected) => {
    expect(decided(facts)).toBe(expected);
  });
});

describe('decide is total', () => {
  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e17])(
    'at %s the clock is at fault',
    (at) => {
      expect(decided({ at: at / 1000 })).toBe('clock-fault');
    },
  );

  test('without history, without tickets, with a choice of none', () => {
    const facts = {
      list: LIST,
      record: seatRecord([adult()]),
      history: [],
      lane: { gates: ['B'] },
      at: 1000 * FROM,
    };
    expect(decide(facts)).toMatchObject({ admitted: true, tickets: [{ entry: 1 }] });
    expect(decide({ ...facts, chosen: ['T-9'] })).toEqual({
      admitted: false,
      reason: 'not-listed',
    });
    expect(decide({ ...facts, record: seatRecord([]) })).toMatchObject({ reason: 'not-listed' });
    const out = { gates: [], direction: 'out' } as const;
    expect(decide({ ...facts, record: seatRecord([]), lane: out })).toMatchObject({
      reason: 'not-inside',
    });
  });
});

function noTolerance(): Partial<Facts['list']> {
  return { policy: { ...LIST.policy, toleranceS: 0 } };
}

const EARLY = adult({ ticketNo: 'early', admission: { from: FROM + 7200, until: UNTIL } });
const LATE = adult({ ticketNo: 'late', admission: { from: FROM - 9000, until: FROM - 7200 } });
const ELSEWHERE = adult({ ticketNo: 'elsewhere', seat: { gate: 'A' } });
const GOOD = adult({ ticketNo: 'good' });
const USED = adult({ ticketNo: 'used' });

describe('decide, with several tickets', () => {
  test.each<[string, Ticket[], number[], string]>([
    ['all that may enter enter', [GOOD, adult({ ticketNo: 'child' })], [0, 0], 'good#1 child#1'],
    [
      'those that may not stay behind',
      [EARLY, GOOD, LATE, ELSEWHERE, USED],
      [0, 0, 0, 0, 1],
      'good#1',
    ],
    ['each has its own history', [GOOD, adult({ ticketNo: 'child' })], [1, 0], 'child#1'],
    ['wait before walk', [ELSEWHERE, EARLY], [0, 0], 'too-early'],
    ['walk before late', [LATE, ELSEWHERE], [0, 0], 'wrong-gate'],
    ['late before used', [USED, LATE], [1, 0], 'too-late'],
    ['used when all are', [USED, adult({ ticketNo: 'child' })], [1, 1], 'already-admitted'],
    ['used elsewhere is elsewhere', [ELSEWHERE], [1], 'wrong-gate'],
    ['used and early is used', [EARLY], [1], 'already-admitted'],
  ])('%s', (_, tickets, entered, expected) => {
    expect(decided({ tickets, entered })).toBe(expected);
  });
});

describe('listRefusal', () => {
  const { issuedAt, expiresAt, policy } = LIST;
  test.each<[string, number, Partial<Facts['list']>, string | undefined]>([
    ['fresh', issuedAt, {}, undefined],
    ['a second before it begins', issuedAt - 1, {}, 'list-expired'],
    ['at its expiry', expiresAt - 1, { issuedAt: expiresAt - 10 }, undefined],
    ['a second after its expiry', expiresAt + 1, { issuedAt: expiresAt - 10 }, 'list-expired'],
    ['as old as it may be', issuedAt + policy.refuseAfterS, { expiresAt: 9e9 }, undefined],
    ['a second older', issuedAt + policy.refuseAfterS + 1, { expiresAt: 9e9 }, 'list-expired'],
    ['stale is no reason', issuedAt + policy.staleAfterS + 1, { expiresAt: 9e9 }, undefined],
  ])('%s', (_, at, list, expected) => {
    expect(listRefusal({ ...LIST, ...list }, 1000 * at)).toBe(expected);
  });
});

describe('the age of the oldest check', () => {
  const { issuedAt } = LIST;
  const HOUR = 3600;
  const policy = {
    ...LIST.policy,
    revocationStaleAfterS: 24 * HOUR,
    revocationRefuseAfterS: 36 * HOUR,
  };
  const at = 1000 * (issuedAt + HOUR);
  test.each<[string, number | undefined, string | undefined, string | undefined]>([
    ['fresh', issuedAt, undefined, undefined],
    ['as old as green is', issuedAt - 23 * HOUR, undefined, undefined],
    ['a second older', issuedAt - 23 * HOUR - 1, undefined, 'revocation-stale'],
    ['as old as it may be', issuedAt - 35 * HOUR, undefined, 'revocation-stale'],
    [
      'a second older than that',
      issuedAt - 35 * HOUR - 1,
      'revocation-too-old',
      'revocation-stale',
    ],
    ['no check of some card', undefined, 'revocation-too-old', 'revocation-stale'],
  ])('%s', (_, revocationCheckedAt, refusal, warning) => {
    const list = { ...LIST, policy, revocationCheckedAt };
    expect(listRefusal(list, at)).toBe(refusal);
    expect(listWarning(list, at)).toBe(warning);
  });

  test('does not matter where the policy says nothing', () => {
    expect(listRefusal(LIST, at)).toBeUndefined();
    expect(listWarning(LIST, at)).toBeUndefined();
  });

  test('a list that is old is told before', () => {
    const late = 1000 * (issuedAt + policy.staleAfterS + 1);
    expect(listWarning({ ...LIST, policy }, late)).toBe('list-stale');
  });
});
