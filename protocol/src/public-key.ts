import { createPublicKey, type KeyObject } from 'node:crypto';
import { concat, equal, fromHex } from './bytes.ts';
import {
  BIT_STRING,
  INTEGER,
  NULL,
  OID,
  readOctetsOfBitString,
  readSequence,
  readUnsigned,
  SEQUENCE,
} from './certificate/der.ts';
import { type Curve, curveByOid, isPoint, toBigInt } from './curves.ts';
import { FormatError } from './errors.ts';
import { encodeTlv } from './tlv.ts';

/** `modulus` and `exponent` are unsigned, without leading zero octets. */
export interface RsaPublicKey {
  readonly kind: 'rsa';
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
  readonly bits: number;
  readonly spki: Uint8Array;
}

/** `point` is uncompressed and on the curve. */
export interface EcPublicKey {
  readonly kind: 'ec';
  readonly curve: Curve;
  readonly point: Uint8Array;
  readonly spki: Uint8Array;
}

export type PublicKey = RsaPublicKey | EcPublicKey;

const RSA_ENCRYPTION = fromHex('2a864886f70d010101');
const EC_PUBLIC_KEY = fromHex('2a8648ce3d0201');
/** A key this long makes a verification cost milliseconds; nobody issues longer ones. */
const MAX_MODULUS_LENGTH = 1024;
const MIN_MODULUS_LENGTH = 32;
/** FIPS 186-5 5.1 (e < 2^256); OpenSSL holds long moduli to 64 bits. */
const MAX_EXPONENT_LENGTH = 32;

/** Reads a SubjectPublicKeyInfo strictly: RSA, or a point on one of our curves (RFC 5480, RFC 8017 A.1). */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const reader = readSequence(spki, 'public key');
  const algorithm = reader.sequence('key algorithm');
  const oid = algorithm.value(OID, 'key algorithm');
  const [parameters, more] = algorithm.rest('key algorithm');
  const key = readOctetsOfBitString(reader.value(BIT_STRING, 'key bits'), 'key bits');
  reader.end('public key');

  if (equal(oid, RSA_ENCRYPTION)) {
    if (parameters?.tag !== NULL || parameters.value.length > 0 || more) {
      throw new FormatError('ERR_KEY_PARAMETERS', 'RSA key with parameters other than NULL');
    }
    return readRsaPublicKey(key);
  }
  const curve = parameters && !more ? curveByOid(parameters.encoded) : undefined;
  if (!equal(oid, EC_PUBLIC_KEY) || !curve) {
    throw new FormatError('ERR_KEY_ALGORITHM', 'key of an unknown algorithm or curve');
  }
  return ecPublicKey(curve, key);
}

/** Reads an RSAPublicKey (RFC 8017 A.1.1) as strictly. */
export function readRsaPublicKey(der: Uint8Array): RsaPublicKey {
  const rsa = readSequence(der, 'RSA key');
  const modulus = readUnsigned(rsa.value(INTEGER, 'modulus'), 'modulus');
  const exponent = readUnsigned(rsa.value(INTEGER, 'exponent'), 'exponent');
  rsa.end('RSA key');
  return rsaPublicKey(modulus, exponent);
}

/**
 * Refuses what is no RSA key at all (RFC 8017 3.1: e below n), `ERR_KEY_RSA`, and what costs too much to verify with,
 * `ERR_KEY_RSA_SIZE`; how strong it must be is for the profile to say.
 */
export function rsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): RsaPublicKey {
  const n = withoutLeadingZeros(modulus);
  const e = withoutLeadingZeros(exponent);
  const tooCostly = e.length > (n.length > 384 ? 8 : MAX_EXPONENT_LENGTH);
  if (n.length > MAX_MODULUS_LENGTH || tooCostly) {
    throw new FormatError('ERR_KEY_RSA_SIZE', `RSA key with a modulus of ${n.length} octets`);
  }
  const even = !(n.at(-1)! & 1) || !((e.at(-1) ?? 0) & 1);
  if (n.length < MIN_MODULUS_LENGTH || e.length >= n.length || even || toBigInt(e) < 3n) {
    throw new FormatError('ERR_KEY_RSA', `no RSA key: modulus of ${n.length} octets`);
  }
  const bits = 8 * n.length - Math.clz32(n[0]!) + 24;
  const key = encodeRsaPublicKey(n, e);
  const algorithm = encodeTlv(SEQUENCE, encodeTlv(OID, RSA_ENCRYPTION), encodeTlv(NULL));
  return { kind: 'rsa', modulus: n, exponent: e, bits, spki: encodeSpki(algorithm, key) };
}

/** Throws `ERR_KEY_POINT` unless the point is on the curve, in the uncompressed form. */
export function ecPublicKey(curve: Curve, point: Uint8Array): EcPublicKey {
  if (!isPoint(curve, point)) {
    throw new FormatError('ERR_KEY_POINT', `not an uncompressed point of ${curve.name}`);
  }
  const algorithm = encodeTlv(SEQUENCE, encodeTlv(OID, EC_PUBLIC_KEY), curve.oid);
  return { kind: 'ec', curve, point, spki: encodeSpki(algorithm, point) };
}

/** RSAPublicKey (RFC 8017 A.1.1). */
function encodeRsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  return encodeTlv(SEQUENCE, encodeUnsigned(modulus), encodeUnsigned(exponent));
}

function encodeSpki(algorithm: Uint8Array, key: Uint8Array): Uint8Array {
  return encodeTlv(SEQUENCE, algorithm, encodeTlv(BIT_STRING, Uint8Array.of(0), key));
}

/** A DER INTEGER of unsigned octets. */
export function encodeUnsigned(value: Uint8Array): Uint8Array {
  const octets = withoutLeadingZeros(value);
  const sign = octets.length === 0 || octets[0]! >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0);
  return encodeTlv(INTEGER, concat(sign, octets));
}

/** Empty for zero. */
export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((octet) => octet !== 0);
  return first < 0 ? bytes.subarray(bytes.length) : bytes.subarray(first);
}

const keyObjects = new WeakMap<PublicKey, KeyObject>();

/** For node:crypto; kept, as making one costs as much as a verification. */
export function keyObject(key: PublicKey): KeyObject {
  let object = keyObjects.get(key);
  if (!object) {
    object = createPublicKey(keyInput(key));
    keyObjects.set(key, object);
  }
  return object;
}

/** OpenSSL 3 takes ten times as long to find out what a SubjectPublicKeyInfo holds as to read an RSAPublicKey. */
function keyInput(key: PublicKey) {
  const isRsa = key.kind === 'rsa';
  const octets = isRsa ? encodeRsaPublicKey(key.modulus, key.exponent) : key.spki;
  return { key: Buffer.from(octets), format: 'der', type: isRsa ? 'pkcs1' : 'spki' } as const;
}
