import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { GateError } from '@pinless-gate/protocol/errors';
import { journalUploadMessage } from '@pinless-gate/protocol/fleet';

/** A gate that cannot be enrolled as given. */
export class GateEnrolmentError extends GateError {}

/** A gate as enrolled. `id` is 32 lower-case hex digits, `deviceKey` its SubjectPublicKeyInfo (DER). */
export interface Gate {
  readonly id: string;
  readonly name: string;
  readonly deviceKey: Uint8Array;
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
}

/** The gate signed two different journals: from `sequence` on, what it sent is not what we hold. */
export interface ChainConflict {
  readonly sequence: number;
  readonly at: number;
}

/** Where gates are kept. */
export interface GateStore {
  gate(id: string): Promise<Gate | undefined>;
  /** False, and nothing changed, where the id is taken. */
  addGate(gate: Gate, at: number): Promise<boolean>;
  /** Adds, or renames and re-keys. True where a key that was there was replaced. */
  putGate(gate: Gate, at: number): Promise<boolean>;
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

/** True where `signature` (plain r‖s) over these very octets is by the gate's device key. */
export function isSignedByGate(gate: Gate, body: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(gate.deviceKey), format: 'der', type: 'spki' });
  return verify(
    'sha256',
    journalUploadMessage(body),
    { key, dsaEncoding: 'ieee-p1363' },
    signature,
  );
}
