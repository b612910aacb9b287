import { concat, domain } from '../bytes.ts';
import { FormatError } from '../errors.ts';
import { type RsaPublicKey, rsaPublicKey } from '../public-key.ts';
import { verifyRsaPkcs1 } from '../signature.ts';
import { encodeTlv } from '../tlv.ts';
import { CvcError } from './error.ts';
import { CvObjects } from './objects.ts';

/**
 * ASSUMED: how an institution asks for a CV certificate in the layout of the JPKI card. What J-LIS really takes is not
 * public. As little as will do: the certificate's own layout without key ids, which J-LIS assigns,
 * `7F21 { 5F4E { 90 e ‖ 91 n } 5F37 signature }`. The signature covers a tag of ours and the body, so that it is no
 * signature over a challenge and none over a certificate.
 */

const TAG_REQUEST = 0x7f21;
const TAG_BODY = 0x5f4e;
const TAG_SIGNATURE = 0x5f37;
const TAG_EXPONENT = 0x90;
const TAG_MODULUS = 0x91;
const POSSESSION = domain('pinless-gate/institution-request/1');
const BITS = 2048;
const EXPONENT_LENGTH = 3;

export interface JpkiRequest {
  readonly publicKey: RsaPublicKey;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeJpkiRequestBody(publicKey: RsaPublicKey): Uint8Array {
  if (!fits(publicKey)) throw new RangeError(`RSA-2048 is wanted, not ${publicKey.bits} bits`);
  const { exponent, modulus } = publicKey;
  return concat(encodeTlv(TAG_EXPONENT, exponent), encodeTlv(TAG_MODULUS, modulus));
}

/** What the key signs (RSASSA-PKCS1-v1_5 with SHA-256). */
export function jpkiRequestMessage(body: Uint8Array): Uint8Array {
  return concat(POSSESSION, body);
}

export function encodeJpkiRequest(body: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeTlv(TAG_REQUEST, encodeTlv(TAG_BODY, body), encodeTlv(TAG_SIGNATURE, signature));
}

/** Strict: these objects, in this order, nothing else. */
export function decodeJpkiRequest(encoded: Uint8Array): JpkiRequest {
  const outer = new CvObjects(encoded);
  const objects = new CvObjects(outer.value(TAG_REQUEST));
  outer.end();
  const body = objects.value(TAG_BODY);
  const signature = objects.value(TAG_SIGNATURE);
  objects.end();
  const members = new CvObjects(body);
  const exponent = members.value(TAG_EXPONENT);
  const modulus = members.value(TAG_MODULUS);
  members.end();
  const publicKey = rsaPublicKey(modulus, exponent);
  const unpadded = modulus.length === BITS / 8 && exponent.length === EXPONENT_LENGTH;
  if (!unpadded || !fits(publicKey)) {
    throw new FormatError('ERR_CVC_KEY', 'request: not RSA-2048 with e of 65537 or more');
  }
  return { publicKey, body, signature };
}

/** Proves that the requester has the private key. Throws `ERR_CVC_SIGNATURE`. */
export function verifyJpkiRequest({ publicKey, body, signature }: JpkiRequest): RsaPublicKey {
  if (verifyRsaPkcs1(publicKey, 'sha256', jpkiRequestMessage(body), signature)) return publicKey;
  throw new CvcError('ERR_CVC_SIGNATURE', 'request is not signed by its own key');
}

function fits({ bits, exponent }: RsaPublicKey): boolean {
  return bits === BITS && exponent.length === EXPONENT_LENGTH;
}
