import { equal } from '../bytes.ts';
import { FormatError, readOr } from '../errors.ts';
import { verifySigned } from './algorithm.ts';
import type { TrustAnchor } from './anchors.ts';
import { type ParsedCrl, parseCrl } from './crl-parser.ts';
import { readNamedBits, readSequence, readTrue } from './der.ts';
import {
  type DistributionPointName,
  readDistributionPointName,
  sameGeneralName,
  samePoint,
} from './distribution-point.ts';
import { CertificateError, type CertificateReason } from './error.ts';
import type { Extension } from './extension.ts';
import { CRL_SIGN, readAuthorityKeyId } from './extensions.ts';
import { sameName } from './name.ts';
import {
  OID_AUTHORITY_KEY_ID,
  OID_DELTA_CRL,
  OID_ISSUER_ALT_NAME,
  OID_ISSUING_DISTRIBUTION_POINT,
} from './oid.ts';
import type { UserCertificate } from './user.ts';

/** Certificate revocation lists: complete ones, signed by the CA itself, fresh. */

/** Why a list is not used: those of certificates that apply, and those of lists alone. */
export type CrlReason =
  | CertificateReason
  | 'delta'
  | 'indirect'
  | 'scope'
  | 'no-next-update'
  | 'stale'
  | 'too-old';

/** A list that is proven to be its CA's and good at that time. */
export interface Crl extends ParsedCrl {
  readonly anchor: TrustAnchor;
  /** The only certificates it speaks of, where it is one of several lists of its CA. */
  readonly point: DistributionPointName | undefined;
}

export type CrlVerdict =
  | { readonly ok: true; readonly crl: Crl }
  | { readonly ok: false; readonly reason: CrlReason };

export interface CrlOptions {
  /** A list issued longer ago is `too-old`, even where its nextUpdate lies ahead. */
  readonly maxAgeS?: number;
}

/** `at` in Unix milliseconds. Never throws for what the list holds. */
export function verifyCrl(
  der: Uint8Array,
  anchors: readonly TrustAnchor[],
  at: number,
  { maxAgeS = Number.POSITIVE_INFINITY }: CrlOptions = {},
): CrlVerdict {
  if (!Number.isFinite(at)) throw new RangeError('time of verification is not a number');
  try {
    const parsed = parseCrl(der);
    const refused = (reason: CrlReason): CrlVerdict => ({ ok: false, reason });
    if (parsed.extensions.has(OID_DELTA_CRL)) return refused('delta');
    if (parsed.otherIssuers) return refused('indirect');
    const scope = readScope(parsed.extensions.get(OID_ISSUING_DISTRIBUTION_POINT));
    if (scope?.indirect) return refused('indirect');
    if (scope?.partial) return refused('scope');
    checkCritical(parsed.extensions);
    const anchor = provenAnchor(parsed, anchors, Math.floor(at / 1000));
    const late = checkDates(parsed, Math.floor(at / 1000), maxAgeS);
    if (late) return refused(late);
    return { ok: true, crl: { ...parsed, anchor, point: scope?.point } };
  } catch (error) {
    if (error instanceof CertificateError) return { ok: false, reason: error.reason };
    throw error;
  }
}

interface Scope {
  readonly point: DistributionPointName | undefined;
  readonly indirect: boolean;
  /** It does not speak of user certificates, or not of every reason. */
  readonly partial: boolean;
}

/** issuingDistributionPoint (RFC 5280 5.2.5). */
function readScope(extension: Extension | undefined): Scope | undefined {
  return extension && readOr(() => readIssuingPoint(extension.value), malformed);
}

function readIssuingPoint(value: Uint8Array): Scope {
  const what = 'issuing distribution point';
  const reader = readSequence(value, what);
  if (reader.done) throw new FormatError('ERR_DER_EMPTY', `${what}: empty`);
  const point = reader.optional(0xa0, what);
  const users = readTrue(reader.optional(0x81, what), what);
  const cas = readTrue(reader.optional(0x82, what), what);
  const reasons = reader.optional(0x83, what);
  const indirect = readTrue(reader.optional(0x84, what), what);
  const attributes = readTrue(reader.optional(0x85, what), what);
  reader.end(what);
  if ([users, cas, attributes].filter(Boolean).length > 1) {
    throw new FormatError('ERR_DER_SCOPE', `${what}: contradicts itself`);
  }
  if (reasons !== undefined) readNamedBits(reasons, what);
  return {
    point: point && readDistributionPointName(point),
    indirect,
    partial: cas || attributes || reasons !== undefined,
  };
}

