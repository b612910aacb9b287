import { FormatError, readOr } from '../errors.ts';

/** Why a certificate is refused: one of these, stable, for journals and `--json`. */
export const CERTIFICATE_REASONS = [
  'malformed',
  'too-long',
  'version',
  'serial-number',
  'signature-algorithm',
  'signature-algorithm-mismatch',
  'extension-duplicate',
  'extension-unknown-critical',
  'extension-malformed',
  'extension-misplaced',
  'key-unsupported',
  'key-malformed',
  'key-weak',
  'key-type',
  'signature-class',
  'authentication-class',
  'unknown-issuer',
  'test-issuer',
  'authority-key-id',
  'anchor-not-a-ca',
  'anchor-key-usage',
  'anchor-key-weak',
  'anchor-extension',
  'signature',
  'anchor-not-yet-valid',
  'anchor-expired',
  'not-yet-valid',
  'expired',
  'is-a-ca',
  'key-usage',
  'extended-key-usage',
  'policy',
  'subject',
  'name-constraints',
] as const;
export type CertificateReason = (typeof CERTIFICATE_REASONS)[number];

/** A certificate that cannot be read, with the reason that `verifyUserCertificate` returns for it. */
export class CertificateError extends FormatError {
  readonly reason: CertificateReason;

  constructor(reason: CertificateReason, why: string, cause?: unknown) {
    super(`ERR_CERTIFICATE_${reason.toUpperCase().replaceAll('-', '_')}`, `certificate: ${why}`, {
      cause,
    });
    this.reason = reason;
  }
}

/** What `read` gives; octets that it could not read become a `CertificateError`, whose reason they have already or get here. */
export function readCertificatePart<T>(
  read: () => T,
  reasonOf: (error: FormatError) => CertificateReason = () => 'malformed',
): T {
  return readOr(read, (error) => {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError(reasonOf(error), error.message, error);
  });
}
