import { AuditLog, type LogEntry } from '@pinless-gate/hsm/ceremony/audit-log';
import type { StepDetails } from '@pinless-gate/hsm/ceremony/step';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { keyHash } from '@pinless-gate/protocol/signed';
import type { CeremonyFact, CeremonyLog, CeremonyStep } from '../domain/ceremony.ts';
import { RefusedError } from '../domain/refusal.ts';

const NEWLINE = 0x0a;

/**
 * Follows the whole log. What a power cut left behind the last whole line is not looked at, as on the machine it
 * comes from. Throws `ERR_KEY_LOG` or `ERR_KEY_LOG_SIGNATURE`.
 */
export function readCeremonyLog(octets: Uint8Array): CeremonyLog {
  const raw = octets.subarray(0, octets.lastIndexOf(NEWLINE) + 1);
  const log = replay(Buffer.from(raw).toString('utf8').split('\n').slice(0, -1));
  const [begin] = log.entries;
  if (begin?.kind !== 'begin') throw notALog('it has no whole line');
  const operators = log.operators.active.map(({ name, role, publicKey }) => ({
    name,
    role,
    keyHash: toHex(keyHash(publicKey.spki)),
  }));
  return {
    id: log.id,
    head: log.head,
    lines: log.sequence,
    required: log.required,
    beganAt: Date.parse(begin.at),
    operators,
    steps: log.entries.flatMap((entry) => stepOf(entry, log.entries)),
    raw,
  };
}

function replay(lines: readonly string[]): AuditLog {
  try {
    return AuditLog.replay(lines);
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    if (!SIGNED.has(error.code)) throw notALog(error.message);
    throw new RefusedError('invalid', 'ERR_KEY_LOG_SIGNATURE', error.message);
  }
}

/** An approval that does not count. */
const SIGNED = new Set([
  'ERR_CEREMONY_SIGNATURE',
  'ERR_CEREMONY_CHANGED',
  'ERR_CEREMONY_APPROVAL',
  'ERR_CEREMONY_OPERATOR_TWICE',
]);

function stepOf(entry: LogEntry, entries: readonly LogEntry[]): CeremonyStep[] {
  if (entry.kind !== 'intent') return [];
  const { step, approvals } = entry;
  const end = entries.find((one) => isEndOf(one, step.id));
  return [
    {
      id: step.id,
      line: entry.sequence,
      action: step.action,
      begunAt: Date.parse(entry.at),
      approvedBy: approvals.map(({ operator, at }) => ({ operator, at: Date.parse(at) })),
      details: factsOf(step.details),
      facts: end?.kind === 'done' ? factsOf(end.facts) : [],
      outcome: end?.kind ?? 'open',
      code: end?.kind === 'failed' ? end.code : undefined,
    },
  ];
}

function isEndOf(
  entry: LogEntry,
  id: string,
): entry is Extract<LogEntry, { kind: 'done' | 'failed' }> {
  return (entry.kind === 'done' || entry.kind === 'failed') && entry.step === id;
}

function factsOf(details: StepDetails): CeremonyFact[] {
  return Object.entries(details).map(([name, value]) => ({ name, values: [value].flat() }));
}

function notALog(why: string): RefusedError {
  return new RefusedError('invalid', 'ERR_KEY_LOG', `no ceremony log that holds: ${why}`);
}
