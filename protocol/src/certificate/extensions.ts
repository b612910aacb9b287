import { FormatError, readOr } from '../errors.ts';
import {
  BIT_STRING,
  BOOLEAN,
  checkInteger,
  DerReader,
  INTEGER,
  OCTET_STRING,
  OID,
  readNamedBits,
  readOid,
  readSequence,
  readSmallUnsigned,
  readTrue,
  SEQUENCE,
} from './der.ts';
import { type DistributionPoint, readDistributionPoints } from './distribution-point.ts';
import { CertificateError } from './error.ts';
import type { Extension } from './extension.ts';
import { type GeneralName, isAddress, readGeneralNames } from './general-name.ts';
import { type NameConstraints, readNameConstraints } from './name-constraints.ts';
import * as oid from './oid.ts';
import { readPolicies } from './policies.ts';

/** Bits of keyUsage (RFC 5280 4.2.1.3). */
export const DIGITAL_SIGNATURE = 1 << 0;
export const NON_REPUDIATION = 1 << 1;
export const KEY_CERT_SIGN = 1 << 5;
export const CRL_SIGN = 1 << 6;

export interface AuthorityKeyId {
  readonly keyId: Uint8Array | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  /** DER content of the INTEGER. */
  readonly serial: Uint8Array | undefined;
}

/** What the extensions say that we know; undefined where one is not there. */
export interface KnownExtensions {
  readonly authorityKeyId?: AuthorityKeyId;
  readonly subjectKeyId?: Uint8Array;
  readonly keyUsage?: number;
  readonly basicConstraints?: { readonly ca: boolean };
  readonly extendedKeyUsage?: readonly string[];
  readonly policies?: readonly string[];
  readonly subjectAltNames?: readonly GeneralName[];
  readonly issuerAltNames?: readonly GeneralName[];
  readonly distributionPoints?: readonly DistributionPoint[];
  readonly nameConstraints?: NameConstraints;
  readonly policyConstraints?: { readonly requireExplicitPolicy: number | undefined };
  readonly inhibitAnyPolicy?: number;
}

type Readers = {
  readonly [K in keyof KnownExtensions]-?: readonly [
    oid: string,
    read: (value: Uint8Array) => NonNullable<KnownExtensions[K]>,
  ];
};

const READERS: Readers = {
  authorityKeyId: [oid.OID_AUTHORITY_KEY_ID, readAuthorityKeyId],
  subjectKeyId: [oid.OID_SUBJECT_KEY_ID, readSubjectKeyId],
  keyUsage: [oid.OID_KEY_USAGE, readKeyUsage],
  basicConstraints: [oid.OID_BASIC_CONSTRAINTS, readBasicConstraints],
  extendedKeyUsage: [oid.OID_EXTENDED_KEY_USAGE, readExtendedKeyUsage],
  policies: [oid.OID_CERTIFICATE_POLICIES, readPolicies],
  subjectAltNames: [oid.OID_SUBJECT_ALT_NAME, readAltNames],
  issuerAltNames: [oid.OID_ISSUER_ALT_NAME, readAltNames],
  distributionPoints: [oid.OID_CRL_DISTRIBUTION_POINTS, readDistributionPoints],
  nameConstraints: [oid.OID_NAME_CONSTRAINTS, readNameConstraints],
  policyConstraints: [oid.OID_POLICY_CONSTRAINTS, readPolicyConstraints],
  inhibitAnyPolicy: [oid.OID_INHIBIT_ANY_POLICY, readInhibitAnyPolicy],
};

/** What a certificate of either kind may mark critical, as all of it is looked at. */
export const UNDERSTOOD = [
  oid.OID_KEY_USAGE,
  oid.OID_BASIC_CONSTRAINTS,
  oid.OID_EXTENDED_KEY_USAGE,
  oid.OID_CERTIFICATE_POLICIES,
  oid.OID_SUBJECT_ALT_NAME,
  oid.OID_ISSUER_ALT_NAME,
  oid.OID_CRL_DISTRIBUTION_POINTS,
] as const;

