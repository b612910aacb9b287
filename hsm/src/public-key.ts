import { createPublicKey } from 'node:crypto';
import { CURVES } from '@pinless-gate/protocol/curves';
import { FormatError } from '@pinless-gate/protocol/errors';
import { ecPublicKey, rsaPublicKey } from '@pinless-gate/protocol/public-key';
import { HsmError } from './key-store.ts';

/** prime256v1 as CKA_EC_PARAMS holds it: the curve's object identifier, DER (RFC 5480 2.1.1.1). */
export const P256_PARAMS = Buffer.from('06082a8648ce3d030107', 'hex');

const POINT_LENGTH = 65; // 04 ‖ x ‖ y
const OCTET_STRING = 0x04;

/** SubjectPublicKeyInfo of CKA_MODULUS and CKA_PUBLIC_EXPONENT. */
export function rsaSpki(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  return checked(() => rsaPublicKey(modulus, exponent).spki);
}

/** SubjectPublicKeyInfo of CKA_EC_POINT: an OCTET STRING around the point, but some modules give the point bare. */
export function p256Spki(ecPoint: Uint8Array): Uint8Array {
  const wrapped =
    ecPoint.length === POINT_LENGTH + 2 &&
    ecPoint[0] === OCTET_STRING &&
    ecPoint[1] === POINT_LENGTH;
  const point = wrapped ? ecPoint.subarray(2) : ecPoint;
  return checked(() => ecPublicKey(CURVES['P-256'], point).spki);
}

export function publicKeyPem(spki: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

function checked(build: () => Uint8Array): Uint8Array {
  try {
    return build();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new HsmError('ERR_HSM_KEY_PUBLIC', `the token's public key: ${cause.message}`, { cause });
  }
}