function malformed(error: FormatError): never {
  throw new CertificateError('extension-malformed', error.message, error);
}

function checkCritical(extensions: ReadonlyMap<string, Extension>): void {
  const understood: readonly string[] = [OID_ISSUING_DISTRIBUTION_POINT, OID_ISSUER_ALT_NAME];
  for (const { oid, critical } of extensions.values()) {
    if (critical && !understood.includes(oid)) {
      throw new CertificateError('extension-unknown-critical', `CRL extension ${oid}`);
    }
  }
}

/** The CA of the list's issuer name and key id that may sign lists, is valid itself, and signed this one. */
function provenAnchor(crl: ParsedCrl, anchors: readonly TrustAnchor[], at: number): TrustAnchor {
  const refuse = (reason: CertificateReason): never => {
    throw new CertificateError(reason, reason);
  };
  const named = anchors.filter(({ certificate }) => sameName(certificate.subject, crl.issuer));
  if (named.length === 0) refuse('unknown-issuer');
  const keyId = readKeyId(crl.extensions.get(OID_AUTHORITY_KEY_ID));
  const candidates = named.filter(({ certificate: { known } }) =>
    keyId && known.subjectKeyId ? equal(keyId, known.subjectKeyId) : true,
  );
  if (candidates.length === 0) refuse('authority-key-id');
  const anchor = candidates.find(
    ({ key, fault }) =>
      !fault && key && verifySigned(key, crl.algorithm, crl.signed, crl.signature),
  );
  if (!anchor) {
    const faulty = candidates.every(({ fault }) => fault);
    return refuse((faulty && candidates[0]!.fault) || 'signature');
  }
  const { known, notBefore, notAfter } = anchor.certificate;
  // It has one: an anchor without keyCertSign signs nothing.
  if (!(known.keyUsage! & CRL_SIGN)) refuse('anchor-key-usage');
  if (at < notBefore) refuse('anchor-not-yet-valid');
  if (at > notAfter) refuse('anchor-expired');
  return anchor;
}

function readKeyId(extension: Extension | undefined): Uint8Array | undefined {
  return extension && readOr(() => readAuthorityKeyId(extension.value).keyId, malformed);
}

function checkDates(
  { thisUpdate, nextUpdate }: ParsedCrl,
  at: number,
  maxAgeS: number,
): CrlReason | undefined {
  if (at < thisUpdate) return 'not-yet-valid';
  if (nextUpdate === undefined) return 'no-next-update';
  if (at > nextUpdate) return 'stale';
  return at - thisUpdate > maxAgeS ? 'too-old' : undefined;
}

/** `unknown`: no list speaks of this certificate, so it must not be taken for valid. */
export type RevocationStatus = 'good' | 'revoked' | 'unknown';

/** A certificate whose CA is proven. */
type Listable = Pick<UserCertificate, 'serial' | 'anchor' | 'parsed'>;

/** What verified lists say of a proven certificate. */
export function revocationStatus(crls: readonly Crl[], certificate: Listable): RevocationStatus {
  const covering = crls.filter((crl) => covers(crl, certificate));
  if (covering.length === 0) return 'unknown';
  return covering.some(({ revoked }) => revoked.has(certificate.serial)) ? 'revoked' : 'good';
}

/** RFC 5280 6.3.3 b: the same CA, and where the list has a distribution point, the certificate has it too. */
export function covers(crl: Crl, { anchor, parsed }: Listable): boolean {
  const { point } = crl;
  if (crl.anchor.fingerprint !== anchor.fingerprint) return false;
  if (!point) return true;
  const issuer = { kind: 'directory', name: parsed.issuer } as const;
  return (parsed.known.distributionPoints ?? []).some(
    ({ name, partial, crlIssuer }) =>
      name &&
      !partial &&
      (!crlIssuer || crlIssuer.some((one) => sameGeneralName(one, issuer))) &&
      samePoint(name, point, crl.issuer),
  );
}
