import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Asker } from './asker.ts';
import { type Event, type EventStore, requireEvent } from './event.ts';
import { type Handover, type HandoverStore, unknownHandover } from './handover.ts';
import type { Act, HandoverLedger } from './handover-ledger.ts';
import { type HandoverRules, type HandoverRulesStore, requireAllowed } from './handover-rules.ts';
import { FOR_VISITORS } from './handover-visits.ts';
import type { Invitations, Offer } from './invitations.ts';
import { type PartyTicket, ticketsOf } from './party.ts';
import type { PurchaseBook } from './purchase-book.ts';
import { badCode, shownBy } from './visitor-desk.ts';
import type { VisitorTokenStore } from './visitor-token.ts';

/** A purchase as those see it who hand its tickets over: nobody is named. */
export interface Party {
  readonly purchaseId: string;
  readonly state: Purchase['status'];
  readonly changeNo: number;
  readonly tickets: readonly ShownTicket[];
  /** The newest first. */
  readonly handovers: readonly OpenedHandover[];
}

export interface ShownTicket extends PartyTicket {
  /** A gate has told that it went in. */
  readonly entered: boolean;
}

export interface OpenedHandover extends Handover {
  readonly ticketNos: readonly string[];
}

export interface PartiesDeps {
  readonly events: EventStore;
  readonly book: PurchaseBook;
  readonly handovers: HandoverStore;
  readonly handoverRules: HandoverRulesStore;
  readonly visitorTokens: VisitorTokenStore;
  readonly ledger: HandoverLedger;
  readonly invitations: Invitations;
  readonly now: () => number;
}

/** What the representative of a purchase sees with their code. */
export interface OwnParty extends Party {
  readonly event: Event;
  readonly rules: HandoverRules;
}

type OwnOffer = Omit<Offer, 'purchaseId'>;

/** Purchases with the tickets of several people: for their vendor, and for their representative with a code. */
export class Parties {
  readonly #deps: PartiesDeps;

  constructor(deps: PartiesDeps) {
    this.#deps = deps;
  }

  async of(asker: Asker, event: Event, purchaseId: string): Promise<Party> {
    const { book, handovers, ledger } = this.#deps;
    const { purchase, changeNo } = await book.open(asker, event, purchaseId);
    const tickets = ticketsOf(purchase);
    const numbers = tickets.map(({ ticketNo }) => ticketNo);
    const [entered, all] = await Promise.all([
      ledger.entered(event, numbers),
      handovers.ofPurchase(event, purchaseId),
    ]);
    return {
      purchaseId,
      state: purchase.status,
      changeNo,
      tickets: tickets.map((one) => ({ ...one, entered: entered.has(one.ticketNo) })),
      handovers: all.map(({ sealed, ticketHash: _, ...one }) => {
        const { ticketNos } = ledger.detailsOf({ id: one.id, sealed });
        return { ...one, ticketNos };
      }),
    };
  }

  /** A code for the representative: those before open nothing any more. */
  async code(act: Act, purchaseId: string, hours: number): Promise<string> {
    const { book, ledger } = this.#deps;
    await book.open(act.asker, act.event, purchaseId);
    const of = { purpose: 'party', subject: purchaseId } as const;
    const { text, token } = ledger.code(act.event, of, hours);
    const note = { action: 'party.code', subjects: [purchaseId, act.event.id] };
    await ledger.settle(act, { puts: [], codes: { withdraw: of, add: token }, notes: [note] });
    return text;
  }

  async own(code: string): Promise<OwnParty> {
    const { event, purchaseId } = await this.#opened(code);
    const [party, rules] = await Promise.all([
      this.of(FOR_VISITORS, event, purchaseId),
      this.#deps.handoverRules.of(event),
    ]);
    return { ...party, event, rules };
  }

  /** As the rules of the event let a holder. */
  async offer(code: string, offer: OwnOffer): Promise<string> {
    const what = offer.kind === 'companion' ? 'companions' : 'transfer';
    const { act, purchaseId } = await this.#acting(code, what);
    return (await this.#deps.invitations.offer(act, { ...offer, purchaseId })).code;
  }

  async withdraw(code: string, handoverId: string): Promise<void> {
    const { act, purchaseId } = await this.#acting(code);
    await this.#requireOwn(act, purchaseId, handoverId);
    await this.#deps.invitations.withdraw(act, handoverId);
  }

  async unlink(code: string, ticketNo: string): Promise<void> {
    const { act, purchaseId } = await this.#acting(code, 'companions');
    await this.#deps.invitations.unlink(act, purchaseId, ticketNo);
  }

  async #opened(code: string) {
    const { events, visitorTokens: tokens, now } = this.#deps;
    const { token } = await shownBy({ tokens, now }, code);
    // Whoever applied with their card is the representative of that purchase.
    if (token.purpose !== 'party' && token.purpose !== 'purchase') throw badCode();
    const event = await requireEvent(events, FOR_VISITORS.scope, token.eventId);
    return { event, purchaseId: token.subject };
  }

  async #acting(code: string, what?: 'companions' | 'transfer') {
    const { handoverRules, now } = this.#deps;
    const { event, purchaseId } = await this.#opened(code);
    const at = now();
    if (what) requireAllowed(await handoverRules.of(event), event, what, at);
    return { act: { asker: FOR_VISITORS, event, askedAt: at }, purchaseId };
  }

  /** Seats that the vendor took back are not theirs any more. */
  async #requireOwn(act: Act, purchaseId: string, handoverId: string): Promise<void> {
    const found = await this.#deps.ledger.waiting(act, handoverId);
    if (found.purchaseId !== purchaseId || found.kind === 'resale') throw unknownHandover();
  }
}
