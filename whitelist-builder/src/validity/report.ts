import type { FeedPlace } from '../purchase/feed.ts';
import { admissionFrom } from '../purchase/listing.ts';
import type { FeedHolder } from './feed-holders.ts';
import { leftOut, type Revocation } from './revocation.ts';

/** Why a purchase's card cannot enter as things are; by purchase, so that the vendor can write in time. */
export const CANNOT_ENTER_TEXT = {
  'certificate-refused': 'the certificate in the feed does not hold under any CA of the event',
  'purchase-refused':
    'the purchase is a bad line: another holder of it, or what was linked, is refused',
  'expires-before-admission': 'the certificate ends before admission of its tickets begins',
  revoked: 'the certificate is revoked',
  'on-hold': 'the certificate is suspended: it may come back',
  'renewed-without-link': 'the card has a new certificate, whose number is not told: link it again',
  'not-linked': 'the card was not linked for tapping without PIN',
  'not-proven': 'nobody proves that the certificate is valid: no fresh signed answer speaks of it',
} as const satisfies Record<string, string>;

export type CannotEnter = keyof typeof CANNOT_ENTER_TEXT;

export interface ReportLine extends FeedPlace {
  readonly purchaseId: string;
  readonly field: string;
  readonly reason: CannotEnter;
}

/** The first thing that keeps a holder out, as a build would say it; undefined where nothing does. */
export function cannotEnter(
  { card, refused, tickets }: FeedHolder,
  revocation: Revocation | undefined,
  /** Whether cards must be linked for the profile `kazashi`. */
  linked: boolean,
): CannotEnter | undefined {
  if (!card) return refused;
  const answer = revocation?.of(card);
  const reason = leftOut(answer);
  if (reason) return reason;
  if (linked && !card.kazashi) return 'not-linked';
  const end = card.certificate?.notAfter;
  if (end !== undefined && end < admissionFrom(tickets)) return 'expires-before-admission';
  return answer?.status === 'good' ? undefined : 'not-proven';
}
