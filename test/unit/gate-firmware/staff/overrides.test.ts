import { admit } from '@pinless-gate/gate-firmware/admission/state';
import { type Order, orderSchema } from '@pinless-gate/gate-firmware/staff/order';
import { JournalError } from '@pinless-gate/protocol/journal';
import { describe, expect, test, vi } from 'vitest';
import { withCode } from '../fixture.ts';
import { CODE, Desk } from './rig.ts';

const reason = 'checked';
const override: Order = { act: 'override', code: CODE, reason };
const undo: Order = { act: 'undo', code: CODE, reason };
const mode = (name: string) => orderSchema.parse({ act: 'mode', mode: name, reason });

describe('an override', () => {
  test('is in the journal with who and why, and then opens', () => {
    const desk = new Desk();
    const of = desk.refused(['T-1', 'T-2']);
    const done = desk.as('lead', override);
    expect(desk.act()).toMatchObject({
      act: 'override',
      of,
      operator: { id: 'lead-1', role: 'lead' },
      reason,
      code: CODE,
      tickets: [
        { ticketNo: 'T-1', entry: 1 },
        { ticketNo: 'T-2', entry: 1 },
      ],
    });
    expect(desk.letIn).toMatchObject([{ sequence: done.sequence, people: 2, code: CODE }]);
    expect(desk.ledger.state('T-2')).toMatchObject({ entries: 1, inside: true });
  });

  test('of whom is not inside, or of whom staff chose', () => {
    const desk = new Desk();
    desk.ledger.write(
      { kind: 'act', act: 'accept', operator: { id: 'x', role: 'lead' }, reason, tickets: [] },
      new Map([['T-1', admit(desk.ledger.state('T-1'), { sequence: 1, at: desk.now() })]]),
    );
    desk.refused(['T-1', 'T-2', 'T-3']);
    expect(desk.as('lead', override).tickets.map((one) => one.ticketNo)).toEqual(['T-2', 'T-3']);
    desk.refused(['T-1', 'T-2', 'T-3'], 'already-admitted', 'M1-11');
    const chosen = { ...override, code: 'M1-11', tickets: ['T-1'] } as const;
    expect(desk.as('lead', { ...chosen, tickets: ['T-1'] }).tickets).toEqual([
      { ticketNo: 'T-1', entry: 2 },
    ]);
  });

  test("of a stranger's card lets one person in without a ticket", () => {
    const desk = new Desk();
    desk.refused([], 'not-listed');
    expect(desk.as('lead', override).tickets).toEqual([]);
    expect(desk.letIn).toMatchObject([{ people: 1, entered: [] }]);
  });

  test('opens once for a tap', () => {
    const desk = new Desk();
    desk.refused(['T-1']);
    desk.as('lead', override);
    expect(() => desk.as('lead', override)).toThrow(withCode('ERR_STAFF_TAP'));
    expect(desk.letIn).toHaveLength(1);
  });

  test.each<[string, (desk: Desk) => Order, string]>([
    ['a code that nobody has', () => ({ ...override, code: 'A0-00' }), 'ERR_STAFF_TAP'],
    [
      'a tap of an hour ago',
      (desk) => {
        desk.pass(3_600_000);
        return override;
      },
      'ERR_STAFF_TAP',
    ],
    ["another card's ticket", () => ({ ...override, tickets: ['T-7'] }), 'ERR_STAFF_TICKET'],
    [
      'a rehearsal',
      (desk) => {
        desk.as('lead', mode('rehearsal'));
        return override;
      },
      'ERR_STAFF_MODE',
    ],
    ['no reason', () => ({ ...override, reason: '' }), 'ERR_ACT_REASON'],
    [
      'a number as reason',
      () => ({ ...override, reason: 'licence 3012-3456' }),
      'ERR_STAFF_REASON',
    ],
    ['one in full width', () => ({ ...override, reason: '番号 ３０１２３' }), 'ERR_STAFF_REASON'],
  ])('not for %s', (_, prepare, code) => {
    const desk = new Desk();
    desk.refused(['T-1']);
    const order = prepare(desk);
    const { sequence } = desk.journal;
    expect(() => desk.as('lead', order)).toThrow(withCode(code));
    expect([desk.journal.sequence, desk.letIn]).toEqual([sequence, []]);
  });

  test('opens nothing where it cannot be written, and the gate is told', () => {
    const desk = new Desk();
    desk.refused(['T-1']);
    vi.spyOn(desk.journal, 'append').mockImplementation(() => {
      throw new JournalError('ERR_JOURNAL_BROKEN', 'full');
    });
    expect(() => desk.as('lead', override)).toThrow(withCode('ERR_JOURNAL_BROKEN'));
    expect([desk.letIn, desk.done, desk.broken.length]).toEqual([[], [], 1]);
  });
});

describe('taking back', () => {
  test('an override: the ticket is as it was, nobody is waited for', () => {
    const desk = new Desk();
    desk.refused(['T-1']);
    const { sequence } = desk.as('lead', override);
    expect(desk.as('staff', undo).tickets).toEqual([{ ticketNo: 'T-1', entry: 1 }]);
    expect(desk.act()).toMatchObject({ act: 'undo', of: sequence });
    expect(desk.ledger.state('T-1')).toMatchObject({ entries: 0, inside: false });
    expect(desk.forgotten).toEqual([sequence]);
  });

  test('twice: no', () => {
    const desk = new Desk();
    desk.refused(['T-1']);
    desk.as('lead', override);
    desk.as('staff', undo);
    expect(() => desk.as('staff', undo)).toThrow(withCode('ERR_STAFF_UNDO'));
  });

  test('after the time: no', () => {
    const desk = new Desk();
    desk.refused(['T-1']);
    desk.as('lead', override);
    desk.pass(600_001);
    expect(() => desk.as('staff', undo)).toThrow(withCode('ERR_STAFF_TAP'));
    expect(desk.ledger.state('T-1').entries).toBe(1);
  });
});
