import { type Order, orderSchema } from '@pinless-gate/gate-firmware/staff/order';
import type { Role } from '@pinless-gate/protocol/journal/act';
import { describe, expect, test } from 'vitest';
import { withCode } from '../fixture.ts';
import { CODE, Desk } from './rig.ts';

const reason = 'checked';
const override: Order = { act: 'override', code: CODE, reason };
const undo: Order = { act: 'undo', code: CODE, reason };
const accept: Order = { act: 'accept', ticketNo: 'T-9', proof: 'passport', reason };
const block: Order = { act: 'block', ticketNo: 'T-1', reason };
const mode = (name: string) => orderSchema.parse({ act: 'mode', mode: name, reason });

describe('who may', () => {
  const orders: [string, Order, readonly Role[]][] = [
    ['override', override, ['lead']],
    ['block', block, ['lead']],
    ['unblock', { ...block, act: 'unblock' }, ['lead']],
    ['readmit', { act: 'readmit', reason }, ['lead']],
    ['close', mode('closed'), ['lead']],
    ['evacuate', mode('evacuate'), ['lead', 'staff']],
    ['undo', undo, ['lead', 'staff']],
    ['accept', accept, ['lead', 'staff']],
    ['face check', { act: 'face-check', code: CODE, answer: 'passed', reason }, ['lead', 'staff']],
    ['print again', { act: 'reprint', code: CODE, reason }, ['lead', 'staff']],
  ];
  const roles: Role[] = ['staff', 'lead', 'auditor', 'device'];
  test.each(
    orders.flatMap(([name, order, may]) => roles.map((role) => [name, role, order, may] as const)),
  )('%s: %s', (_, role, order, may) => {
    const desk = new Desk();
    const forbidden = withCode('ERR_STAFF_ROLE');
    const act = () => desk.as(role, order);
    if (may.includes(role)) {
      // Whatever else is in the way, the role is not.
      try {
        act();
      } catch (error) {
        expect(error).not.toEqual(forbidden);
      }
    } else {
      expect(act).toThrow(forbidden);
      expect(desk.entries()).toEqual([]);
    }
  });
});
