import { concat, equal, fromHex } from '../bytes.ts';
import { CURVE_NAMES, CURVES, type Curve } from '../curves.ts';
import { FormatError } from '../errors.ts';
import { ecPublicKey, type PublicKey, rsaPublicKey } from '../public-key.ts';
import { type HashName, verifyEcdsa, verifyRsaPkcs1, verifyRsaPss } from '../signature.ts';
import { encodeTlv } from '../tlv.ts';
import { CvcError } from './error.ts';
import { CvObjects } from './objects.ts';

/** Public keys in CV certificates and how their holders sign (BSI TR-03110 part 3, A.7.3 and D.3). */

const TAG_OID = 0x06;
const TAG_MODULUS = 0x81;
const TAG_EXPONENT = 0x82;
/** p, a, b, G, n and h; 86 between them is the public point. */
const DOMAIN_TAGS = [0x81, 0x82, 0x83, 0x84, 0x85, 0x87] as const;
const TAG_POINT = 0x86;

interface Algorithm {
  readonly oid: Uint8Array;
  readonly scheme: 'pkcs1' | 'pss' | 'ecdsa';
  readonly hash: HashName;
}

/** Object identifiers below id-TA, 0.4.0.127.0.7.2.2.2. Those with SHA-1 and SHA-224 are not for use. */
export const TERMINAL_ALGORITHMS = {
  'rsa-sha256': { oid: fromHex('04007f00070202020102'), scheme: 'pkcs1', hash: 'sha256' },
  'rsa-sha512': { oid: fromHex('04007f00070202020105'), scheme: 'pkcs1', hash: 'sha512' },
  'pss-sha256': { oid: fromHex('04007f00070202020104'), scheme: 'pss', hash: 'sha256' },
  'pss-sha512': { oid: fromHex('04007f00070202020106'), scheme: 'pss', hash: 'sha512' },
  'ecdsa-sha256': { oid: fromHex('04007f00070202020203'), scheme: 'ecdsa', hash: 'sha256' },
  'ecdsa-sha384': { oid: fromHex('04007f00070202020204'), scheme: 'ecdsa', hash: 'sha384' },
  'ecdsa-sha512': { oid: fromHex('04007f00070202020205'), scheme: 'ecdsa', hash: 'sha512' },
} as const satisfies Record<string, Algorithm>;
export type TerminalAlgorithm = keyof typeof TERMINAL_ALGORITHMS;

/** A key and what it signs with. */
export interface CvKey {
  readonly algorithm: TerminalAlgorithm;
  readonly key: PublicKey;
}

/**
 * A key as it stands in a certificate: a bare point is on the curve of the CA's key. The cofactor may be left out where
 * the other domain parameters are there (TR-03110 part 3, D.3.3).
 */
export type CvPublicKey =
  | (CvKey & { readonly withoutCofactor?: true })
  | { readonly algorithm: TerminalAlgorithm; readonly point: Uint8Array };

/** The content of 7F49. */
export function encodeCvPublicKey(publicKey: CvPublicKey): Uint8Array {
  const oid = encodeTlv(TAG_OID, TERMINAL_ALGORITHMS[publicKey.algorithm].oid);
  if ('point' in publicKey) return concat(oid, encodeTlv(TAG_POINT, publicKey.point));
  const { key } = publicKey;
  if (key.kind === 'rsa') {
    return concat(oid, encodeTlv(TAG_MODULUS, key.modulus), encodeTlv(TAG_EXPONENT, key.exponent));
  }
  const domain = domainParameters(key.curve).map((value, i) => encodeTlv(DOMAIN_TAGS[i]!, value));
  const cofactor = publicKey.withoutCofactor ? [] : domain.slice(5);
  return concat(oid, ...domain.slice(0, 5), encodeTlv(TAG_POINT, key.point), ...cofactor);
}

export function decodeCvPublicKey(value: Uint8Array): CvPublicKey {
  const objects = new CvObjects(value);
  const algorithm = algorithmOf(objects.value(TAG_OID));
  if (TERMINAL_ALGORITHMS[algorithm].scheme !== 'ecdsa') {
    const modulus = unpadded(objects.value(TAG_MODULUS));
    const exponent = unpadded(objects.value(TAG_EXPONENT));
    objects.end();
    return { algorithm, key: rsaPublicKey(modulus, exponent) };
  }
  if (!objects.has(DOMAIN_TAGS[0])) {
    const point = objects.value(TAG_POINT);
    objects.end();
    return { algorithm, point };
  }
  const domain = DOMAIN_TAGS.slice(0, 5).map((tag) => objects.value(tag));
  const point = objects.value(TAG_POINT);
  const cofactor = objects.optional(DOMAIN_TAGS[5]);
  if (cofactor) domain.push(cofactor);
  objects.end();
  const curve = curveOfDomain(domain);
  if (!curve) throw new FormatError('ERR_CVC_CURVE', 'CV certificate: unknown domain parameters');
  const key = ecPublicKey(curve, point);
  return cofactor ? { algorithm, key } : { algorithm, key, withoutCofactor: true };
}

/** The curve with these parameters: p, a, b, G, n and, where it is given, h as they stand in a certificate. */
export function curveOfDomain(domain: readonly Uint8Array[]): Curve | undefined {
  return CURVE_NAMES.map((name) => CURVES[name]).find((one) => {
    const parameters = domainParameters(one);
    return domain.every((value, i) => equal(value, parameters[i]!));
  });
}

/** Numbers in the fewest octets (TR-03110 part 3, D.2.1.1). */
function domainParameters({ p, a, b, g, n }: Curve): readonly Uint8Array[] {
  const unsigned = (value: bigint) => {
    const digits = value.toString(16);
    return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
  };
  return [unsigned(p), unsigned(a), unsigned(b), g, unsigned(n), Uint8Array.of(1)];
}

function algorithmOf(oid: Uint8Array): TerminalAlgorithm {
  const names = Object.keys(TERMINAL_ALGORITHMS) as TerminalAlgorithm[];
  const algorithm = names.find((name) => equal(TERMINAL_ALGORITHMS[name].oid, oid));
  if (!algorithm) {
    throw new FormatError('ERR_CVC_ALGORITHM', 'CV certificate: key for an unknown algorithm');
  }
  return algorithm;
}

function unpadded(value: Uint8Array): Uint8Array {
  if (value[0] === 0) throw new FormatError('ERR_CVC_KEY', 'CV certificate: padded number');
  return value;
}

/** The whole key; `issuer` gives the domain parameters where the certificate leaves them out. */
export function resolveCvKey(publicKey: CvPublicKey, issuer?: CvKey): CvKey {
  if (!('point' in publicKey)) return { algorithm: publicKey.algorithm, key: publicKey.key };
  if (issuer?.key.kind !== 'ec') {
    throw new CvcError('ERR_CVC_DOMAIN', 'no domain parameters, neither here nor at the CA');
  }
  const { algorithm, point } = publicKey;
  return { algorithm, key: ecPublicKey(issuer.key.curve, point) };
}

/** Whether this key signed the message, by its own algorithm. ECDSA values are plain r‖s. */
export function verifyCvSignature(
  { algorithm, key }: CvKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { scheme, hash } = TERMINAL_ALGORITHMS[algorithm];
  if (key.kind === 'ec') return verifyEcdsa(key, hash, message, signature);
  const verify = scheme === 'pss' ? verifyRsaPss : verifyRsaPkcs1;
  return verify(key, hash, message, signature);
}
