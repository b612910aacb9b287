import { type Order, orderSchema } from '@pinless-gate/gate-firmware/staff/order';
import { describe, expect, test } from 'vitest';
import { withCode } from '../fixture.ts';
import { CODE, Desk } from './rig.ts';

const reason = 'checked';
const override: Order = { act: 'override', code: CODE, reason };
const undo: Order = { act: 'undo', code: CODE, reason };
const accept: Order = { act: 'accept', ticketNo: 'T-9', proof: 'passport', reason };
const block: Order = { act: 'block', ticketNo: 'T-1', reason };
const mode = (name: string) => orderSchema.parse({ act: 'mode', mode: name, reason });

describe('a person without a card', () => {
  test('enters on the ticket; of the proof only its kind is kept', () => {
    const desk = new Desk();
    const { code } = desk.as('staff', accept);
    expect(desk.act()).toMatchObject({ act: 'accept', ticketNo: 'T-9', detail: 'passport', code });
    expect(desk.letIn).toMatchObject([{ people: 1, entered: [{ ticketNo: 'T-9', entry: 1 }] }]);
    expect(desk.as('staff', { ...undo, code: code! }).tickets).toHaveLength(1);
  });

  test('not on another proof, an entered ticket, a blocked one', () => {
    const desk = new Desk();
    const refused = (order: Order, code: string) =>
      expect(() => desk.as('staff', order)).toThrow(withCode(code));
    refused({ ...accept, proof: 'smile' }, 'ERR_STAFF_PROOF');
    desk.as('staff', accept);
    refused(accept, 'ERR_STAFF_TICKET');
    desk.as('lead', { ...block, ticketNo: 'T-8' });
    refused({ ...accept, ticketNo: 'T-8' }, 'ERR_STAFF_TICKET');
  });
});

test('a ticket is blocked and unblocked, once each', () => {
  const desk = new Desk();
  for (const act of ['block', 'unblock'] as const) {
    desk.as('lead', { ...block, act });
    expect(desk.ledger.state('T-1').blocked).toBe(act === 'block' ? true : undefined);
    expect(() => desk.as('lead', { ...block, act })).toThrow(withCode('ERR_STAFF_TICKET'));
  }
});

test.each(['passed', 'failed'] as const)('a face check: %s', async (answer) => {
  const desk = new Desk();
  const order = { act: 'face-check', code: CODE, answer, reason } as const;
  expect(() => desk.as('staff', order)).toThrow(withCode('ERR_STAFF_LOOK'));
  const waits = desk.look.wait({ code: CODE, why: 'face-check', language: 'ja' });
  expect(() => desk.as('staff', { ...order, code: 'M1-11' })).toThrow(withCode('ERR_STAFF_LOOK'));
  desk.as('staff', order);
  expect(await waits).toBe(answer === 'passed');
  expect(desk.act()).toMatchObject({ act: 'face-check', code: CODE, detail: answer });
});

test('a cleared venue: everybody who was inside may come in once more, and nobody else', () => {
  const desk = new Desk();
  desk.refused(['T-1', 'T-2']);
  desk.as('lead', override);
  expect(() => desk.as('lead', { act: 'readmit', reason })).toThrow(withCode('ERR_STAFF_MODE'));
  desk.as('staff', mode('evacuate'));
  expect(desk.done).toContain('hold true');
  expect(desk.as('lead', { act: 'readmit', reason }).readmitted).toBe(2);
  expect(desk.act()).toMatchObject({ act: 'readmit', detail: '2' });
  expect(desk.ledger.state('T-1')).toMatchObject({ entries: 1, inside: false, readmitted: true });
  expect(desk.as('lead', { act: 'readmit', reason }).readmitted).toBe(0);
  expect(() => desk.as('lead', mode('normal'))).not.toThrow();
  expect(() => desk.as('lead', mode('normal'))).toThrow(withCode('ERR_STAFF_MODE'));
});

test('the board leads from a code to what happened and what to do next', () => {
  const desk = new Desk();
  desk.refused(['T-1']);
  desk.refused(['T-2'], 'wrong-gate', 'M1-11');
  expect(desk.board.search(CODE)).toMatchObject([{ reason: 'too-early', next: 'override' }]);
  desk.as('lead', override);
  expect(desk.board.search(CODE)).toMatchObject([
    { outcome: 'override', next: 'undo' },
    { outcome: 'refused', next: undefined },
  ]);
  desk.as('staff', undo);
  expect(desk.board.search(CODE).map(({ next }) => next)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(desk.board.view().taps).toHaveLength(4);
  desk.pass(3_600_001);
  expect(desk.board.search(CODE)).toEqual([]);
});
