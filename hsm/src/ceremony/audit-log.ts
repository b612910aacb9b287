import { createHash } from 'node:crypto';
import { toHex } from '@pinless-gate/protocol/bytes';
import { z } from 'zod';
import { type Approval, approvalSchema, checkApprovals } from './approval.ts';
import { CeremonyError } from './error.ts';
import { type OperatorEntry, OperatorList, operatorSchema } from './operators.ts';
import { detailsSchema, hashSchema, type Step, stepSchema, timeSchema } from './step.ts';

/**
 * The audit log: one JSON object a line, each naming the SHA-256 of the line before it. Its first line is the
 * ceremony: who may approve, and how many have to. An approval signs where the log stood, so a log that was written
 * anew up to there no longer holds.
 */

const base = {
  sequence: z.int().min(1),
  previous: hashSchema,
  at: timeSchema,
};
const stepId = stepSchema.shape.id;

const entrySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...base,
    kind: z.literal('begin'),
    format: z.literal('pinless-gate/ceremony/1'),
    /** Two ceremonies of the same people are two. */
    nonce: z.string().regex(/^[0-9a-f]{32}$/),
    approvals: z.int().min(2).max(5),
    operators: z.array(operatorSchema).min(2),
  }),
  /** On the disk before the step is begun. */
  z.strictObject({
    ...base,
    kind: z.literal('intent'),
    step: stepSchema,
    approvals: z.array(approvalSchema).min(2),
  }),
  /** What came of it, in public facts: digests, key ids. */
  z.strictObject({ ...base, kind: z.literal('done'), step: stepId, facts: detailsSchema }),
  z.strictObject({
    ...base,
    kind: z.literal('failed'),
    step: stepId,
    code: z.string().regex(/^[A-Z0-9_]+$/),
  }),
  /** A line that a power cut left unfinished: what it announced was not begun. */
  z.strictObject({ ...base, kind: z.literal('torn'), octets: z.int().min(1), sha256: hashSchema }),
]);

export type LogEntry = z.infer<typeof entrySchema>;
type Without<T> = T extends unknown ? Omit<T, 'sequence' | 'previous' | 'at'> : never;
export type NewLogEntry = Without<LogEntry>;

const ORIGIN = '0'.repeat(64);

/** A log that was followed from its first line to its last, every approval in it checked. */
export class AuditLog {
  readonly operators = new OperatorList();
  readonly entries: LogEntry[] = [];
  readonly #hashes: string[] = [];
  /** Steps begun, with what became of them. */
  readonly #steps = new Map<string, { readonly step: Step; ended: boolean }>();
  #required = 0;

  /** Lines without their line ends. Throws at the first that does not belong where it stands. */
  static replay(lines: readonly string[]): AuditLog {
    const log = new AuditLog();
    for (const line of lines) log.take(line);
    return log;
  }

  get sequence(): number {
    return this.entries.length;
  }

  /** SHA-256 of the last line. */
  get head(): string {
    return this.#hashes.at(-1) ?? ORIGIN;
  }

  /** SHA-256 of the first line: the name of the ceremony. */
  get id(): string {
    return this.#hashes[0] ?? ORIGIN;
  }

  get required(): number {
    return this.#required;
  }

  /** Steps that were begun and neither ended nor failed: the program was killed within. */
  get unfinished(): readonly Step[] {
    return [...this.#steps.values()].filter(({ ended }) => !ended).map(({ step }) => step);
  }

  hasBegun(id: string): boolean {
    return this.#steps.has(id);
  }

  /** Whether the log once ended in that line. */
  stoodAt({ sequence, hash }: Step['after']): boolean {
    return this.#hashes[sequence - 1] === hash;
  }

  hasHead(hash: string): boolean {
    return this.#hashes.includes(hash);
  }

  /** The next line; it is checked as any other before it is taken. `at`: Unix milliseconds. */
  format(entry: NewLogEntry, at: number): string {
    const last = this.entries.at(-1)?.at;
    const time = new Date(at).toISOString();
    if (last !== undefined && time < last) {
      throw new CeremonyError(
        'ERR_CEREMONY_CLOCK',
        `the log ends at ${last}, the clock says ${time}`,
        {
          hint: 'set the clock right first',
        },
      );
    }
    const { kind, ...members } = entry;
    const sequence = this.sequence + 1;
    return JSON.stringify({ sequence, previous: this.head, at: time, kind, ...members });
  }

  take(line: string): LogEntry {
    const entry = this.#read(line);
    this.#follow(entry);
    this.entries.push(entry);
    this.#hashes.push(toHex(createHash('sha256').update(line).digest()));
    return entry;
  }

  #read(line: string): LogEntry {
    const expected = this.sequence + 1;
    const entry = parse(line, expected);
    if (entry.sequence !== expected) {
      throw broken('SEQUENCE', `line ${entry.sequence} stands where ${expected} belongs`);
    }
    if (entry.previous !== this.head) {
      throw broken('CHAIN', `line ${expected} does not follow the one before`);
    }
    if (entry.at < (this.entries.at(-1)?.at ?? '')) {
      throw broken('ORDER', `line ${expected} is older than the one before`);
    }
    return entry;
  }

