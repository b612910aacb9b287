import { equal } from '../bytes.ts';
import { type PublicKey, readPublicKey, withoutLeadingZeros } from '../public-key.ts';
import { verifySigned } from './algorithm.ts';
import { isTestName, type TrustAnchor } from './anchors.ts';
import { type ParsedCertificate, parseCertificate } from './certificate.ts';
import { sameGeneralName } from './distribution-point.ts';
import { CertificateError, type CertificateReason, readCertificatePart } from './error.ts';
import { CONSTRAINTS, CRL_SIGN, KEY_CERT_SIGN, UNDERSTOOD } from './extensions.ts';
import { sameName } from './name.ts';
import { withinConstraints } from './name-constraints.ts';
import {
  OID_ANY_POLICY,
  OID_AUTHORITY_KEY_ID,
  OID_POLICY_MAPPINGS,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
} from './oid.ts';
import { type CertificateProfile, isStrongKey, JPKI_PROFILE } from './profile.ts';

/**
 * Verification one level deep: one certificate, one pinned CA, no path is ever built. Either everything
 * holds, or there is one reason.
 */

/** A certificate that is proven to come from its CA and to be fit for authentication at that time. */
export interface UserCertificate {
  /** Unsigned, without leading zero octets. */
  readonly serial: Uint8Array;
  /** The issuer's Name in DER, as it stands in the certificate. */
  readonly issuerName: Uint8Array;
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey;
  /** Unix seconds, both ends included. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The CA that signed it. */
  readonly anchor: TrustAnchor;
  readonly parsed: ParsedCertificate;
}

export type CertificateVerdict =
  | { readonly ok: true; readonly certificate: UserCertificate }
  | { readonly ok: false; readonly reason: CertificateReason };

/** `at` in Unix milliseconds. Never throws for what the certificate holds. */
export function verifyUserCertificate(
  der: Uint8Array,
  anchors: readonly TrustAnchor[],
  at: number,
  profile: CertificateProfile = JPKI_PROFILE,
): CertificateVerdict {
  if (!Number.isFinite(at)) throw new RangeError('time of verification is not a number');
  try {
    const parsed = parseCertificate(der);
    const publicKey = readKey(parsed.spki);
    checkExtensions(parsed);
    checkClass(parsed, profile);
    const anchor = provenAnchor(parsed, anchors);
    checkDates(parsed, anchor, Math.floor(at / 1000));
    checkUse(parsed, publicKey, anchor, profile);
    const { serial, issuer, spki, notBefore, notAfter } = parsed;
    const proven = { serial, issuerName: issuer.encoded, spki, publicKey, notBefore, notAfter };
    return { ok: true, certificate: { ...proven, anchor, parsed } };
  } catch (error) {
    if (error instanceof CertificateError) return { ok: false, reason: error.reason };
    throw error;
  }
}

function refuse(reason: CertificateReason): never {
  throw new CertificateError(reason, reason);
}

const KEY_REASONS: Readonly<Record<string, CertificateReason>> = {
  ERR_KEY_ALGORITHM: 'key-unsupported',
  ERR_KEY_RSA: 'key-weak',
  ERR_KEY_RSA_SIZE: 'key-unsupported',
};

function readKey(spki: Uint8Array): PublicKey {
  const key = readCertificatePart(
    () => readPublicKey(spki),
    ({ code }) => KEY_REASONS[code] ?? 'key-malformed',
  );
  if (!isStrongKey(key)) refuse(key.kind === 'rsa' ? 'key-weak' : 'key-unsupported');
  return key;
}

/** Those that RFC 5280 4.2 forbids to mark critical, and those that only a CA may have. */
function checkExtensions({ extensions }: ParsedCertificate): void {
  const understood: readonly string[] = UNDERSTOOD;
  const ofCas: readonly string[] = [...CONSTRAINTS, OID_POLICY_MAPPINGS];
  const neverCritical: readonly string[] = [OID_AUTHORITY_KEY_ID, OID_SUBJECT_KEY_ID];
  for (const { oid, critical } of extensions.values()) {
    if (ofCas.includes(oid)) refuse('extension-misplaced');
    if (critical && neverCritical.includes(oid)) refuse('extension-misplaced');
    if (critical && !understood.includes(oid)) refuse('extension-unknown-critical');
  }
}

/** Before the issuer is looked for: a certificate of the other class comes from another CA. */
function checkClass({ known }: ParsedCertificate, profile: CertificateProfile): void {
  const { refusedPolicies, refusedClass } = profile;
  if (known.policies?.some((policy) => refusedPolicies.includes(policy))) refuse(refusedClass);
}

