import { createPublicKey, type KeyObject } from 'node:crypto';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Origin } from './audit.ts';

/** A gate that cannot be enrolled as given. */
export class GateEnrolmentError extends GateError {}

/** A gate as enrolled. `id` is 32 lower-case hex digits, `deviceKey` its SubjectPublicKeyInfo (DER). */
export interface Gate {
  readonly id: string;
  readonly name: string;
  readonly deviceKey: Uint8Array;
}

/** A gate as held: nothing is taken from one that was revoked. Unix milliseconds. */
export interface KnownGate extends Gate {
  readonly revokedAt?: number | undefined;
}

/** What the console holds of a gate's journal. Times in Unix milliseconds. */
export interface GateSummary {
  readonly id: string;
  readonly name: string;
  readonly admitted: number;
  readonly refused: number;
  /** Tickets used, each entry counted: re-entries too. */
  readonly people: number;
  readonly sequence: number;
  /** When the gate last uploaded, by the console's clock. */
  readonly lastSeenAt?: number | undefined;
  /** Its last entry was a `stop`: silence is no alarm. */
  readonly stopped: boolean;
  /** Version of the list it last reported. */
  readonly listVersion?: number | undefined;
  readonly conflict?: ChainConflict | undefined;
  /** When it last told of conversion calls that no tap explains. */
  readonly unexplainedAt?: number | undefined;
  readonly printer?: PrinterTrouble | undefined;
  readonly revokedAt?: number | undefined;
}

export const PRINTER_FAULTS = ['paper-out', 'cover-open', 'offline', 'paper-low', 'other'] as const;
/** What a gate last told of its printer. With `paper-low` it still prints; `other` is one that is not known here. */
export type PrinterFault = (typeof PRINTER_FAULTS)[number];

/** `since` by the gate's clock. */
export interface PrinterTrouble {
  readonly fault: PrinterFault;
  readonly since: number;
}

/** The gate signed two different journals: from `sequence` on, what it sent is not what we hold. */
export interface ChainConflict {
  readonly sequence: number;
  readonly at: number;
}

/** Where gates are kept. */
export interface GateStore {
  gate(id: string): Promise<KnownGate | undefined>;
  /** False, and nothing changed, where the id is taken. */
  addGate(gate: Gate, origin: Origin): Promise<boolean>;
  /** Adds, or renames and re-keys. True where a key that was there was replaced. */
  putGate(gate: Gate, origin: Origin): Promise<boolean>;
  /**
   * Notes that a gate's request with this nonce was taken: false where it was before. Nonces taken before
   * `forget` are forgotten.
   */
  takeNonce(id: string, nonce: Uint8Array, times: NonceTimes): Promise<boolean>;
}

/** Unix milliseconds. */
export interface NonceTimes {
  readonly at: number;
  readonly forget: number;
}

const MAX_NAME_LENGTH = 64;

/** 32 hex digits; the dashes of a UUID are allowed. */
export function parseGateId(text: string): string {
  const digits = text.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) {
    throw new GateEnrolmentError('ERR_GATE_ID', 'a gate id is 32 hexadecimal digits');
  }
  return digits;
}

export function parseGateName(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(name)) {
    throw new GateEnrolmentError(
      'ERR_GATE_NAME',
      `a gate name is 1 to ${MAX_NAME_LENGTH} printable characters`,
    );
  }
  return name;
}

/** PEM of a SubjectPublicKeyInfo on P-256, as the gate's HSM exports it; returns its DER. */
export function parseDeviceKey(pem: string): Uint8Array {
  if (!pem.includes('-----BEGIN PUBLIC KEY-----')) {
    throw new GateEnrolmentError('ERR_GATE_KEY', 'device key is not PEM of a SubjectPublicKeyInfo');
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: pem, format: 'pem', type: 'spki' });
  } catch (cause) {
    throw new GateEnrolmentError('ERR_GATE_KEY', 'device key cannot be read', { cause });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new GateEnrolmentError('ERR_GATE_KEY', 'device key is not on the curve P-256');
  }
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
}
