/** The audit log of a ceremony, followed from its first line to its last: chain and every signature hold. */
export interface CeremonyLog {
  /** SHA-256 of the first line, hex: the ceremony's name, as it stands in the minutes. */
  readonly id: string;
  /** SHA-256 of the last line, hex: what the minutes end with. */
  readonly head: string;
  readonly lines: number;
  /** How many operators have to approve. */
  readonly required: number;
  readonly beganAt: number;
  readonly operators: readonly CeremonyOperator[];
  readonly steps: readonly CeremonyStep[];
  /** Whole lines, as they stand. */
  readonly raw: Uint8Array;
}

export interface CeremonyOperator {
  readonly name: string;
  readonly role: string;
  /** SHA-256 of the public key, hex. */
  readonly keyHash: string;
}

/** One thing that was approved. Times in Unix milliseconds. */
export interface CeremonyStep {
  readonly id: string;
  readonly line: number;
  readonly action: CeremonyAction;
  readonly begunAt: number;
  /** Whose signatures over exactly this step were verified. */
  readonly approvedBy: readonly { readonly operator: string; readonly at: number }[];
  /** What was approved, and what came of it. */
  readonly details: readonly CeremonyFact[];
  readonly facts: readonly CeremonyFact[];
  readonly outcome: 'done' | 'failed' | 'open';
  readonly code: string | undefined;
}

export interface CeremonyFact {
  readonly name: string;
  readonly values: readonly string[];
}

export type CeremonyAction =
  | 'institution-import'
  | 'institution-wrap'
  | 'institution-unwrap'
  | 'event-key-wrap'
  | 'event-key-unwrap'
  | 'event-key-destroy'
  | 'operator-add'
  | 'operator-remove';

export type LogVerdict = 'new' | 'grown' | 'same' | 'shorter' | 'fork';

/** What a log is against the one that is held of the same ceremony: lines are only ever added. */
export function judgeLog(held: Uint8Array | undefined, given: Uint8Array): LogVerdict {
  if (held === undefined) return 'new';
  const [shorter, longer] = held.length <= given.length ? [held, given] : [given, held];
  if (!shorter.every((octet, i) => octet === longer[i])) return 'fork';
  if (held.length === given.length) return 'same';
  return held.length < given.length ? 'grown' : 'shorter';
}

/** Steps that concern this event's key. */
export function stepsOfEvent(log: CeremonyLog, eventId: string): readonly CeremonyStep[] {
  return log.steps.filter(({ details }) =>
    details.some(({ name, values }) => name === 'event' && values.includes(eventId)),
  );
}
