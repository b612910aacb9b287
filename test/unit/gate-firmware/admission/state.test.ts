import {
  admit,
  annul,
  block,
  confirm,
  entriesOn,
  entriesThrough,
  leave,
  type Movement,
  NEW_TICKET,
  nextEntry,
  readmit,
  type TicketState,
  unblock,
  undo,
} from '@pinless-gate/gate-firmware/admission/state';
import {
  decodeTicketState,
  encodeTicketState,
} from '@pinless-gate/gate-firmware/journal/admission-state';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import { describe, expect, test } from 'vitest';
import { withCode } from '../fixture.ts';

const movement = (sequence: number, more: Partial<Movement> = {}): Movement => ({
  sequence,
  at: 1000 * sequence,
  ...more,
});
const DAY = { date: '2026-12-20', gate: 'B' };
const ENTERED = admit(NEW_TICKET, movement(1, DAY));
const PENDING = admit(NEW_TICKET, movement(1, { ...DAY, awaitsPassage: true }));

describe('admit and leave', () => {
  test('count entries, of the day and of the gate', () => {
    expect(ENTERED).toEqual({
      revision: 1,
      entries: 1,
      inside: true,
      lastEntryAt: 1000,
      day: { date: '2026-12-20', entries: 1 },
      perGate: [{ gate: 'B', entries: 1 }],
      last: { sequence: 1, at: 1000, direction: 'in', before: { entries: 0, inside: false } },
    });
    const out = leave(ENTERED, movement(2));
    expect(out).toMatchObject({ revision: 2, entries: 1, inside: false, lastExitAt: 2000 });
    const again = admit(out, movement(3, { date: '2026-12-21', gate: 'A' }));
    expect(again).toMatchObject({ entries: 2, inside: true, lastEntryAt: 3000, lastExitAt: 2000 });
    expect(['2026-12-20', '2026-12-21', '2026-12-22'].map((day) => entriesOn(again, day))).toEqual([
      1, 1, 0,
    ]);
    expect(['A', 'B', 'C'].map((gate) => entriesThrough(again, gate))).toEqual([1, 1, 0]);
  });

  test('a clock that was set back gives no day a second time', () => {
    const set = admit(ENTERED, movement(2, { date: '2026-12-19' }));
    expect(set.day).toEqual({ date: '2026-12-20', entries: 2 });
  });

  test('without time zone and gate there is nothing to count by', () => {
    expect(admit(NEW_TICKET, movement(1))).not.toHaveProperty('day');
    expect(admit(NEW_TICKET, movement(1))).not.toHaveProperty('perGate');
  });
});

describe('a passage', () => {
  test('that is confirmed stays; twice is once', () => {
    const confirmed = confirm(PENDING, { sequence: 1 });
    expect(confirmed).toEqual({ ...ENTERED, revision: 2 });
    expect(confirm(confirmed, { sequence: 1 })).toBe(confirmed);
    expect(annul(confirmed, { sequence: 1 })).toBe(confirmed);
  });

  test('that did not happen leaves what was before', () => {
    expect(annul(PENDING, { sequence: 1 })).toEqual({ ...NEW_TICKET, revision: 2 });
    const leaving = leave(ENTERED, movement(2, { awaitsPassage: true }));
    expect(annul(leaving, { sequence: 2 })).toMatchObject({ inside: true, entries: 1 });
  });

  test('of another admission is none of it', () => {
    expect(confirm(PENDING, { sequence: 2 })).toBe(PENDING);
    expect(annul(PENDING, { sequence: 2 })).toBe(PENDING);
  });

  test('that a second movement overtook is not annulled', () => {
    const out = leave(PENDING, movement(2));
    expect(annul(out, { sequence: 1 })).toBe(out);
    expect(out.pending).toBeUndefined();
  });
});

describe('staff acts', () => {
  test('undo takes the newest movement back, once', () => {
    const out = leave(ENTERED, movement(2));
    expect(undo(out, { sequence: 1 })).toBe(out);
    const undone = undo(out, { sequence: 2 });
    expect(undone).toMatchObject({ revision: 3, entries: 1, inside: true });
    expect(undone.lastExitAt).toBeUndefined();
    expect(undo(undone, { sequence: 2 })).toBe(undone);
  });

  test('a block outlives movements and undo, until it is taken back', () => {
    const blocked = block(ENTERED);
    expect(block(blocked)).toBe(blocked);
    expect(undo(blocked, { sequence: 1 })).toEqual({ ...NEW_TICKET, revision: 3, blocked: true });
    expect(leave(blocked, movement(2)).blocked).toBe(true);
    expect(unblock(blocked)).toEqual({ ...ENTERED, revision: 3 });
    expect(unblock(ENTERED)).toBe(ENTERED);
  });

  test('who was inside when the venue was cleared comes in once more, uncounted', () => {
    const cleared = readmit(ENTERED);
    expect(cleared).toMatchObject({ inside: false, readmitted: true, entries: 1, revision: 2 });
    expect(cleared).not.toHaveProperty('last');
    expect([nextEntry(ENTERED), nextEntry(cleared)]).toEqual([2, 1]);
    const back = admit(cleared, movement(9, DAY));
    expect(back).toMatchObject({ inside: true, entries: 1, lastEntryAt: 9000 });
    expect(entriesThrough(back, 'B')).toBe(1);
    expect(back).not.toHaveProperty('readmitted');
    expect(undo(back, { sequence: 9 })).toMatchObject({ inside: false, readmitted: true });
  });

  test('who was outside when the venue was cleared is not concerned', () => {
    expect(readmit(NEW_TICKET)).toBe(NEW_TICKET);
  });
});

describe('the encoding', () => {
  const states: [string, TicketState][] = [
    ['a new ticket', NEW_TICKET],
    ['entered', ENTERED],
    ['pending', PENDING],
    ['left', leave(ENTERED, movement(2))],
    ['blocked before it ever came', block(NEW_TICKET)],
    ['readmitted', readmit(ENTERED)],
    ['back after that', admit(readmit(ENTERED), movement(2, { awaitsPassage: true }))],
  ];
  test.each(states)('%s comes back whole', (_, state) => {
    expect(decodeTicketState(encodeTicketState(state))).toEqual(state);
  });

  test('the form before there were revisions is read', () => {
    const bytes = encodeCbor({ entries: 2, lastEntryAt: 5000 });
    const state = decodeTicketState(bytes);
    expect(state).toEqual({ revision: 2, entries: 2, inside: true, lastEntryAt: 5000 });
    expect(decodeTicketState(encodeTicketState(state))).toEqual(state);
  });

  test.each([
    ['an unknown member', { revision: 1, entries: 1, inside: true, more: 1 }, 'ERR_CBOR_UNKNOWN'],
    [
      'a flag that is false',
      { revision: 1, entries: 1, inside: true, blocked: false },
      'ERR_TICKET_STATE',
    ],
    ['no word of inside', { revision: 1, entries: 1 }, 'ERR_CBOR_TYPE'],
    [
      'a movement of no direction',
      {
        revision: 1,
        entries: 1,
        inside: true,
        last: { sequence: 1, at: 1, direction: 'up', before: {} },
      },
      'ERR_TICKET_STATE',
    ],
  ])('%s is refused', (_, value, code) => {
    expect(() => decodeTicketState(encodeCbor(value))).toThrow(withCode(code));
  });

  test('every beginning of one is refused', () => {
    const whole = encodeTicketState(PENDING);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeTicketState(whole.subarray(0, length))).toThrow(withCode('ERR_CBOR'));
    }
  });
});
