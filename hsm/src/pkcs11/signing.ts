import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { HsmError } from '../key-store.ts';

/** What the module is given, by which mechanism, and how long its answer must be. */
export interface SigningPlan {
  readonly mechanism: pkcs11js.Mechanism;
  readonly data: Buffer;
  readonly length: number;
}

/** DigestInfo of SHA-256 (RFC 8017 9.2, note 1), before the hash. */
const DIGEST_INFO_SHA256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** RSA-2048 with PKCS#1 v1.5, or P-256 as plain r‖s; both over SHA-256. `offered`: CKM values of the slot. */
export function planSignature(
  type: 'rsa' | 'ec',
  message: Buffer,
  offered: ReadonlySet<number>,
): SigningPlan {
  const { CKM_ECDSA, CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS } = pkcs11js;
  if (type === 'rsa' && offered.has(CKM_SHA256_RSA_PKCS)) {
    return { mechanism: { mechanism: CKM_SHA256_RSA_PKCS }, data: message, length: 256 };
  }
  // Not every module hashes: then the hash is made here.
  const hash = createHash('sha256').update(message).digest();
  if (type === 'ec') return { mechanism: { mechanism: CKM_ECDSA }, data: hash, length: 64 };
  const data = Buffer.concat([DIGEST_INFO_SHA256, hash]);
  return { mechanism: { mechanism: CKM_RSA_PKCS }, data, length: 256 };
}

export function verifyingKey(spki: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
}

/** No signature leaves that does not verify: one wrong bit would cost a card one of its few tries. */
export function requireSignature(key: KeyObject, message: Uint8Array, signature: Uint8Array): void {
  if (verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)) return;
  throw new HsmError('ERR_HSM_RESULT', 'the module gave a signature that does not verify', {
    hint: 'run `hsm selftest`; if it fails again, the module or its key is broken',
  });
}
