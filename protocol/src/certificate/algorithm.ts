import { fromHex, toHex } from '../bytes.ts';
import type { PublicKey } from '../public-key.ts';
import {
  HASH_LENGTH,
  type HashName,
  verifyEcdsaDer,
  verifyRsaPkcs1,
  verifyRsaPss,
} from '../signature.ts';
import { encodeTlv } from '../tlv.ts';
import { INTEGER, NULL, OID, SEQUENCE } from './der.ts';

interface SignatureAlgorithm {
  readonly scheme: 'pkcs1' | 'pss' | 'ecdsa';
  readonly hash: HashName;
}

const RSA = '2a864886f70d0101';
const RSASSA_PSS = encodeTlv(OID, fromHex(`${RSA}0a`));
const MGF1 = encodeTlv(OID, fromHex(`${RSA}08`));
const SHA2 = '6086480165030402';
const ECDSA_WITH_SHA2 = '2a8648ce3d0403';

/** RFC 4055 2.1 and 5: NULL and no parameters mean the same for a hash, and for RSA with a hash. */
function withNullOrWithout(oid: string): Uint8Array[] {
  const type = encodeTlv(OID, fromHex(oid));
  return [encodeTlv(SEQUENCE, type, encodeTlv(NULL)), encodeTlv(SEQUENCE, type)];
}

/** RSASSA-PSS with a hash, MGF1 with that hash, and a salt as long as the hash (RFC 4055 3.1). */
function pss(hash: string, saltLength: number): Uint8Array[] {
  const hashes = withNullOrWithout(hash);
  const salt = encodeTlv(0xa2, encodeTlv(INTEGER, Uint8Array.of(saltLength)));
  return hashes.flatMap((one) =>
    hashes.map((ofMgf) => {
      const mgf = encodeTlv(0xa1, encodeTlv(SEQUENCE, MGF1, ofMgf));
      const parameters = encodeTlv(SEQUENCE, encodeTlv(0xa0, one), mgf, salt);
      return encodeTlv(SEQUENCE, RSASSA_PSS, parameters);
    }),
  );
}

/** The last octets of the OIDs of RSA with a hash, of the hash, and of ECDSA with it (RFC 5758 3.2: no parameters). */
const HASHES = [
  ['sha256', '0b', '01', '02'],
  ['sha384', '0c', '02', '03'],
  ['sha512', '0d', '03', '04'],
] as const;

/**
 * AlgorithmIdentifiers by their whole DER: these and no others, so nothing about parameters is left to
 * interpretation. SHA-1 and MD5 are not among them.
 */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  HASHES.flatMap(([hash, ofRsa, ofHash, ofEcdsa]) => {
    const [, ecdsa] = withNullOrWithout(`${ECDSA_WITH_SHA2}${ofEcdsa}`);
    const forms = {
      pkcs1: withNullOrWithout(`${RSA}${ofRsa}`),
      pss: pss(`${SHA2}${ofHash}`, HASH_LENGTH[hash]),
      ecdsa: [ecdsa!],
    };
    const schemes = ['pkcs1', 'pss', 'ecdsa'] as const;
    return schemes.flatMap((scheme) =>
      forms[scheme].map((form) => [toHex(form), { scheme, hash }] as const),
    );
  }),
);

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
