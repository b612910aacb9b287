import { concat, equal } from '../bytes.ts';
import { FormatError } from '../errors.ts';
import { type RsaPublicKey, rsaPublicKey } from '../public-key.ts';
import { type Key, verifyRsaPkcs1 } from '../signature.ts';
import { encodeTlv, readTlv } from '../tlv.ts';
import { CvcError } from './error.ts';

/**
 * CV certificates of the JPKI card (protocol.md 1.1):
 * `7F21 { 5F4E { issuer key id ‖ subject key id ‖ 90 e ‖ 91 n } 5F37 signature }`, RSA-2048 only.
 * No dates, no roles: what a key may do, the card alone knows.
 */

const TAG_CERTIFICATE = 0x7f21;
const TAG_BODY = 0x5f4e;
const TAG_SIGNATURE = 0x5f37;
const TAG_EXPONENT = 0x90;
const TAG_MODULUS = 0x91;

const KEY_ID_LENGTH = 16;
const EXPONENT_LENGTH = 3;
const MODULUS_LENGTH = 256;
export const JPKI_CVC_BODY_LENGTH = 297;
export const JPKI_CVC_LENGTH = 568;
/** Headers and body: what the first of the two commands carries. */
export const JPKI_CVC_BLOCK_LENGTH = 307;

export interface JpkiCvcBody {
  /** 7 digits ‖ 08 05 ‖ 3 digits ‖ 4 octets; compared whole. */
  readonly issuerKeyId: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  readonly publicKey: RsaPublicKey;
}

export interface JpkiCvc extends JpkiCvcBody {
  /** The 297 octets that are signed. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly encoded: Uint8Array;
}

/** The 297 octets that the issuer signs (RSASSA-PKCS1-v1_5 with SHA-256). */
export function encodeJpkiCvcBody({
  issuerKeyId,
  subjectKeyId,
  publicKey,
}: JpkiCvcBody): Uint8Array {
  checkKeyId(issuerKeyId);
  checkKeyId(subjectKeyId);
  const { bits, modulus, exponent } = publicKey;
  if (bits !== 8 * MODULUS_LENGTH || exponent.length !== EXPONENT_LENGTH) {
    throw new RangeError(`RSA-2048 with an e of three octets is wanted, this key has ${bits} bits`);
  }
  return concat(
    issuerKeyId,
    subjectKeyId,
    encodeTlv(TAG_EXPONENT, exponent),
    encodeTlv(TAG_MODULUS, modulus),
  );
}

export function encodeJpkiCvc(body: Uint8Array, signature: Uint8Array): Uint8Array {
  if (body.length !== JPKI_CVC_BODY_LENGTH || signature.length !== MODULUS_LENGTH) {
    throw new RangeError(`body of ${body.length}, signature of ${signature.length} octets`);
  }
  return encodeTlv(TAG_CERTIFICATE, encodeTlv(TAG_BODY, body), encodeTlv(TAG_SIGNATURE, signature));
}

/** Exactly this layout, octet for octet; anything else is a `FormatError`. The parts are views. */
export function decodeJpkiCvc(encoded: Uint8Array): JpkiCvc {
  const certificate = member(encoded, 0, encoded.length, TAG_CERTIFICATE);
  const body = member(encoded, certificate.valueStart, certificate.end, TAG_BODY);
  const signature = member(encoded, body.end, certificate.end, TAG_SIGNATURE);
  const e = member(encoded, body.valueStart + 2 * KEY_ID_LENGTH, body.end, TAG_EXPONENT);
  const n = member(encoded, e.end, body.end, TAG_MODULUS);
  // With the length of the whole and of every part there is no room between parts or behind them.
  const exact =
    encoded.length === JPKI_CVC_LENGTH &&
    e.end - e.valueStart === EXPONENT_LENGTH &&
    n.end - n.valueStart === MODULUS_LENGTH &&
    signature.end - signature.valueStart === MODULUS_LENGTH;
  if (!exact) throw new FormatError('ERR_CVC_LAYOUT', 'CV certificate: wrong lengths');

  const keyIds = body.valueStart;
  const issuerKeyId = encoded.subarray(keyIds, keyIds + KEY_ID_LENGTH);
  const subjectKeyId = encoded.subarray(keyIds + KEY_ID_LENGTH, keyIds + 2 * KEY_ID_LENGTH);
  checkKeyId(issuerKeyId);
  checkKeyId(subjectKeyId);
  const publicKey = rsaPublicKey(
    encoded.subarray(n.valueStart, n.end),
    encoded.subarray(e.valueStart, e.end),
  );
  if (publicKey.bits !== 8 * MODULUS_LENGTH || publicKey.exponent.length !== EXPONENT_LENGTH) {
    throw new FormatError('ERR_CVC_KEY', 'CV certificate: not RSA-2048 with e of 65537 or more');
  }
  return {
    issuerKeyId,
    subjectKeyId,
    publicKey,
    body: encoded.subarray(body.valueStart, body.end),
    signature: encoded.subarray(signature.valueStart, signature.end),
    encoded,
  };
}

/** What the two commands `80 A2 06 C1` and `80 A2 00 C1` carry: headers with body, then the signature. */
export function jpkiCvcBlocks(encoded: Uint8Array): readonly [Uint8Array, Uint8Array] {
  if (encoded.length !== JPKI_CVC_LENGTH) {
    throw new FormatError('ERR_CVC_LAYOUT', `CV certificate of ${encoded.length} octets`);
  }
  return [encoded.subarray(0, JPKI_CVC_BLOCK_LENGTH), encoded.subarray(JPKI_CVC_BLOCK_LENGTH)];
}

/** The other way round, for a card: the certificate that the two blocks are of. */
export function decodeJpkiCvcBlocks(first: Uint8Array, second: Uint8Array): JpkiCvc {
  return decodeJpkiCvc(concat(first, second));
}

/** Throws `ERR_CVC_SIGNATURE` unless this key signed it. Whose key it is, the caller compares. */
export function verifyJpkiCvc(cvc: JpkiCvc, issuer: Key<RsaPublicKey>): JpkiCvc {
  if (!verifyRsaPkcs1(issuer, 'sha256', cvc.body, cvc.signature)) {
    throw new CvcError('ERR_CVC_SIGNATURE', 'CV certificate is not signed by its issuer');
  }
  return cvc;
}

/** Key ids are compared whole: all 16 octets. */
export function sameKeyId(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === KEY_ID_LENGTH && equal(a, b);
}

/** 7 ASCII digits ‖ 08 05 ‖ 3 ASCII digits ‖ 4 octets. */
export function isJpkiKeyId(keyId: Uint8Array): boolean {
  if (keyId.length !== KEY_ID_LENGTH) return false;
  const digits = [...keyId.subarray(0, 7), ...keyId.subarray(9, 12)];
  return keyId[7] === 0x08 && keyId[8] === 0x05 && digits.every((d) => d >= 0x30 && d <= 0x39);
}

function checkKeyId(keyId: Uint8Array): void {
  if (!isJpkiKeyId(keyId)) throw new FormatError('ERR_CVC_KEY_ID', 'not a key id of JPKI');
}

function member(bytes: Uint8Array, offset: number, end: number, tag: number) {
  const range = readTlv(bytes, offset, end);
  if (range.tag !== tag) {
    throw new FormatError('ERR_CVC_LAYOUT', `tag ${range.tag.toString(16)} at offset ${offset}`);
  }
  return range;
}
