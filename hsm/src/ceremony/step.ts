import { createHash } from 'node:crypto';
import { domain, toHex } from '@pinless-gate/protocol/bytes';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import { z } from 'zod';

/** What wants the approval of operators, in the words they read before they give it. */
const ACTION_WORDS = {
  'institution-import': 'import the CV certificates of the institution key',
  'institution-wrap': 'wrap the institution key for other tokens',
  'institution-unwrap': 'take in a wrapped institution key',
  'event-key-wrap': 'wrap an event key for gates',
  'event-key-unwrap': 'take in a wrapped event key',
  'event-key-destroy': 'destroy an event key',
  'operator-add': 'make somebody an operator',
  'operator-remove': 'take an operator off the list',
} as const;

export type StepAction = keyof typeof ACTION_WORDS;

/**
 * What will be done, to the last file: key labels and ids, gates, SHA-256 of what is read. Never a secret, and nothing
 * of one host, such as a whole path. Values are shown to operators as they stand.
 */
export type StepDetails = Readonly<Record<string, string | readonly string[]>>;

/** A text that stays on its line and reads in its order. */
const shown = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be printable');
export const detailsSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9 -]{0,31}$/),
  z.union([shown, z.array(shown).min(1).max(10_000)]),
);
export const timeSchema = z.iso.datetime({ precision: 3 });
export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const ACTIONS = Object.keys(ACTION_WORDS) as [StepAction, ...StepAction[]];

export const stepSchema = z.strictObject({
  format: z.literal('pinless-gate/ceremony-step/1'),
  /** Drawn at random: one step, one approval of each operator. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** Hash of the audit log's first line. */
  ceremony: hashSchema,
  action: z.enum(ACTIONS),
  details: detailsSchema,
  proposedAt: timeSchema,
  expiresAt: timeSchema,
  /** Where the log stood: who approves vouches for all of it up to here. */
  after: z.strictObject({ sequence: z.int().min(1), hash: hashSchema }),
});

/** Exactly one thing to be done, once. */
export type Step = z.infer<typeof stepSchema>;

const STEP = domain('pinless-gate/ceremony-step/1');

/** SHA-256 over the one encoding of the step, in hexadecimal. */
export function stepDigest(step: Step): string {
  return toHex(createHash('sha256').update(STEP).update(encodeCbor(step)).digest());
}

/** The same thing to be done, whenever it was proposed. */
export function sameRequest(step: Step, action: StepAction, details: StepDetails): boolean {
  const encode = (value: StepDetails) => toHex(encodeCbor(value));
  return step.action === action && encode(step.details) === encode(details);
}

export function describeAction(action: StepAction): string {
  return ACTION_WORDS[action];
}

/** What an operator is asked to approve: one line for the action, then one for each detail. */
export function describeStep({ id, action, details, expiresAt }: Step): string[] {
  const rows = Object.entries(details).flatMap(([name, value]) =>
    [value].flat().map((text, i) => [i === 0 ? name : '', text] as const),
  );
  const all = [['step', id] as const, ...rows, ['until', expiresAt] as const];
  const width = Math.max(...all.map(([name]) => name.length));
  return [describeAction(action), ...all.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)];
}
