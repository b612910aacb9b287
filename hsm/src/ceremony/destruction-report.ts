import { equal, toHex } from '@pinless-gate/protocol/bytes';
import {
  isSignedBy,
  names,
  type ReceivedDestruction,
} from '@pinless-gate/protocol/key-destruction';

/** A gate that was to destroy an event's keys. */
export interface ExpectedGate {
  readonly id: Uint8Array;
  readonly name: string;
  /** SubjectPublicKeyInfo. */
  readonly deviceKey: Uint8Array;
}

export interface GateAnswer {
  readonly gate: string;
  readonly name: string;
  readonly outcome: 'destroyed' | 'no-answer' | 'not-verified' | 'incomplete';
  /** Unix seconds. */
  readonly destroyedAt?: number;
  readonly why?: string;
}

export interface DestructionReport {
  /** Every gate has shown that it destroyed every key. */
  readonly complete: boolean;
  readonly gates: readonly GateAnswer[];
}

/**
 * What each gate has answered. A record counts where the device key that the issuer knows the gate by signed it, for
 * this event and for every key id in question; one that does not count never hides one that does.
 */
export function reportDestruction(
  eventId: Uint8Array,
  gates: readonly ExpectedGate[],
  records: readonly ReceivedDestruction[],
  keyIds: readonly Uint8Array[],
): DestructionReport {
  const ofEvent = records.filter(({ destruction }) => equal(destruction.eventId, eventId));
  const answers = gates.map((gate) => answerOf(gate, ofEvent, keyIds));
  return { complete: answers.every(({ outcome }) => outcome === 'destroyed'), gates: answers };
}

function answerOf(
  { id, name, deviceKey }: ExpectedGate,
  records: readonly ReceivedDestruction[],
  keyIds: readonly Uint8Array[],
): GateAnswer {
  const gate = toHex(id);
  const answers = records.filter(({ destruction }) => equal(destruction.gateId, id));
  if (answers.length === 0) return { gate, name, outcome: 'no-answer' };
  const good = answers.filter((one) => isSignedBy(one, deviceKey)).map((one) => one.destruction);
  if (good.length === 0) {
    const why = 'the record is not signed by the device key of this gate';
    return { gate, name, outcome: 'not-verified', why };
  }
  // A gate may have destroyed one generation after the other.
  const destroyedAt = Math.max(...good.map((one) => one.destroyedAt));
  const missing = keyIds.filter((keyId) => !good.some((one) => names(one, [keyId])));
  if (missing.length === 0) return { gate, name, outcome: 'destroyed', destroyedAt };
  const why = `no word of ${missing.map(toHex).join(', ')}`;
  return { gate, name, outcome: 'incomplete', destroyedAt, why };
}
