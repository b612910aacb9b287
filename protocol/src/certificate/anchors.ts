import { createHash } from 'node:crypto';
import { equal, toHex } from '../bytes.ts';
import { GateError, readOr } from '../errors.ts';
import { type PublicKey, readPublicKey } from '../public-key.ts';
import { type ParsedCertificate, parseCertificate } from './certificate.ts';
import { CertificateError, type CertificateReason } from './error.ts';
import { CONSTRAINTS, KEY_CERT_SIGN, UNDERSTOOD } from './extensions.ts';
import type { Name } from './name.ts';
import { isStrongKey } from './profile.ts';

/** A set of anchors that cannot be used as it was configured. */
export class AnchorError extends GateError {}

/** A pinned CA. `fault` says why nothing it signs is accepted, whatever the day. */
export interface TrustAnchor {
  readonly certificate: ParsedCertificate;
  readonly key: PublicKey | undefined;
  readonly fault: CertificateReason | undefined;
  /** SHA-256 of the DER, lower-case hex: what it is pinned by. */
  readonly fingerprint: string;
}

export interface AnchorOptions {
  /** Lets CAs of O=JPKI-TEST in. Never in production. */
  readonly allowTest?: boolean;
  /** SHA-256 of the DER, lower-case hex; when given, every anchor must be among them. */
  readonly pins?: readonly string[];
}

const OID_ORGANIZATION = '2.5.4.10';
const TEST_ORGANIZATION = 'JPKI-TEST';
const MAX_ANCHORS = 64;

/** Reads the CAs that a configuration pins; throws an `AnchorError` where one cannot be one. */
export function trustAnchors(
  ders: readonly Uint8Array[],
  { allowTest = false, pins }: AnchorOptions = {},
): readonly TrustAnchor[] {
  if (ders.length === 0 || ders.length > MAX_ANCHORS) {
    throw new AnchorError('ERR_ANCHOR_COUNT', `${ders.length} trust anchors`);
  }
  const different = ders.filter((der, i) => !ders.slice(0, i).some((other) => equal(other, der)));
  return different.map((der, i) => {
    const anchor = readAnchor(der, i);
    if (!allowTest && isTestName(anchor.certificate.subject)) {
      throw new AnchorError('ERR_ANCHOR_TEST', 'trust anchor of the test hierarchy', {
        hint: 'gates and builders never take one; commands that only verify do with --allow-test-anchor',
      });
    }
    if (pins && !pins.includes(anchor.fingerprint)) {
      throw new AnchorError('ERR_ANCHOR_PIN', `trust anchor ${i + 1} is not among the pinned ones`);
    }
    return anchor;
  });
}

function readAnchor(der: Uint8Array, index: number): TrustAnchor {
  let certificate: ParsedCertificate;
  try {
    certificate = parseCertificate(der);
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    const message = `trust anchor ${index + 1}: ${cause.message}`;
    throw new AnchorError('ERR_ANCHOR_MALFORMED', message, { cause });
  }
  const key = readAnchorKey(certificate.spki);
  return {
    certificate,
    key,
    fault: faultOf(certificate, key),
    fingerprint: toHex(createHash('sha256').update(der).digest()),
  };
}

function readAnchorKey(spki: Uint8Array): PublicKey | undefined {
  return readOr(
    () => readPublicKey(spki),
    () => undefined,
  );
}

function faultOf(
  { known, extensions, subject }: ParsedCertificate,
  key: PublicKey | undefined,
): CertificateReason | undefined {
  if (!key || !isStrongKey(key)) return 'anchor-key-weak';
  if (!known.basicConstraints?.ca || subject.rdns.length === 0) return 'anchor-not-a-ca';
  if (!((known.keyUsage ?? 0) & KEY_CERT_SIGN)) return 'anchor-key-usage';
  const understood: readonly string[] = [...UNDERSTOOD, ...CONSTRAINTS];
  for (const { oid, critical } of extensions.values()) {
    if (critical && !understood.includes(oid)) return 'anchor-extension';
  }
  return undefined;
}

/** Whether a name is of JPKI's test hierarchy. */
export function isTestName(name: Name): boolean {
  return name.rdns
    .flat()
    .some(
      ({ type, text }) =>
        type === OID_ORGANIZATION && text?.trim().toUpperCase() === TEST_ORGANIZATION,
    );
}
