import { parsePlan, untapped } from '@pinless-gate/gate-firmware/rehearsal/plan';
import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import { describe, expect, test } from 'vitest';

const STEP = { name: 'one adult', card: 'card-1', expect: 'admitted' };
const parse = (value: unknown) => parsePlan(JSON.stringify(value), 'plan.json');

describe('the plan of a rehearsal', () => {
  test('its steps, in their order', () => {
    const steps = [STEP, { name: 'a phone', card: 'phone.2', expect: 'phone' }];
    expect(parse({ steps })).toEqual({ steps });
  });

  test('the lane shows every reason that no card brings about', () => {
    const steps = [STEP, { name: 'a phone', card: 'phone', expect: 'phone' }];
    const rest = untapped(parse({ steps }));
    expect(rest).not.toContain('phone');
    expect(new Set([...rest, 'phone'])).toEqual(new Set(REFUSAL_REASONS));
  });

  test.each([
    ['no steps', { steps: [] }, 'plan.json: steps:'],
    ['an outcome that there is not', { steps: [{ ...STEP, expect: 'maybe' }] }, 'steps.0.expect'],
    ['a card with a space', { steps: [{ ...STEP, card: 'card 1' }] }, 'steps.0.card'],
    ['more than it says', { steps: [{ ...STEP, holder: 'x' }] }, 'steps.0'],
    ['no object', 7, 'plan.json: file'],
  ])('%s: refused', (_, value, message) => {
    expect(() => parse(value)).toThrow(
      expect.objectContaining({
        code: 'ERR_REHEARSAL_PLAN',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('no JSON: refused', () => {
    expect(() => parsePlan('{', 'plan.json')).toThrow('plan.json: not JSON');
  });
});
