import { createHash } from 'node:crypto';
import { equal } from '../bytes.ts';
import { readOr } from '../errors.ts';
import { type PublicKey, readPublicKey } from '../public-key.ts';
import { signatureAlgorithm, verifySigned } from './algorithm.ts';
import type { TrustAnchor } from './anchors.ts';
import { type ParsedCertificate, parseCertificate } from './certificate.ts';
import { type Crl, revocationStatus } from './crl.ts';
import { DIGITAL_SIGNATURE, NON_REPUDIATION, UNDERSTOOD } from './extensions.ts';
import { sameName } from './name.ts';
import { OcspError, type OcspReason } from './ocsp-reason.ts';
import { type CertId, type CertIdHash, certIdOf, keyBits } from './ocsp-request.ts';
import {
  type BasicOcspResponse,
  type OcspStatus,
  parseOcspResponse,
  type ResponderId,
  type SingleResponse,
} from './ocsp-response.ts';
import { OID_OCSP_NO_CHECK, OID_OCSP_SIGNING } from './oid.ts';
import { isStrongKey } from './profile.ts';

/** Verification of OCSP responses (RFC 6960 3.2): about one certificate of one pinned CA. */

/** Whose status is asked: `issuerName` as the certificate has it, DER. */
export interface OcspTarget {
  readonly anchor: TrustAnchor;
  readonly issuerName: Uint8Array;
  /** Unsigned, without leading zero octets. */
  readonly serial: Uint8Array;
}

export interface OcspOptions {
  /** Hashes that the answer may name its certificate with. */
  readonly hashes?: readonly CertIdHash[];
  /** The nonce that was sent; without one, none is looked at. */
  readonly nonce?: Uint8Array | undefined;
  /** A response without the nonce is taken if it was produced no longer ago than this; otherwise refused. */
  readonly withoutNonceS?: number | undefined;
  /** An answer whose thisUpdate is older is `too-old`, even where its nextUpdate lies ahead. */
  readonly maxAgeS?: number;
  /** How far the responder's clock may be ahead of ours. */
  readonly toleranceS?: number;
  /** Verified lists that clear a responder whose certificate has no nocheck. */
  readonly crls?: readonly Crl[];
}

export const DEFAULT_OCSP_MAX_AGE_S = 24 * 3600;
export const DEFAULT_OCSP_TOLERANCE_S = 300;

/** What a proven response says. Only `good` is valid. Unix seconds. */
export interface OcspAnswer {
  readonly status: OcspStatus;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly producedAt: number;
}

export type OcspVerdict =
  | { readonly ok: true; readonly answer: OcspAnswer }
  | { readonly ok: false; readonly reason: OcspReason };

/** `at` in Unix milliseconds. Never throws for what the response holds. */
export function verifyOcspResponse(
  der: Uint8Array,
  target: OcspTarget,
  at: number,
  options: OcspOptions = {},
): OcspVerdict {
  if (!Number.isFinite(at)) throw new RangeError('time of verification is not a number');
  const now = Math.floor(at / 1000);
  try {
    const response = parseOcspResponse(der);
    checkSignature(response, target.anchor, now, options.crls ?? []);
    const { status, thisUpdate, nextUpdate } = answerFor(response, target, options);
    checkDates(response.producedAt, thisUpdate, nextUpdate, now, options);
    checkNonce(response, now, options);
    const { producedAt } = response;
    return { ok: true, answer: { status, thisUpdate, nextUpdate, producedAt } };
  } catch (error) {
    if (error instanceof OcspError) return { ok: false, reason: error.reason };
    throw error;
  }
}

function refuse(reason: OcspReason): never {
  throw new OcspError(reason);
}

/** By the CA itself, or by a responder that this very CA certified for it (RFC 6960 4.2.2.2). */
function checkSignature(
  response: BasicOcspResponse,
  anchor: TrustAnchor,
  now: number,
  crls: readonly Crl[],
): void {
  const { certificate, key, fault } = anchor;
  if (!key || fault) throw new OcspError('anchor-unfit');
  if (now < certificate.notBefore) refuse('anchor-not-yet-valid');
  if (now > certificate.notAfter) refuse('anchor-expired');
  if (!signatureAlgorithm(response.algorithm)) refuse('signature-algorithm');
  if (isResponder(response.responder, certificate)) {
    if (isSigned(response, key)) return;
    refuse('signature');
  }
  const named = namedResponders(response);
  // One that signed is judged; the others of its name are bystanders.
  const signer = named.find((one) => isSigned(response, readResponderKey(one)));
  if (!signer) throw new OcspError('signature');
  checkResponder(signer, anchor, key, now, crls);
}

function isSigned({ algorithm, signed, signature }: BasicOcspResponse, key: PublicKey): boolean {
  return verifySigned(key, algorithm, signed, signature);
}

function isResponder(responder: ResponderId, { subject, spki }: ParsedCertificate): boolean {
  if (responder.kind === 'name') return sameName(subject, responder.name);
  return equal(createHash('sha1').update(keyBits(spki)).digest(), responder.hash);
}

