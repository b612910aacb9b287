import { createHash } from 'node:crypto';
import { concat, domain, equal } from './bytes.ts';
import { CborMap, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import { readPublicKey } from './public-key.ts';
import { verifyEcdsa } from './signature.ts';

/** A small document with its signature in one file: what is signed are the octets of `body`, not a reading of them. */
export interface Signed {
  /** Canonical CBOR of what the format says. */
  readonly body: Uint8Array;
  /** SHA-256 of the signer's SubjectPublicKeyInfo. */
  readonly signer: Uint8Array;
  /** ECDSA P-256 with SHA-256 over `signedMessage`, plain r‖s. */
  readonly signature: Uint8Array;
}

/** A document is read whole before anything in it is believed. */
export const MAX_SIGNED_LENGTH = 16 * 1024;

/** The format's name goes first, so that a signature over one kind of document is none over another. */
export function signedMessage(format: string, body: Uint8Array): Uint8Array {
  return concat(domain(format), body);
}

export function encodeSigned(format: string, { body, signer, signature }: Signed): Uint8Array {
  return encodeCbor({ format, body, signer, signature });
}

/** Nothing is verified yet. */
export function decodeSigned(format: string, bytes: Uint8Array): Signed {
  const what = format.split('/')[1] ?? format;
  if (bytes.length > MAX_SIGNED_LENGTH) {
    throw new FormatError('ERR_SIGNED_LENGTH', `${what} of ${bytes.length} octets`);
  }
  const map = CborMap.decode(bytes, what);
  const found = map.text('format');
  if (found !== format) {
    throw new FormatError('ERR_SIGNED_FORMAT', `${what}: of format "${found}", not "${format}"`);
  }
  const signed = {
    body: map.bytes('body'),
    signer: map.bytes('signer', 32),
    signature: map.bytes('signature', 64),
  };
  map.end();
  return signed;
}

/** SHA-256 of a SubjectPublicKeyInfo: how documents name a key. */
export function keyHash(spki: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(spki).digest());
}

/** Whose signature it is; undefined where it is none of these keys', whatever is wrong with it. */
export function signerOf(
  format: string,
  { body, signer, signature }: Signed,
  keys: readonly Uint8Array[],
): Uint8Array | undefined {
  const spki = keys.find((key) => equal(keyHash(key), signer));
  if (!spki) return undefined;
  const key = readPublicKey(spki);
  if (key.kind !== 'ec' || key.curve.name !== 'P-256') return undefined;
  return verifyEcdsa(key, 'sha256', signedMessage(format, body), signature) ? spki : undefined;
}
