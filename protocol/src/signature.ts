import { constants, createHash, publicDecrypt, verify } from 'node:crypto';
import { compare, concat, equal, fromHex } from './bytes.ts';
import { INTEGER, readSequence, readUnsigned, SEQUENCE } from './certificate/der.ts';
import { toBigInt } from './curves.ts';
import { FormatError } from './errors.ts';
import { isPssBlock } from './pss.ts';
import {
  type EcPublicKey,
  encodeUnsigned,
  keyObject,
  type PublicKey,
  type RsaPublicKey,
  readPublicKey,
} from './public-key.ts';
import { encodeTlv } from './tlv.ts';

/**
 * Signature verification. A bad signature is `false`, whatever is wrong with it; what throws is a key
 * that is none, or one of another kind than the algorithm's. Keys are given read, or as SubjectPublicKeyInfo.
 */

export type HashName = 'sha256' | 'sha384' | 'sha512';
export type Key<K extends PublicKey = PublicKey> = K | Uint8Array;

export const HASH_LENGTH: Readonly<Record<HashName, number>> = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** DER of DigestInfo up to the hash itself (RFC 8017 9.2 note 1). */
const DIGEST_INFO: Readonly<Record<HashName, Uint8Array>> = {
  sha256: fromHex('3031300d060960864801650304020105000420'),
  sha384: fromHex('3041300d060960864801650304020205000430'),
  sha512: fromHex('3051300d060960864801650304020305000440'),
};

/** RSASSA-PKCS1-v1_5 (RFC 8017 8.2.2): the whole block is rebuilt and compared, nothing in it is parsed. */
export function verifyRsaPkcs1(
  key: Key<RsaPublicKey>,
  hash: HashName,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyRsaPkcs1Digest(key, hash, createHash(hash).update(message).digest(), signature);
}

/** As `verifyRsaPkcs1`, for callers that hold the hash of the message. */
export function verifyRsaPkcs1Digest(
  key: Key<RsaPublicKey>,
  hash: HashName,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (digest.length !== HASH_LENGTH[hash]) {
    throw new RangeError(`a ${hash} hash has ${HASH_LENGTH[hash]} octets, not ${digest.length}`);
  }
  const rsa = rsaKey(key);
  const block = openBlock(rsa, signature);
  const expected = encodePkcs1Block(DIGEST_INFO[hash], digest, rsa.modulus.length);
  return block !== undefined && expected !== undefined && equal(block, expected);
}

/** EMSA-PKCS1-v1_5 (RFC 8017 9.2); undefined where the modulus is too short for it. */
export function encodePkcs1Block(
  digestInfo: Uint8Array,
  digest: Uint8Array,
  length: number,
): Uint8Array | undefined {
  const padding = length - 3 - digestInfo.length - digest.length;
  if (padding < 8) return undefined;
  const ff = new Uint8Array(padding).fill(0xff);
  return concat(Uint8Array.of(0x00, 0x01), ff, Uint8Array.of(0x00), digestInfo, digest);
}

export interface PssOptions {
  /** As long as the hash unless said otherwise. */
  readonly saltLength?: number;
  /** That of the message unless said otherwise. Nothing hangs on its collisions, so SHA-1 may be read. */
  readonly mgfHash?: HashName | 'sha1';
}

/** RSASSA-PSS (RFC 8017 8.1.2) with MGF1. */
export function verifyRsaPss(
  key: Key<RsaPublicKey>,
  hash: HashName,
  message: Uint8Array,
  signature: Uint8Array,
  { saltLength = HASH_LENGTH[hash], mgfHash = hash }: PssOptions = {},
): boolean {
  const rsa = rsaKey(key);
  const block = openBlock(rsa, signature);
  if (!block) return false;
  const emBits = rsa.bits - 1;
  const spare = block.length - Math.ceil(emBits / 8);
  // A modulus of 8k + 1 bits has an octet more than the block in it.
  if (spare > 0 && block[0] !== 0) return false;
  const digest = createHash(hash).update(message).digest();
  return isPssBlock(block.subarray(spare), emBits, { digest, hash, mgfHash, saltLength });
}

/** ECDSA with r‖s, each as long as a coordinate of the curve (BSI TR-03111 5.2.1). */
export function verifyEcdsa(
  key: Key<EcPublicKey>,
  hash: HashName,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const ec = ecKey(key);
  const { octets, n } = ec.curve;
  if (signature.length !== 2 * octets) return false;
  const r = toBigInt(signature.subarray(0, octets));
  const s = toBigInt(signature.subarray(octets));
  if (r < 1n || r >= n || s < 1n || s >= n) return false;
  return verify(hash, message, { key: keyObject(ec), dsaEncoding: 'ieee-p1363' }, signature);
}

/** ECDSA with Ecdsa-Sig-Value (RFC 3279 2.2.3), which must be exact DER. */
export function verifyEcdsaDer(
  key: Key<EcPublicKey>,
  hash: HashName,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const ec = ecKey(key);
  const plain = plainSignature(signature, ec.curve.octets);
  return plain !== undefined && verifyEcdsa(ec, hash, message, plain);
}

/** r‖s of an Ecdsa-Sig-Value; undefined where it is not exact DER or does not fit the curve. */
export function plainSignature(der: Uint8Array, octets: number): Uint8Array | undefined {
  try {
    const reader = readSequence(der, 'signature');
    const r = readUnsigned(reader.value(INTEGER, 'r'), 'r');
    const s = readUnsigned(reader.value(INTEGER, 's'), 's');
    reader.end('signature');
    if (r.length > octets || s.length > octets) return undefined;
    const plain = new Uint8Array(2 * octets);
    plain.set(r, octets - r.length);
    plain.set(s, 2 * octets - s.length);
    return plain;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Ecdsa-Sig-Value of r‖s. */
export function derSignature(plain: Uint8Array): Uint8Array {
  const half = plain.length / 2;
  if (half === 0 || !Number.isInteger(half)) {
    throw new RangeError(`r‖s of ${plain.length} octets`);
  }
  return encodeTlv(
    SEQUENCE,
    encodeUnsigned(plain.subarray(0, half)),
    encodeUnsigned(plain.subarray(half)),
  );
}

function rsaKey(key: Key): RsaPublicKey {
  const read = key instanceof Uint8Array ? readPublicKey(key) : key;
  if (read.kind !== 'rsa') throw new FormatError('ERR_KEY_KIND', 'an RSA key is wanted');
  return read;
}

function ecKey(key: Key): EcPublicKey {
  const read = key instanceof Uint8Array ? readPublicKey(key) : key;
  if (read.kind !== 'ec') throw new FormatError('ERR_KEY_KIND', 'a key on a curve is wanted');
  return read;
}

/** RFC 8017 8.2.2 step 1 and 5.2.2 step 1: exactly as long as the modulus, and below it. */
function isBelowModulus({ modulus }: RsaPublicKey, signature: Uint8Array): boolean {
  return signature.length === modulus.length && compare(signature, modulus) < 0;
}

/** RSAVP1 and nothing more; undefined for a value that is no signature. */
function openBlock(rsa: RsaPublicKey, signature: Uint8Array): Uint8Array | undefined {
  if (!isBelowModulus(rsa, signature)) return undefined;
  return publicDecrypt({ key: keyObject(rsa), padding: constants.RSA_NO_PADDING }, signature);
}