/** Certificates that cannot be read are bystanders as long as another one is the responder's. */
function namedResponders({ certificates, responder }: BasicOcspResponse): ParsedCertificate[] {
  const parsed = certificates.map(parseResponder);
  const named = parsed.filter((one) => one !== undefined && isResponder(responder, one));
  if (named.length === 0) {
    refuse(parsed.includes(undefined) ? 'responder-malformed' : 'responder-unknown');
  }
  return named as ParsedCertificate[];
}

function parseResponder(der: Uint8Array): ParsedCertificate | undefined {
  return readOr(
    () => {
      const parsed = parseCertificate(der);
      keyBits(parsed.spki);
      return parsed;
    },
    () => undefined,
  );
}

function readResponderKey({ spki }: ParsedCertificate): PublicKey {
  return readOr(
    () => readPublicKey(spki),
    (error) => {
      throw new OcspError('responder-key-weak', error);
    },
  );
}

const RESPONDER_EXTENSIONS: readonly string[] = [...UNDERSTOOD, OID_OCSP_NO_CHECK];

function checkResponder(
  parsed: ParsedCertificate,
  anchor: TrustAnchor,
  caKey: PublicKey,
  now: number,
  crls: readonly Crl[],
): void {
  const { known, extensions } = parsed;
  const issued =
    sameName(parsed.issuer, anchor.certificate.subject) &&
    verifySigned(caKey, parsed.algorithm, parsed.signed, parsed.signature);
  if (!issued) refuse('responder-not-issued-by-ca');
  if (!isStrongKey(readResponderKey(parsed))) refuse('responder-key-weak');
  const usage = known.keyUsage ?? DIGITAL_SIGNATURE;
  const authorized =
    known.extendedKeyUsage?.includes(OID_OCSP_SIGNING) &&
    !known.basicConstraints?.ca &&
    usage & (DIGITAL_SIGNATURE | NON_REPUDIATION);
  if (!authorized) refuse('responder-not-authorized');
  for (const { oid, critical } of extensions.values()) {
    if (critical && !RESPONDER_EXTENSIONS.includes(oid)) refuse('responder-extension-critical');
  }
  if (now < parsed.notBefore) refuse('responder-not-yet-valid');
  if (now > parsed.notAfter) refuse('responder-expired');
  checkResponderRevocation(parsed, anchor, crls);
}

/** DER NULL: what nocheck holds (RFC 6960 4.2.2.2.1). */
const NO_CHECK = Uint8Array.of(0x05, 0x00);

/** Nocheck means that the CA vouches for it as long as it lasts; otherwise one of the CA's lists must clear it. */
function checkResponderRevocation(
  parsed: ParsedCertificate,
  anchor: TrustAnchor,
  crls: readonly Crl[],
): void {
  const noCheck = parsed.extensions.get(OID_OCSP_NO_CHECK);
  if (noCheck) {
    if (!equal(noCheck.value, NO_CHECK)) refuse('responder-malformed');
    return;
  }
  const status = revocationStatus(crls, { serial: parsed.serial, parsed, anchor });
  if (status === 'revoked') refuse('responder-revoked');
  if (status === 'unknown') refuse('responder-not-checked');
}

function answerFor(
  { responses }: BasicOcspResponse,
  { anchor, issuerName, serial }: OcspTarget,
  { hashes = ['sha1', 'sha256'] }: OcspOptions,
): SingleResponse {
  const subject = { issuerName, issuerSpki: anchor.certificate.spki, serial };
  const wanted = hashes.map((hash) => certIdOf(subject, hash));
  const matching = responses.filter(
    ({ certId }) => certId && wanted.some((one) => sameCertId(one, certId)),
  );
  const [answer, more] = matching;
  if (!answer) return refuse('no-answer');
  return more ? refuse('several-answers') : answer;
}

function sameCertId(a: CertId, b: CertId): boolean {
  return (
    a.hash === b.hash &&
    equal(a.issuerNameHash, b.issuerNameHash) &&
    equal(a.issuerKeyHash, b.issuerKeyHash) &&
    equal(a.serial, b.serial)
  );
}

function checkDates(
  producedAt: number,
  thisUpdate: number,
  nextUpdate: number | undefined,
  now: number,
  { maxAgeS = DEFAULT_OCSP_MAX_AGE_S, toleranceS = DEFAULT_OCSP_TOLERANCE_S }: OcspOptions,
): void {
  const end = nextUpdate ?? Number.POSITIVE_INFINITY;
  if (producedAt < thisUpdate || producedAt > end) refuse('dates');
  // producedAt is the latest of the times that must have passed.
  if (producedAt > now + toleranceS) refuse('not-yet-valid');
  if (now > end) refuse('stale');
  if (now - thisUpdate > maxAgeS) refuse('too-old');
}

function checkNonce(
  { nonce, producedAt }: BasicOcspResponse,
  now: number,
  { nonce: sent, withoutNonceS }: OcspOptions,
): void {
  if (!sent) return;
  if (nonce) {
    if (!equal(nonce, sent)) refuse('nonce-mismatch');
  } else if (withoutNonceS === undefined || now - producedAt > withoutNonceS) {
    refuse('nonce-missing');
  }
}