/** What constrains those that a CA certifies. */
export const CONSTRAINTS = [
  oid.OID_NAME_CONSTRAINTS,
  oid.OID_POLICY_CONSTRAINTS,
  oid.OID_INHIBIT_ANY_POLICY,
] as const;

/** Reads every extension that is known; one that does not read is `extension-malformed`. */
export function readKnownExtensions(extensions: ReadonlyMap<string, Extension>): KnownExtensions {
  const known: Record<string, unknown> = {};
  for (const [name, [id, read]] of Object.entries(READERS)) {
    const extension = extensions.get(id);
    if (!extension) continue;
    known[name] = readOr<unknown, never>(
      () => read(extension.value),
      (error) => {
        const why = `extension ${id}: ${error.message}`;
        throw new CertificateError('extension-malformed', why, error);
      },
    );
  }
  return known as KnownExtensions;
}

function single(value: Uint8Array, tag: number, what: string): Uint8Array {
  const reader = new DerReader(value);
  const content = reader.value(tag, what);
  reader.end(what);
  return content;
}

export function readAuthorityKeyId(value: Uint8Array): AuthorityKeyId {
  const what = 'authority key id';
  const reader = readSequence(value, what);
  const keyId = reader.optional(0x80, what);
  const issuer = reader.optional(0xa1, what);
  const serial = reader.optional(0x82, what);
  reader.end(what);
  if ((issuer === undefined) !== (serial === undefined)) {
    throw new FormatError('ERR_DER_MISSING', `${what}: issuer and serial number go together`);
  }
  if (serial !== undefined) checkInteger(serial, what);
  return { keyId, issuer: issuer && readGeneralNames(issuer, what), serial };
}

function readSubjectKeyId(value: Uint8Array): Uint8Array {
  return single(value, OCTET_STRING, 'subject key id');
}

function readKeyUsage(value: Uint8Array): number {
  const bits = readNamedBits(single(value, BIT_STRING, 'key usage'), 'key usage');
  if (bits === 0) throw new FormatError('ERR_DER_EMPTY', 'key usage: no bit is set');
  return bits;
}

function readBasicConstraints(value: Uint8Array): { ca: boolean } {
  const what = 'basic constraints';
  const reader = readSequence(value, what);
  const ca = readTrue(reader.optional(BOOLEAN, what), what);
  const pathLength = reader.optional(INTEGER, what);
  reader.end(what);
  if (pathLength !== undefined) {
    readSmallUnsigned(pathLength, what);
    if (!ca) throw new FormatError('ERR_DER_TRAILING', `${what}: path length without a CA`);
  }
  return { ca };
}

function readExtendedKeyUsage(value: Uint8Array): string[] {
  const what = 'extended key usage';
  return readSequence(value, what)
    .rest(what, 1)
    .map(({ tag, value: content }) => {
      if (tag !== OID) throw new FormatError('ERR_DER_TAG', `${what}: not an object identifier`);
      return readOid(content, what);
    });
}

function readAltNames(value: Uint8Array): GeneralName[] {
  const what = 'alternative names';
  const names = readGeneralNames(single(value, SEQUENCE, what), what);
  if (names.some((name) => name.kind === 'ip' && !isAddress(name.octets))) {
    throw new FormatError('ERR_DER_NAME', `${what}: neither IPv4 nor IPv6`);
  }
  return names;
}

function readPolicyConstraints(value: Uint8Array): { requireExplicitPolicy: number | undefined } {
  const what = 'policy constraints';
  const reader = readSequence(value, what);
  const explicit = reader.optional(0x80, what);
  const mapping = reader.optional(0x81, what);
  reader.end(what);
  if (explicit === undefined && mapping === undefined) {
    throw new FormatError('ERR_DER_EMPTY', `${what}: empty`);
  }
  if (mapping !== undefined) readSmallUnsigned(mapping, what);
  return { requireExplicitPolicy: explicit && readSmallUnsigned(explicit, what) };
}

function readInhibitAnyPolicy(value: Uint8Array): number {
  return readSmallUnsigned(single(value, INTEGER, 'inhibit any policy'), 'inhibit any policy');
}
