import { hash } from 'node:crypto';
import { concat, domain, EMPTY, equal, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { sameLink } from '@pinless-gate/protocol/kazashi/surface';
import type { SeatRecord, Ticket } from '@pinless-gate/protocol/record';
import type { Issuer } from '../validity/issuer.ts';
import { type LeftOut, leftOut, type Revocation } from '../validity/revocation.ts';
import { cardsOf, type TicketRules } from './cards.ts';
import { type HolderCard, resolveHolder } from './holder.ts';
import type { LineProblem } from './line.ts';
import { MAX_TICKETS_PER_CARD, type Purchase } from './schema.ts';

/** What an event says of its purchases. Unix seconds. */
export interface ListingRules extends TicketRules {
  readonly eventId: Uint8Array;
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
  /** Undefined where two holders of a purchase name one card in different ways. */
  readonly holder: HolderCard | undefined;
  /** Its certificate ends before its tickets are admitted: listed, and cannot enter. */
  readonly expiring: boolean;
}

export interface Listing {
  readonly cards: readonly ListedCard[];
  readonly left: readonly LeftOutCard[];
}

/** A holder who is not listed, though the purchase is. */
export interface LeftOutCard {
  /** `holder` or `companions[0].holder`. */
  readonly field: string;
  readonly reason: LeftOut;
}

export type ListingResult =
  | { readonly listing: Listing; readonly problem?: undefined }
  | { readonly listing?: undefined; readonly problem: LineProblem };

/** The cards of a paid purchase. Two holders of one purchase with the same card become one record. */
export function listPurchase(purchase: Purchase, rules: ListingRules): ListingResult {
  const plan = cardsOf(purchase, rules);
  if (plan.problem) return { problem: plan.problem };
  const party = { id: partyId(rules.eventId, purchase.purchaseId), size: plan.partySize };
  const { evidenceId } = purchase.enrolment;
  const common = { party, language: purchase.language ?? 'ja', evidenceId };
  const cards = new Map<string, ListedCard>();
  const left: LeftOutCard[] = [];
  for (const { holder, field, tickets } of plan.cards) {
    const resolved = resolveHolder(holder, field, rules.issuers, rules.now);
    if (resolved.problem) return { problem: resolved.problem };
    const { card } = resolved;
    const answer = rules.revocation?.of(card);
    const reason = leftOut(answer);
    if (reason) {
      left.push({ field, reason });
      continue;
    }
    const checkedAt = answer?.checkedAt;
    const key = `${card.issuer.name} ${toHex(card.serial)}`;
    const other = cards.get(key);
    const listed = withTickets(other, card, { ...common, tickets, checkedAt });
    if ('reason' in listed) return { problem: { ...listed, field: `${field}${listed.field}` } };
    cards.set(key, listed);
  }
  return { listing: { cards: [...cards.values()], left } };
}

interface HolderContent extends Pick<SeatRecord, 'party' | 'language' | 'evidenceId' | 'tickets'> {
  readonly checkedAt: number | undefined;
}

/** A holder's card, with what `other` holder of the same card opens. */
function withTickets(
  other: ListedCard | undefined,
  card: HolderCard,
  { checkedAt, ...content }: HolderContent,
): ListedCard | LineProblem {
  const { record } = other ?? {};
  const { spki, notAfter } = card.certificate ?? {};
  if (record?.kazashi && card.kazashi && !sameLink(record.kazashi, card.kazashi)) {
    return { field: '.kazashi', reason: 'links the card of another holder with another chip' };
  }
  if (record?.publicKey && spki && !equal(record.publicKey, spki)) {
    return { field: '.certificate', reason: 'has another key than that of another holder' };
  }
  const tickets = [...(record?.tickets ?? []), ...content.tickets];
  if (tickets.length > MAX_TICKETS_PER_CARD) {
    return { field: '', reason: `a card opens more than ${MAX_TICKETS_PER_CARD} tickets` };
  }
  const ends = record?.notAfter ?? notAfter;
  return {
    holder: other && !askedAlike(other.holder, card) ? undefined : card,
    expiring: ends !== undefined && ends < admissionFrom(tickets),
    issuerName: card.issuerName,
    serial: card.serial,
    record: {
      ...content,
      tickets,
      publicKey: record?.publicKey ?? spki,
      notAfter: ends,
      revocationCheckedAt: record ? oldest(record.revocationCheckedAt, checkedAt) : checkedAt,
      kazashi: record?.kazashi ?? card.kazashi,
    },
  };
}

/** Undefined where one of two questions has no answer. */
function oldest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.min(one, other);
}

/** When the first of some tickets is admitted, Unix seconds. */
export function admissionFrom(tickets: readonly Ticket[]): number {
  return Math.min(...tickets.map(({ admission }) => admission.from));
}

/** Whether one question about a card stands for both holders who name it. */
function askedAlike(first: HolderCard | undefined, second: HolderCard): boolean {
  if (!first) return false;
  const [old, old2] = [first, second].map(({ renewedFrom }) => renewedFrom ?? EMPTY);
  return !first.certificate === !second.certificate && equal(old!, old2!);
}

const PARTY = domain('pinless-gate/party/1');

/** The same for every card of one purchase; says nothing of the purchase. */
export function partyId(eventId: Uint8Array, purchaseId: string): Uint8Array {
  const digest = hash('sha256', concat(PARTY, eventId, utf8(purchaseId)), 'buffer');
  return new Uint8Array(digest.subarray(0, 8));
}
