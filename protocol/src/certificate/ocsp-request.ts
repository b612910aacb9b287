import { createHash } from 'node:crypto';
import { concat, EMPTY, fromHex, toHex } from '../bytes.ts';
import { derSignature } from '../signature.ts';
import { encodeTlv } from '../tlv.ts';
import {
  BIT_STRING,
  INTEGER,
  OCTET_STRING,
  OID,
  readOctetsOfBitString,
  readSequence,
  SEQUENCE,
} from './der.ts';

/** Which certificate a request asks about (RFC 6960 4.1.1). */
export interface OcspSubject {
  /** The issuer's Name as the certificate has it, DER. */
  readonly issuerName: Uint8Array;
  /** SubjectPublicKeyInfo of the CA. */
  readonly issuerSpki: Uint8Array;
  /** Unsigned, without leading zero octets. */
  readonly serial: Uint8Array;
}

export interface CertId {
  readonly hash: CertIdHash;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Unsigned, without leading zero octets. */
  readonly serial: Uint8Array;
}

/** Only names a CA here: nothing rests on SHA-1 being free of collisions (RFC 6960 4.3). */
export type CertIdHash = 'sha1' | 'sha256';

const HASH_ALGORITHMS: Readonly<Record<CertIdHash, string>> = {
  sha1: '300906052b0e03021a0500',
  sha256: '300d06096086480165030402010500',
};
/** RFC 5754 2: the parameters are NULL, or absent. */
const HASH_BY_DER: ReadonlyMap<string, CertIdHash> = new Map([
  [HASH_ALGORITHMS.sha1, 'sha1'],
  ['300706052b0e03021a', 'sha1'],
  [HASH_ALGORITHMS.sha256, 'sha256'],
  ['300b0609608648016503040201', 'sha256'],
]);

/** RFC 8954 2.1: 32 octets are to be sent. */
export const OCSP_NONCE_LENGTH = 32;

/** Undefined for a hash that we do not ask with. */
export function certIdHash(algorithm: Uint8Array): CertIdHash | undefined {
  return HASH_BY_DER.get(toHex(algorithm));
}

export function certIdOf(
  { issuerName, issuerSpki, serial }: OcspSubject,
  hash: CertIdHash,
): CertId {
  const digest = (octets: Uint8Array) => createHash(hash).update(octets).digest();
  return {
    hash,
    issuerNameHash: digest(issuerName),
    issuerKeyHash: digest(keyBits(issuerSpki)),
    serial,
  };
}

/** What key hashes are over: the BIT STRING of the key, without its header. */
export function keyBits(spki: Uint8Array): Uint8Array {
  const reader = readSequence(spki, 'public key');
  reader.sequence('key algorithm');
  return readOctetsOfBitString(reader.value(BIT_STRING, 'key bits'), 'key bits');
}

export interface OcspQuestion {
  readonly certId: CertId;
  /** 1 to 32 octets (RFC 8954 2.1), fresh. */
  readonly nonce?: Uint8Array | undefined;
  /** Who asks, where the request is to be signed: the subject of its certificate, DER. */
  readonly requestor?: Uint8Array | undefined;
}

/** TBSRequest: what a signature of the requestor covers. */
export function encodeTbsRequest({ certId, nonce, requestor }: OcspQuestion): Uint8Array {
  if (nonce && (nonce.length === 0 || nonce.length > OCSP_NONCE_LENGTH)) {
    throw new RangeError(`nonce of ${nonce.length} octets`);
  }
  const request = encodeTlv(SEQUENCE, encodeCertId(certId));
  return encodeTlv(
    SEQUENCE,
    // requestorName is a GeneralName: a directory name, explicitly tagged.
    requestor ? encodeTlv(0xa1, encodeTlv(0xa4, requestor)) : EMPTY,
    encodeTlv(SEQUENCE, request),
    nonce ? encodeTlv(0xa2, encodeTlv(SEQUENCE, nonceExtension(nonce))) : EMPTY,
  );
}

function encodeCertId({ hash, issuerNameHash, issuerKeyHash, serial }: CertId): Uint8Array {
  return encodeTlv(
    SEQUENCE,
    fromHex(HASH_ALGORITHMS[hash]),
    encodeTlv(OCTET_STRING, issuerNameHash),
    encodeTlv(OCTET_STRING, issuerKeyHash),
    encodeTlv(INTEGER, unsigned(serial)),
  );
}

function unsigned(octets: Uint8Array): Uint8Array {
  return octets[0]! >= 0x80 ? concat(Uint8Array.of(0), octets) : octets;
}

const NONCE_OID = fromHex('2b0601050507300102');

function nonceExtension(nonce: Uint8Array): Uint8Array {
  const value = encodeTlv(OCTET_STRING, nonce);
  return encodeTlv(SEQUENCE, encodeTlv(OID, NONCE_OID), encodeTlv(OCTET_STRING, value));
}

/** The requestor's signature over TBSRequest (RFC 6960 4.1.2). */
export interface RequestSignature {
  /** SHA-256 with the key's kind. `ec`: r‖s, as PKCS#11 modules give it. */
  readonly kind: 'rsa' | 'ec';
  readonly signature: Uint8Array;
  /** DER; the requestor's own first. */
  readonly certificates: readonly Uint8Array[];
}

const SIGNATURE_ALGORITHMS = {
  rsa: fromHex('300d06092a864886f70d01010b0500'),
  ec: fromHex('300a06082a8648ce3d040302'),
} as const;

/** OCSPRequest, signed where a signature is given. */
export function encodeOcspRequest(tbs: Uint8Array, signed?: RequestSignature): Uint8Array {
  if (!signed) return encodeTlv(SEQUENCE, tbs);
  const { kind, signature, certificates } = signed;
  const value = kind === 'ec' ? derSignature(signature) : signature;
  const wrapped = encodeTlv(
    SEQUENCE,
    SIGNATURE_ALGORITHMS[kind],
    encodeTlv(BIT_STRING, Uint8Array.of(0), value),
    encodeTlv(0xa0, encodeTlv(SEQUENCE, ...certificates)),
  );
  return encodeTlv(SEQUENCE, tbs, encodeTlv(0xa0, wrapped));
}
