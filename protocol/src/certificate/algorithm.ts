import { toHex } from '../bytes.ts';
import type { PublicKey } from '../public-key.ts';
import { type HashName, verifyEcdsaDer, verifyRsaPkcs1, verifyRsaPss } from '../signature.ts';

interface SignatureAlgorithm {
  readonly scheme: 'pkcs1' | 'pss' | 'ecdsa';
  readonly hash: HashName;
}

/** RSASSA-PSS with a hash, MGF1 with that hash, and a salt as long as the hash (RFC 4055 3.1). */
function pss(lastOfOid: string, saltLength: string): string {
  const hash = `300d0609608648016503040${lastOfOid}0500`;
  const mgf1 = `301a06092a864886f70d010108${hash}`;
  return `304106092a864886f70d01010a3034a00f${hash}a11c${mgf1}a203020${saltLength}`;
}

/**
 * AlgorithmIdentifiers by their whole DER: these and no others, so nothing about parameters is left to
 * interpretation. SHA-1 and MD5 are not among them.
 */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['300d06092a864886f70d01010b0500', { scheme: 'pkcs1', hash: 'sha256' }],
  ['300d06092a864886f70d01010c0500', { scheme: 'pkcs1', hash: 'sha384' }],
  ['300d06092a864886f70d01010d0500', { scheme: 'pkcs1', hash: 'sha512' }],
  ['300a06082a8648ce3d040302', { scheme: 'ecdsa', hash: 'sha256' }],
  ['300a06082a8648ce3d040303', { scheme: 'ecdsa', hash: 'sha384' }],
  ['300a06082a8648ce3d040304', { scheme: 'ecdsa', hash: 'sha512' }],
  [pss('201', '120'), { scheme: 'pss', hash: 'sha256' }],
  [pss('202', '130'), { scheme: 'pss', hash: 'sha384' }],
  [pss('203', '140'), { scheme: 'pss', hash: 'sha512' }],
]);

/** Undefined for an algorithm that we do not accept, or that is not encoded as its standard says. */
export function signatureAlgorithm(identifier: Uint8Array): SignatureAlgorithm | undefined {
  return ALGORITHMS.get(toHex(identifier));
}

/** Whether `key` made this signature of a certificate or a list; false also where key and algorithm do not fit. */
export function verifySigned(
  key: PublicKey,
  identifier: Uint8Array,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const algorithm = signatureAlgorithm(identifier);
  if (!algorithm) return false;
  const { scheme, hash } = algorithm;
  if (key.kind === 'ec') {
    return scheme === 'ecdsa' && verifyEcdsaDer(key, hash, signed, signature);
  }
  if (scheme === 'pkcs1') return verifyRsaPkcs1(key, hash, signed, signature);
  return scheme === 'pss' && verifyRsaPss(key, hash, signed, signature);
}
