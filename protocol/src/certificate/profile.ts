import type { PublicKey } from '../public-key.ts';
import type { CertificateReason } from './error.ts';
import { DIGITAL_SIGNATURE, NON_REPUDIATION } from './extensions.ts';
import type { Name } from './name.ts';
import {
  OID_CLIENT_AUTH,
  OID_COMMON_NAME,
  OID_COUNTRY,
  OID_JPKI_AUTHENTICATION,
  OID_JPKI_PHONE_SIGNATURE,
  OID_JPKI_SIGNATURE,
  OID_JPKI_TEST_SIGNATURE,
  OID_LOCALITY,
} from './oid.ts';

/** What a user certificate must be beyond RFC 5280. Data, so that a card of another kind brings its own. */
export interface CertificateProfile {
  readonly name: string;
  /** One of these must be among the certificate's policies; none are required where it is empty. */
  readonly policies: readonly string[];
  /** A certificate with one of these is of another class, which is told apart from any other mistake. */
  readonly refusedPolicies: readonly string[];
  readonly refusedClass: CertificateReason;
  /** Bits of keyUsage that must all be set. */
  readonly keyUsage: number;
  /** What extendedKeyUsage must contain, where it is present. */
  readonly extendedKeyUsage: string;
  readonly isKey: (key: PublicKey) => boolean;
  readonly isSubject: (subject: Name) => boolean;
}

const MIN_RSA_BITS = 2048;

/** RSA of 2048 bits or more with e of 65537 or more, or P-256, or P-384: for any certificate and any CA. */
export function isStrongKey(key: PublicKey): boolean {
  if (key.kind === 'ec') return key.curve.name === 'P-256' || key.curve.name === 'P-384';
  return key.bits >= MIN_RSA_BITS && key.exponent.length >= 3;
}

/** User-authentication certificates of JPKI (protocol.md 2). */
export const JPKI_PROFILE: CertificateProfile = {
  name: 'jpki',
  policies: [OID_JPKI_AUTHENTICATION],
  refusedPolicies: [OID_JPKI_SIGNATURE, OID_JPKI_PHONE_SIGNATURE, OID_JPKI_TEST_SIGNATURE],
  refusedClass: 'signature-class',
  keyUsage: DIGITAL_SIGNATURE,
  extendedKeyUsage: OID_CLIENT_AUTH,
  isKey: isJpkiKey,
  isSubject: isJpkiSubject,
};

/**
 * Signature certificates of JPKI's plastic cards (署名用電子証明書). Who it is stands in subjectAltName, and is read by
 * nobody here; the subject names prefecture and municipality besides. Those of phones and of test cards are others.
 */
export const JPKI_SIGNATURE_PROFILE: CertificateProfile = {
  name: 'jpki-signature',
  policies: [OID_JPKI_SIGNATURE],
  refusedPolicies: [OID_JPKI_AUTHENTICATION],
  refusedClass: 'authentication-class',
  keyUsage: DIGITAL_SIGNATURE | NON_REPUDIATION,
  extendedKeyUsage: OID_CLIENT_AUTH,
  isKey: isJpkiKey,
  isSubject: isSignerSubject,
};

/** Relaxes only what is JPKI's own: policy, key type and the form of the subject. */
export const GENERIC_PROFILE: CertificateProfile = {
  ...JPKI_PROFILE,
  name: 'generic',
  policies: [],
  isKey: () => true,
  isSubject: () => true,
};

export const CERTIFICATE_PROFILES = {
  jpki: JPKI_PROFILE,
  'jpki-signature': JPKI_SIGNATURE_PROFILE,
  generic: GENERIC_PROFILE,
} as const;

/** RSA-2048 with e = 65537 today, P-384 tomorrow. */
function isJpkiKey(key: PublicKey): boolean {
  if (key.kind === 'ec') return key.curve.name === 'P-384';
  const [a, b, c] = key.exponent;
  return key.bits === 2048 && key.exponent.length === 3 && a === 1 && b === 0 && c === 1;
}

/** C=JP and an opaque common name. */
function isJpkiSubject({ rdns }: Name): boolean {
  return rdns.length === 2 && isJpkiName(rdns);
}

/** C=JP, then localities or none, then an opaque common name. */
function isSignerSubject({ rdns }: Name): boolean {
  const localities = rdns.slice(1, -1);
  return isJpkiName(rdns) && localities.every((rdn) => rdn[0]!.type === OID_LOCALITY);
}

function isJpkiName(rdns: Name['rdns']): boolean {
  const country = rdns[0]?.[0];
  const commonName = rdns.at(-1)?.[0];
  return (
    rdns.every((rdn) => rdn.length === 1) &&
    country?.type === OID_COUNTRY &&
    country.text === 'JP' &&
    commonName!.type === OID_COMMON_NAME &&
    /^[\x21-\x7e]{1,64}$/.test(commonName!.text ?? '')
  );
}
