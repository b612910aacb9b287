import { randomBytes, randomInt } from 'node:crypto';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { UsageError } from '@pinless-gate/runtime/program';
import { z } from 'zod';
import { ALL_STEPS, type Step } from './virtual-card.ts';

const HEX = /^(?:[0-9a-f]{2})*$/i;

/**
 * What a card does wrong at a step. `answer`: hex digits are sent instead of the card's own response; `leave`
 * takes the card away without one; `mute` never answers; `nonsense` sends random octets; a number is
 * milliseconds of delay before the card's own response.
 */
export const faultSchema = z.strictObject({
  atStep: z.enum(ALL_STEPS),
  answer: z.union([
    z.enum(['leave', 'mute', 'nonsense']),
    z.string().regex(HEX, 'hex digits, leave, mute or nonsense'),
    z.number().min(0).max(600_000),
  ]),
  /** Only at the n-th command of the step, from 1. Without it, at every one. */
  nth: z.int().min(1).optional(),
});

export type Fault = z.infer<typeof faultSchema>;

export type FaultEffect =
  | { readonly kind: 'respond'; readonly response: Uint8Array }
  | { readonly kind: 'leave' | 'mute' }
  | { readonly kind: 'delay'; readonly ms: number };

/** The effect of the first fault that applies to the n-th command of a step. */
export function faultEffect(
  faults: readonly Fault[],
  step: Step,
  nth: number,
): FaultEffect | undefined {
  const fault = faults.find((each) => each.atStep === step && (each.nth ?? nth) === nth);
  if (!fault) return undefined;
  const { answer } = fault;
  if (typeof answer === 'number') return { kind: 'delay', ms: answer };
  if (answer === 'leave' || answer === 'mute') return { kind: answer };
  if (answer === 'nonsense') return { kind: 'respond', response: randomBytes(randomInt(1, 258)) };
  return { kind: 'respond', response: fromHex(answer) };
}

/** `STEP=ANSWER` of a command line: `sign=leave`, `get-challenge=6f00`, `sign=2000ms`. */
export function parseFault(text: string): Fault {
  const [atStep, answer = ''] = text.split('=', 2);
  const delay = /^(\d+)ms$/.exec(answer);
  const result = faultSchema.safeParse({ atStep, answer: delay ? Number(delay[1]) : answer });
  if (result.success && answer !== '') return result.data;
  throw new UsageError(
    `fault "${text}" is not STEP=ANSWER`,
    `steps: ${ALL_STEPS.join(', ')}; answers: hex digits, leave, mute, nonsense, 2000ms`,
  );
}

export function parseStep(text: string): Step {
  const step = ALL_STEPS.find((each) => each === text);
  if (step) return step;
  throw new UsageError(`"${text}" is no step`, `steps: ${ALL_STEPS.join(', ')}`);
}