  #follow(entry: LogEntry): void {
    if ((entry.kind === 'begin') !== (this.sequence === 0)) {
      throw broken('ORDER', `line ${entry.sequence}: a log begins once`);
    }
    if (entry.kind === 'begin') this.#begin(entry.operators, entry.approvals);
    else if (entry.kind === 'intent') this.#intend(entry.step, entry.approvals, entry.at);
    else if (entry.kind === 'done') this.#change(this.#end(entry.step, entry.sequence));
    else if (entry.kind === 'failed') this.#end(entry.step, entry.sequence);
  }

  #begin(operators: Extract<LogEntry, { kind: 'begin' }>['operators'], required: number): void {
    for (const operator of operators) this.operators.add(operator);
    this.#required = required;
    checkEnough(this.operators.active.length, required);
  }

  #intend(step: Step, approvals: readonly Approval[], at: string): void {
    this.checkStep(step, at);
    checkApprovals(step, approvals, this.operators, this.required);
    this.#checkChange(step);
    this.#steps.set(step.id, { step, ended: false });
  }

  /** Throws unless the step is this ceremony's, has not been begun, and its hour has not passed. */
  checkStep(step: Step, at: string): void {
    const { id } = step;
    if (step.ceremony !== this.id) {
      throw new CeremonyError('ERR_CEREMONY_FOREIGN', `step ${id} is of another ceremony`);
    }
    if (!this.stoodAt(step.after)) {
      const message = `step ${id} was proposed after line ${step.after.sequence} of another log`;
      throw new CeremonyError('ERR_CEREMONY_FORK', message, {
        hint: 'lines of the log were changed or cut off: compare it with its copies',
      });
    }
    if (this.hasBegun(id)) {
      throw new CeremonyError('ERR_CEREMONY_USED', `step ${id} was begun already`, {
        hint: 'an approval counts once: run the command again, and the step is proposed anew',
      });
    }
    const validMs = Date.parse(step.expiresAt) - Date.parse(step.proposedAt);
    if (at < step.proposedAt || at >= step.expiresAt || validMs > MAX_VALID_MS) {
      throw new CeremonyError('ERR_CEREMONY_EXPIRED', `step ${id} expired at ${step.expiresAt}`, {
        hint: 'run the command again, and the step is proposed anew',
      });
    }
  }

  /** Throws where a change of the operators cannot be made. */
  #checkChange({ action, details }: Step): void {
    if (action === 'operator-add') this.operators.check(operatorOf(details));
    if (action === 'operator-remove') this.checkRemoval(String(details.name));
  }

  /** Throws where this operator cannot go: there is none of that name, or too few would be left. */
  checkRemoval(name: string): void {
    this.operators.require(name);
    checkEnough(this.operators.active.length - 1, this.required);
  }

  #change({ action, details }: Step): void {
    if (action === 'operator-add') this.operators.add(operatorOf(details));
    if (action === 'operator-remove') this.operators.remove(String(details.name));
  }

  #end(id: string, sequence: number): Step {
    const begun = this.#steps.get(id);
    if (!begun || begun.ended) {
      throw broken('ORDER', `line ${sequence} ends step ${id}, which is not under way`);
    }
    begun.ended = true;
    return begun.step;
  }
}

/** How long approvals may be gathered, whatever a step says. */
const MAX_VALID_MS = 24 * 3_600_000;

function operatorOf({ name, role, 'public key': publicKey }: Step['details']): OperatorEntry {
  const result = operatorSchema.safeParse({ name, role, publicKey });
  if (result.success) return result.data;
  throw new CeremonyError('ERR_CEREMONY_OPERATOR', 'the step names no operator');
}

function checkEnough(operators: number, required: number): void {
  if (operators >= required) return;
  const message = `${operators} operators would be left, ${required} have to approve`;
  throw new CeremonyError('ERR_CEREMONY_OPERATORS', message, { hint: 'add another one first' });
}

function parse(line: string, sequence: number): LogEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw broken('LINE', `line ${sequence} cannot be read`);
  }
  const result = entrySchema.safeParse(value);
  if (!result.success) throw broken('LINE', `line ${sequence} is no line of this log`);
  return result.data;
}

function broken(what: 'LINE' | 'SEQUENCE' | 'CHAIN' | 'ORDER', message: string): CeremonyError {
  return new CeremonyError(`ERR_CEREMONY_LOG_${what}`, `audit log: ${message}`, {
    hint: 'it was changed, or the disk lies: compare it with its copies',
  });
}
