import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { HsmError } from './key-store.ts';

/** prime256v1 as CKA_EC_PARAMS holds it: the curve's object identifier, DER (RFC 5480 2.1.1.1). */
export const P256_PARAMS = Buffer.from('06082a8648ce3d030107', 'hex');

const POINT_LENGTH = 65; // 04 ‖ x ‖ y
const OCTET_STRING = 0x04;

/** SubjectPublicKeyInfo of CKA_MODULUS and CKA_PUBLIC_EXPONENT. */
export function rsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  return subjectPublicKeyInfo({ kty: 'RSA', n: base64url(modulus), e: base64url(exponent) });
}

/** SubjectPublicKeyInfo of CKA_EC_POINT: an OCTET STRING around the point, but some modules give the point bare. */
export function p256PublicKey(ecPoint: Uint8Array): Uint8Array {
  const wrapped =
    ecPoint.length === POINT_LENGTH + 2 &&
    ecPoint[0] === OCTET_STRING &&
    ecPoint[1] === POINT_LENGTH;
  const point = wrapped ? ecPoint.subarray(2) : ecPoint;
  if (point.length !== POINT_LENGTH || point[0] !== 0x04) {
    throw new HsmError('ERR_HSM_KEY_PUBLIC', 'the token gives no uncompressed P-256 point');
  }
  const x = base64url(point.subarray(1, 33));
  const y = base64url(point.subarray(33));
  return subjectPublicKeyInfo({ kty: 'EC', crv: 'P-256', x, y });
}

export function publicKeyPem(spki: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

function subjectPublicKeyInfo(jwk: JsonWebKey): Uint8Array {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  } catch (cause) {
    throw new HsmError('ERR_HSM_KEY_PUBLIC', 'the token gives no valid public key', { cause });
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
