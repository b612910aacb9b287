import type { FeedHolder } from './feed-holders.ts';
import type { Card } from './issuer.ts';
import type { Validity } from './open.ts';

/** Why a purchase's card cannot enter as things are; by purchase, so that the vendor can write in time. */
export const CANNOT_ENTER_TEXT = {
  'certificate-refused': 'the certificate in the feed does not hold under any CA of the event',
  'expires-before-admission': 'the certificate ends before admission of its tickets begins',
  revoked: 'the certificate is revoked',
  'on-hold': 'the certificate is suspended: it may come back',
  'renewed-without-link': 'the card has a new certificate, whose number is not told: link it again',
  'not-linked': 'the card was not linked for tapping without PIN',
  'not-proven': 'nobody proves that the certificate is valid: no fresh signed answer speaks of it',
} as const satisfies Record<string, string>;

export type CannotEnter = keyof typeof CANNOT_ENTER_TEXT;

export interface ReportLine {
  readonly purchaseId: string;
  readonly field: string;
  readonly reason: CannotEnter;
}

export interface ReportRules {
  /** Unix seconds: when admission begins for tickets that say nothing else. */
  readonly admissionFrom: number;
  /** Whether cards must be linked for the profile `kazashi`. */
  readonly linked: boolean;
}

/** The first thing that keeps a holder out; undefined where nothing does. */
export function cannotEnter(
  holder: FeedHolder,
  { revocation, ocsp }: Pick<Validity, 'revocation' | 'ocsp'>,
  rules: ReportRules,
): CannotEnter | undefined {
  const { card } = holder;
  if (!card) return 'certificate-refused';
  if (card.issuer.renewals?.isReplaced(card.serial)) return 'renewed-without-link';
  if (rules.linked && !card.kazashi) return 'not-linked';
  const end = card.certificate?.notAfter;
  if (end !== undefined && end < admissionFrom(holder, rules)) return 'expires-before-admission';
  return revocation ? unproven(card, { revocation, ocsp }) : 'not-proven';
}

function unproven(
  card: Card,
  {
    revocation,
    ocsp,
  }: Pick<Validity, 'ocsp'> & { revocation: NonNullable<Validity['revocation']> },
): CannotEnter | undefined {
  if (ocsp?.finding(card)?.onHold) return 'on-hold';
  const { status } = revocation.of(card);
  if (status === 'revoked') return 'revoked';
  return status === 'unknown' ? 'not-proven' : undefined;
}

/** The earliest admission of the purchase's tickets. */
function admissionFrom({ purchase }: FeedHolder, rules: ReportRules): number {
  const own = [...purchase.tickets, ...(purchase.companions ?? [])].map(({ admission }) =>
    admission ? Date.parse(admission.from) / 1000 : rules.admissionFrom,
  );
  return Math.min(...own);
}
