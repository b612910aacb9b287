import type { TrustAnchor } from '@pinless-gate/protocol/certificate/anchors';
import type { CertificateReason } from '@pinless-gate/protocol/certificate/error';
import {
  type UserCertificate,
  verifyUserCertificate,
} from '@pinless-gate/protocol/certificate/user';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import { CardRefusal } from '../card/dialogue.ts';
import type { CardProfile } from '../card/profiles/profile.ts';

/** Who the certificate names, under the pinned CAs; or why it is not accepted. */
export function verifyUser(
  anchors: readonly TrustAnchor[],
  profile: CardProfile,
  der: Uint8Array,
  at: number,
): UserCertificate | { readonly refusal: RefusalReason } {
  const verdict = verifyUserCertificate(der, anchors, at, profile.certificates);
  if (verdict.ok) return verdict.certificate;
  return { refusal: CERTIFICATE_REFUSALS[verdict.reason] ?? 'certificate-not-trusted' };
}

/** As `verifyUser`, where nothing more may be sent to a card whose certificate is not accepted. */
export function provenUser(...args: Parameters<typeof verifyUser>): UserCertificate {
  const user = verifyUser(...args);
  if ('refusal' in user) throw new CardRefusal(user.refusal, 'certificate');
  return user;
}

const CERTIFICATE_REFUSALS: Readonly<Partial<Record<CertificateReason, RefusalReason>>> = {
  expired: 'certificate-expired',
  'not-yet-valid': 'certificate-not-yet-valid',
  'test-issuer': 'test-card',
};
