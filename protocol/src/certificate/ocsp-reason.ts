import { FormatError } from '../errors.ts';

/**
 * Why an OCSP response proves nothing: stable codes for `--json` and reports, with what people read. Whatever
 * the reason, the certificate is not valid.
 */
export const OCSP_REASON_TEXT = {
  malformed: 'not an OCSP response in DER',
  'too-long': 'longer than a response may be',
  'too-many': 'more answers or certificates than a response may hold',
  version: 'of another version than 1',
  'status-malformed-request': 'the responder could not read the request',
  'status-internal-error': 'the responder has an internal error',
  'status-try-later': 'the responder asks to try later',
  'status-signature-required': 'the responder wants a signed request',
  'status-unauthorized': 'the responder does not serve this requester or this CA',
  'status-unknown': 'the responder gave a status that does not exist',
  'response-missing': 'successful, but without a response',
  'response-type': 'of another type than the basic response',
  'signature-algorithm': 'signed with an algorithm that is not accepted',
  signature: 'the signature is not that of the named responder',
  'extension-duplicate': 'an extension stands twice',
  'extension-malformed': 'an extension cannot be read',
  'extension-unknown-critical': 'a critical extension that is not understood',
  'anchor-unfit': 'the CA may not vouch for anything',
  'anchor-not-yet-valid': 'the CA is not valid yet',
  'anchor-expired': 'the CA has expired',
  'responder-unknown': 'the responder is neither the CA nor has a certificate in the response',
  'responder-malformed': 'the responder’s certificate cannot be read',
  'responder-not-issued-by-ca': 'the responder’s certificate was not issued by the CA itself',
  'responder-not-authorized': 'the responder’s certificate is not for signing OCSP responses',
  'responder-extension-critical':
    'the responder’s certificate has a critical extension that is not understood',
  'responder-key-weak': 'the responder’s key is too weak or of an unknown kind',
  'responder-not-yet-valid': 'the responder’s certificate is not valid yet',
  'responder-expired': 'the responder’s certificate has expired',
  'responder-not-checked':
    'the responder’s certificate may be revoked: it has no nocheck and no list clears it',
  'responder-revoked': 'the responder’s certificate is revoked',
  'no-answer': 'no answer for the certificate that was asked about',
  'several-answers': 'more than one answer for the certificate that was asked about',
  dates: 'its times contradict one another',
  'not-yet-valid': 'from the future',
  stale: 'its nextUpdate has passed',
  'too-old': 'older than allowed',
  'nonce-missing': 'without the nonce that was sent',
  'nonce-mismatch': 'with another nonce than the one that was sent',
} as const satisfies Record<string, string>;

export type OcspReason = keyof typeof OCSP_REASON_TEXT;

/** A response that proves nothing, with the reason that `verifyOcspResponse` returns for it. */
export class OcspError extends FormatError {
  readonly reason: OcspReason;

  constructor(reason: OcspReason, cause?: unknown) {
    const code = `ERR_OCSP_${reason.toUpperCase().replaceAll('-', '_')}` as const;
    super(code, `OCSP response: ${OCSP_REASON_TEXT[reason]}`, { cause });
    this.reason = reason;
  }
}
