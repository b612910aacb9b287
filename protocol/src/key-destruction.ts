import { toHex } from './bytes.ts';
import { CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import { decodeSigned, encodeSigned, type Signed, signerOf } from './signed.ts';

export const DESTRUCTION_FORMAT = 'pinless-gate/key-destruction/1';
export const DESTRUCTION_TYPE = 'application/vnd.pinless-gate.key-destruction+cbor';
/** How it was made sure of: the object is not found any more, and an HMAC with the handle it had fails. */
export const VERIFIED_BY = 'object-gone-and-mac-fails';
const MAX_KEYS = 64;

export interface DestroyedKey {
  readonly label: string;
  /** The manifest's `eventKeyId`. */
  readonly keyId: Uint8Array;
}

/** What a gate says after it destroyed an event's keys, signed by its device key. */
export interface KeyDestruction {
  readonly gateId: Uint8Array;
  readonly eventId: Uint8Array;
  readonly keys: readonly DestroyedKey[];
  /** Unix seconds. */
  readonly destroyedAt: number;
  readonly verifiedBy: typeof VERIFIED_BY;
}

/** The octets that the device key signs, as `signedMessage(DESTRUCTION_FORMAT, …)`. */
export function encodeDestructionBody({ keys, ...destruction }: KeyDestruction): Uint8Array {
  const sorted = [...keys].sort((a, b) => (a.label < b.label ? -1 : 1));
  return encodeCbor({
    ...destruction,
    keys: sorted.map(({ label, keyId }) => ({ label, keyId })),
  });
}

export function encodeDestruction(signed: Signed): Uint8Array {
  return encodeSigned(DESTRUCTION_FORMAT, signed);
}

export interface ReceivedDestruction {
  readonly destruction: KeyDestruction;
  readonly signed: Signed;
}

/** Nothing is verified yet: `isSignedBy` tells. */
export function decodeDestruction(bytes: Uint8Array): ReceivedDestruction {
  const signed = decodeSigned(DESTRUCTION_FORMAT, bytes);
  const map = CborMap.decode(signed.body, 'key-destruction');
  const destruction: KeyDestruction = {
    gateId: map.bytes('gateId', 16),
    eventId: map.bytes('eventId', 16),
    keys: map.array('keys').map(readKey),
    destroyedAt: map.uint('destroyedAt'),
    verifiedBy: readVerifiedBy(map.text('verifiedBy')),
  };
  map.end();
  const { keys } = destruction;
  if (keys.length === 0 || keys.length > MAX_KEYS) throw wrong(`${keys.length} keys`);
  if (keys.some(({ label }, i) => i > 0 && keys[i - 1]!.label >= label)) {
    throw wrong('keys out of order');
  }
  return { destruction, signed };
}

/** The record is this gate's own. */
export function isSignedBy({ signed }: ReceivedDestruction, deviceKey: Uint8Array): boolean {
  return signerOf(DESTRUCTION_FORMAT, signed, [deviceKey]) !== undefined;
}

/** Whether every one of these keys is among the destroyed. */
export function names(destruction: KeyDestruction, keyIds: readonly Uint8Array[]): boolean {
  const destroyed = new Set(destruction.keys.map(({ keyId }) => toHex(keyId)));
  return keyIds.every((keyId) => destroyed.has(toHex(keyId)));
}

function readKey(value: CborValue): DestroyedKey {
  const map = new CborMap(value, 'key-destruction.keys');
  const key = { label: map.text('label'), keyId: map.bytes('keyId', 16) };
  map.end();
  return key;
}

function readVerifiedBy(text: string): typeof VERIFIED_BY {
  if (text === VERIFIED_BY) return text;
  throw wrong(`verified by "${text}"`);
}

function wrong(what: string): FormatError {
  return new FormatError('ERR_DESTRUCTION', `key-destruction: ${what}`);
}
