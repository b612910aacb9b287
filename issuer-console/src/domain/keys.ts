import { createHash } from 'node:crypto';
import { equal, fromBase64, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import type { KeyDestruction } from '@pinless-gate/protocol/key-destruction';
import {
  decodeEnvelope,
  type KeyEnvelope,
  verifyEnvelopeSignature,
} from '@pinless-gate/protocol/key-envelope';
import type { Signed } from '@pinless-gate/protocol/signed';
import type { Origin } from './audit.ts';

/** A key that cannot be delivered, or a record that does not count. */
export class KeyDeliveryError extends GateError {}

/** A key on its way to a gate, or arrived: plain values. Times in Unix milliseconds by this console's clock. */
export interface KeyRecord {
  /** SHA-256 of the envelope, hex. */
  readonly id: string;
  readonly gateId: string;
  readonly gate: string;
  readonly gateRevoked: boolean;
  /** Absent for an institution key. */
  readonly eventId?: string | undefined;
  readonly label: string;
  /** The manifest's `eventKeyId`, hex; of an institution key the beginning of its public key's hash. */
  readonly keyId: string;
  readonly generation: number;
  readonly validFrom: number;
  readonly validUntil: number;
  readonly putAt: number;
  readonly fetchedAt?: number | undefined;
  readonly takenAt?: number | undefined;
  /** An operator asked the gates to destroy it. */
  readonly orderedAt?: number | undefined;
  /** By the gate's own signed word. */
  readonly destroyedAt?: number | undefined;
}

/**
 * `waiting` here, `delivered` to the gate, `taken` into its module, `expired` and not known to be destroyed, `destroyed`;
 * `no-answer`: the gate should have said the next thing long ago.
 */
export type KeyState = 'waiting' | 'delivered' | 'taken' | 'expired' | 'destroyed' | 'no-answer';

/** How long a gate may take to fetch and take a key, and to tell that it destroyed one. */
export const DELIVERY_PATIENCE_MS = 3_600_000;
export const DESTRUCTION_PATIENCE_MS = 86_400_000;

export function keyState(key: KeyRecord, now: number): KeyState {
  if (key.destroyedAt !== undefined) return 'destroyed';
  if (key.orderedAt !== undefined || now >= key.validUntil) {
    const since = Math.max(key.validUntil, key.orderedAt ?? 0);
    return now - since >= DESTRUCTION_PATIENCE_MS ? 'no-answer' : 'expired';
  }
  if (key.takenAt !== undefined) return 'taken';
  if (now - key.putAt >= DELIVERY_PATIENCE_MS) return 'no-answer';
  return key.fetchedAt === undefined ? 'waiting' : 'delivered';
}

/** A gate is asked to destroy what nobody may use any more, and never to destroy what its window still allows. */
export function isToBeDestroyed({ orderedAt, validUntil }: KeyRecord, now: number): boolean {
  return orderedAt !== undefined && now >= validUntil;
}

export interface DeliveredEnvelope {
  readonly id: string;
  readonly raw: Uint8Array;
  /** The gate told that it has it in its module. */
  readonly taken: boolean;
  readonly destroy: boolean;
}

/** An envelope as somebody brought it, read but not opened: nobody can here. */
export interface PutEnvelope {
  readonly id: Uint8Array;
  readonly envelope: KeyEnvelope;
  readonly signed: Signed;
  readonly raw: Uint8Array;
}

/** What envelopes are checked with before they are put: a gate would refuse them otherwise, later and far away. */
export interface PutRules {
  /** Keys of those who may send gates their keys, SubjectPublicKeyInfo. */
  readonly publishers: readonly Uint8Array[];
  /** SHA-256 of each gate's transport key by gate id, hex, where it is known. */
  readonly transportKeys: ReadonlyMap<string, string>;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Throws the error of the first rule that the envelope breaks. */
export function checkPut({ envelope, signed }: PutEnvelope, rules: PutRules): void {
  verifyEnvelopeSignature({ envelope, signed }, rules.publishers);
  const { gateId, transportKeyHash, validUntil } = envelope;
  const known = rules.transportKeys.get(toHex(gateId));
  if (known !== undefined && !equal(fromHex(known), transportKeyHash)) {
    throw new KeyDeliveryError(
      'ERR_ENVELOPE_TRANSPORT_KEY',
      "the envelope is for another transport key than the gate's",
      { hint: 'fetch the gate keys anew, and wrap again' },
    );
  }
  if (rules.now >= 1000 * validUntil) {
    const until = new Date(1000 * validUntil).toISOString();
    throw new KeyDeliveryError('ERR_ENVELOPE_EXPIRED', `the key was valid until ${until}`);
  }
}

/** `base64` as files and sockets carry it. */
export function readEnvelope(base64: string): PutEnvelope {
  const raw = fromBase64(base64);
  return { id: envelopeId(raw), ...decodeEnvelope(raw), raw };
}

export function envelopeId(raw: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(raw).digest());
}

export interface PutResult {
  readonly put: number;
  /** They were there before. */
  readonly known: number;
}

export interface Recipient {
  readonly gateId: string;
  readonly name: string;
  readonly eventIds: readonly string[];
  /** What `hsm event-key wrap` needs, base64; absent where the gate did not send it yet. */
  readonly gateKey?: string | undefined;
  /** SHA-256 of the transport key, hex: of that, or of the statement that the gate enrolled with. */
  readonly transportKeyId?: string | undefined;
}

/** A gate that is not revoked, as far as keys go. */
export interface KeyedGate {
  readonly gateId: string;
  readonly name: string;
  readonly eventIds: readonly string[];
  /** It sent what a key is wrapped with. */
  readonly wrappable: boolean;
  /** Its code was typed here, and was right. */
  readonly compared: boolean;
}

export function transportKeysOf(recipients: readonly Recipient[]): ReadonlyMap<string, string> {
  return new Map(
    recipients.flatMap(({ gateId, transportKeyId }) =>
      transportKeyId === undefined ? [] : [[gateId, transportKeyId] as const],
    ),
  );
}

/** Where envelopes and records of destruction are kept. */
export interface KeyDeliveryStore {
  /** Throws where a gate is not known or was revoked: then nothing was put. */
  put(envelopes: readonly PutEnvelope[], origin: Origin): Promise<PutResult>;
  /** Those of this gate that are not destroyed; they count as fetched from now on. */
  give(gateId: string, at: number): Promise<DeliveredEnvelope[]>;
  /** False where this gate has no such envelope. */
  taken(gateId: string, id: Uint8Array, at: number): Promise<boolean>;
  order(eventId: string, origin: Origin): Promise<number>;
  destroyed(destruction: KeyDestruction, raw: Uint8Array, at: number): Promise<void>;
  keepGateKey(gateId: string, raw: Uint8Array, at: number): Promise<void>;
  recipients(): Promise<Recipient[]>;
  gates(): Promise<KeyedGate[]>;
  keys(): Promise<KeyRecord[]>;
}

export function unknownGates(ids: readonly string[]): KeyDeliveryError {
  return new KeyDeliveryError(
    'ERR_KEYS_GATE',
    `envelopes for gates that are not known here or were revoked: ${ids.join(', ')}`,
    { hint: 'nothing was put; issuer-console gate list tells which gates there are' },
  );
}

export function eventHex(eventId: Uint8Array | undefined): string | undefined {
  return eventId && toHex(eventId);
}
