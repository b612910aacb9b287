import { hash } from 'node:crypto';
import { concat, domain, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { sameLink } from '@pinless-gate/protocol/kazashi/surface';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import type { Issuer } from '../validity/issuer.ts';
import type { Revocation } from '../validity/revocation.ts';
import { cardsOf, type TicketRules } from './cards.ts';
import { type HolderCard, resolveHolder } from './holder.ts';
import type { LineProblem } from './line.ts';
import type { Purchase } from './schema.ts';

/** What an event says of its purchases. Unix seconds. */
export interface ListingRules extends TicketRules {
  readonly eventId: Uint8Array;
  readonly startsAt: number;
  readonly now: number;
  readonly issuers: readonly Issuer[];
  /** Where a CRL was given. */
  readonly revocation?: Revocation | undefined;
}

/** One card and the record that it opens. */
export interface ListedCard {
  readonly issuerName: Uint8Array;
  readonly serial: Uint8Array;
  readonly record: SeatRecord;
  readonly holder: HolderCard;
  /** Its certificate ends before the event begins: listed, and cannot enter. */
  readonly expiring: boolean;
}

export interface Listing {
  readonly cards: readonly ListedCard[];
  /** Cards left out: their certificate is revoked. */
  readonly revoked: number;
}

export type ListingResult =
  | { readonly listing: Listing; readonly problem?: undefined }
  | { readonly listing?: undefined; readonly problem: LineProblem };

/** The cards of a paid purchase. Two holders of one purchase with the same card become one record. */
export function listPurchase(purchase: Purchase, rules: ListingRules): ListingResult {
  const plan = cardsOf(purchase, rules);
  if (plan.problem) return { problem: plan.problem };
  const party = { id: partyId(rules.eventId, purchase.purchaseId), size: plan.partySize };
  const cards = new Map<string, ListedCard>();
  let revoked = 0;
  for (const { holder, field, tickets } of plan.cards) {
    const resolved = resolveHolder(holder, field, rules.issuers, rules.now);
    if (resolved.problem) return { problem: resolved.problem };
    const { card } = resolved;
    const answer = rules.revocation?.of(card);
    if (answer?.status === 'revoked') {
      revoked++;
      continue;
    }
    const key = `${card.issuer.name} ${toHex(card.serial)}`;
    const other = cards.get(key);
    const { spki, notAfter } = card.certificate ?? {};
    const link = other?.record.kazashi;
    if (link && card.kazashi && !sameLink(link, card.kazashi)) {
      const reason = 'links the card of another holder with another chip';
      return { problem: { field: `${field}.kazashi`, reason } };
    }
    const ends = other?.record.notAfter ?? notAfter;
    cards.set(key, {
      holder: other ? oneHolder(other.holder, card) : card,
      expiring: ends !== undefined && ends < rules.startsAt,
      issuerName: card.issuerName,
      serial: card.serial,
      record: {
        tickets: other ? [...other.record.tickets, ...tickets] : tickets,
        party,
        publicKey: other?.record.publicKey ?? spki,
        notAfter: ends,
        language: purchase.language ?? 'ja',
        revocationCheckedAt: other?.record.revocationCheckedAt ?? answer?.checkedAt,
        evidenceId: purchase.enrolment.evidenceId,
        kazashi: link ?? card.kazashi,
      },
    });
  }
  return { listing: { cards: [...cards.values()], revoked } };
}

/** Two holders of one card: with the certificate, and with the number that was renewed, where one has it. */
function oneHolder(first: HolderCard, second: HolderCard): HolderCard {
  const [whole, other] = first.certificate ? [first, second] : [second, first];
  return { ...whole, renewedFrom: whole.renewedFrom ?? other.renewedFrom };
}

const PARTY = domain('pinless-gate/party/1');

/** The same for every card of one purchase; says nothing of the purchase. */
export function partyId(eventId: Uint8Array, purchaseId: string): Uint8Array {
  const digest = hash('sha256', concat(PARTY, eventId, utf8(purchaseId)), 'buffer');
  return new Uint8Array(digest.subarray(0, 8));
}