/** Among the anchors of the issuer's name those with the right key id, and of these the one that signed. */
function provenAnchor(parsed: ParsedCertificate, anchors: readonly TrustAnchor[]): TrustAnchor {
  const named = anchors.filter(({ certificate }) => sameName(certificate.subject, parsed.issuer));
  if (named.length === 0) refuse(isTestName(parsed.issuer) ? 'test-issuer' : 'unknown-issuer');
  const candidates = named.filter((anchor) => isAuthority(anchor, parsed));
  if (candidates.length === 0) refuse('authority-key-id');
  const signer = candidates.find(
    ({ key, fault }) =>
      !fault && key && verifySigned(key, parsed.algorithm, parsed.signed, parsed.signature),
  );
  if (signer) return signer;
  const fault = candidates.every((anchor) => anchor.fault) ? candidates[0]!.fault : undefined;
  return refuse(fault ?? 'signature');
}

/** RFC 5280 4.2.1.1: whatever the authority key id says must be true of the CA. */
function isAuthority({ certificate }: TrustAnchor, { known }: ParsedCertificate): boolean {
  const { keyId, issuer, serial } = known.authorityKeyId ?? {};
  const subjectKeyId = certificate.known.subjectKeyId;
  if (keyId && subjectKeyId && !equal(keyId, subjectKeyId)) return false;
  if (!issuer || !serial) return true;
  const name = { kind: 'directory', name: certificate.issuer } as const;
  return (
    issuer.some((one) => sameGeneralName(one, name)) &&
    equal(withoutLeadingZeros(serial), certificate.serial)
  );
}

function checkDates(parsed: ParsedCertificate, { certificate }: TrustAnchor, at: number): void {
  if (at < certificate.notBefore) refuse('anchor-not-yet-valid');
  if (at > certificate.notAfter) refuse('anchor-expired');
  if (at < parsed.notBefore) refuse('not-yet-valid');
  if (at > parsed.notAfter) refuse('expired');
}

function checkUse(
  parsed: ParsedCertificate,
  key: PublicKey,
  anchor: TrustAnchor,
  profile: CertificateProfile,
): void {
  const { known, subject, extensions } = parsed;
  const usage = known.keyUsage ?? 0;
  if (known.basicConstraints?.ca || usage & (KEY_CERT_SIGN | CRL_SIGN)) refuse('is-a-ca');
  if ((usage & profile.keyUsage) !== profile.keyUsage) refuse('key-usage');
  const { extendedKeyUsage } = known;
  if (extendedKeyUsage && !extendedKeyUsage.includes(profile.extendedKeyUsage)) {
    refuse('extended-key-usage');
  }
  checkPolicies(parsed, anchor, profile);
  // RFC 5280 4.1.2.6: without a subject its alternative names stand in, and are critical.
  const nameless = subject.rdns.length === 0 && !extensions.get(OID_SUBJECT_ALT_NAME)?.critical;
  if (nameless || !profile.isSubject(subject)) refuse('subject');
  if (!profile.isKey(key)) refuse('key-type');
  const { nameConstraints } = anchor.certificate.known;
  if (
    nameConstraints &&
    !withinConstraints(nameConstraints, subject, known.subjectAltNames ?? [])
  ) {
    refuse('name-constraints');
  }
}

/**
 * RFC 5280 6.1 for a path of one certificate, with the anchor's own extensions as its inputs (RFC 5937).
 * A required policy must be named: anyPolicy does not stand for it.
 */
function checkPolicies(
  { known }: ParsedCertificate,
  { certificate }: TrustAnchor,
  { policies: required }: CertificateProfile,
): void {
  const { policies: ofCa, policyConstraints, inhibitAnyPolicy } = certificate.known;
  const anyOfCa = !ofCa || (ofCa.includes(OID_ANY_POLICY) && inhibitAnyPolicy !== 0);
  const valid = (known.policies ?? []).filter((policy) =>
    policy === OID_ANY_POLICY ? inhibitAnyPolicy !== 0 : anyOfCa || ofCa.includes(policy),
  );
  const explicit = (policyConstraints?.requireExplicitPolicy ?? Number.POSITIVE_INFINITY) <= 1;
  const fits =
    required.length > 0
      ? valid.some((policy) => required.includes(policy))
      : !explicit || valid.length > 0;
  if (!fits) refuse('policy');
}
