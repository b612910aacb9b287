import { GateError } from '@pinless-gate/protocol/errors';
import { REFUSAL_REASONS, type RefusalReason } from '@pinless-gate/protocol/refusal';
import { z } from 'zod';

const OUTCOMES = ['admitted', ...REFUSAL_REASONS] as const;

/** What a tap comes to: `admitted`, or why not. */
export type RehearsedOutcome = (typeof OUTCOMES)[number];

/** What `--plan` reads. Neither label may say whose card it is: one of them is in the report. */
const planFile = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        /** What is rehearsed, as the report has it. */
        name: z.string().min(1).max(80),
        /** What the tester calls the card. */
        card: z.string().regex(/^[\w.-]{1,40}$/, 'must be 1 to 40 letters, digits, . _ -'),
        expect: z.enum(OUTCOMES),
      }),
    )
    .min(1)
    .max(200),
});

/** Cards to be tapped, in this order, and what must come of each. */
export type Plan = z.infer<typeof planFile>;
export type PlanStep = Plan['steps'][number];

/** Throws ERR_REHEARSAL_PLAN. */
export function parsePlan(text: string, path: string): Plan {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new GateError('ERR_REHEARSAL_PLAN', `${path}: not JSON`, { cause });
  }
  const result = planFile.safeParse(json);
  if (result.success) return result.data;
  const { path: key, message } = result.error.issues[0]!;
  const where = key.join('.') || 'file';
  throw new GateError('ERR_REHEARSAL_PLAN', `${path}: ${where}: ${message.toLowerCase()}`, {
    hint: 'docs/rehearsal.md shows a plan',
  });
}

/** Reasons that no card of the plan brings about: the lane shows them by itself. */
export function untapped({ steps }: Plan): RefusalReason[] {
  const tapped = new Set<RehearsedOutcome>(steps.map((step) => step.expect));
  return REFUSAL_REASONS.filter((reason) => !tapped.has(reason));
}
