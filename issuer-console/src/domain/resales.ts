import type { Purchase, PurchaseTicket } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { KeptEvidence } from './evidence.ts';
import {
  type CodeChange,
  codesOf,
  type Handover,
  type HandoverDetails,
  madePurchaseId,
  type SealedHandover,
} from './handover.ts';
import { type Act, type Given, type HandoverLedger, notNow } from './handover-ledger.ts';
import { goingAlong, partFrom } from './party.ts';

/** Whose card a seat goes to: one that is known by another purchase, or one that the vendor names. */
export type Buyer =
  | { readonly purchaseId: string }
  | Pick<Purchase, 'holder' | 'enrolment' | 'language'>;

export interface Resale {
  readonly purchaseId: string;
  readonly ticketNo: string;
  readonly to?: Buyer | undefined;
  /** Without a buyer: how long a code is good for whoever buys it; undefined for no code. */
  readonly hours?: number | undefined;
}

interface Settling {
  readonly to: Buyer;
  readonly codes?: CodeChange | undefined;
  /** Where the buyer's card stated it here. */
  readonly evidence?: KeptEvidence | undefined;
}

/** The seat that changes hands, with what goes along from the purchase that it was of. */
interface Seat {
  readonly tickets: readonly PurchaseTicket[];
  readonly language?: Purchase['language'];
}

/** Seats that leave one card for another. */
export class Resales {
  readonly #ledger: HandoverLedger;

  constructor(ledger: HandoverLedger) {
    this.#ledger = ledger;
  }

  /** The old card is out with the next list. The seat is the buyer's, or waits for one. */
  resell(act: Act, { purchaseId, ticketNo, to, hours }: Resale): Promise<Given> {
    const ledger = this.#ledger;
    return ledger.trying(act, async () => {
      const { purchase, changeNo } = await ledger.purchase(act, purchaseId, ['paid', 'pending']);
      const ticketNos = goingAlong(purchase, ticketNo);
      await ledger.requireOutside(act.event, ticketNos);
      const { left, tickets } = partFrom(purchase, ticketNos);
      const { language } = purchase;
      const kazashi = purchase.holder.kazashi !== undefined;
      const details = { ticketNos, tickets, language, kazashi };
      const wanted = { purchaseId, kind: 'resale', ticketNo } as const;
      const created = await ledger.create(act.event, wanted, details);
      const taken = await ledger.put(act, left, changeNo);
      const handoverId = created.id;
      if (to) {
        const made = await this.#made(act, handoverId, { seat: details, to });
        const add = { ...created, state: 'done' as const, toPurchaseId: made.row.purchaseId };
        const notes = [ledger.note('ticket.resold', created)];
        const settlement = { puts: [taken, made], add, notes };
        const handover = await ledger.change(act, { handoverId, step: 'bound', settlement });
        return { handover, code: undefined };
      }
      const code =
        hours === undefined ? undefined : ledger.code(act.event, codesOf(created), hours);
      const settlement = {
        puts: [taken],
        add: { ...created, codeUntil: code?.token.expiresAt },
        codes: { add: code?.token },
        notes: [ledger.note('ticket.released', created)],
      };
      const handover = await ledger.change(act, { handoverId, step: 'released', settlement });
      return { handover, code: code?.text };
    });
  }

  /** A seat that was taken back before goes to a buyer. */
  bind(act: Act, id: string, to: Buyer): Promise<Handover> {
    return this.#ledger.trying(act, async () => {
      const found = await this.#ledger.waiting(act, id);
      if (found.kind !== 'resale') throw notNow('it is offered to whoever has its code');
      return this.settle(act, found, { to, codes: { withdraw: codesOf(found) } });
    });
  }

  /** One that waits is done: the seat is on the buyer's card, and on no other. */
  async settle(
    act: Act,
    found: SealedHandover,
    { to, codes, evidence }: Settling,
  ): Promise<Handover> {
    const ledger = this.#ledger;
    const details = ledger.detailsOf(found);
    await ledger.requireOutside(act.event, details.ticketNos);
    const { seat, left } = await this.#seatOf(act, found, details);
    const made = await this.#made(act, found.id, { seat, to });
    const toPurchaseId = made.row.purchaseId;
    const action = found.kind === 'resale' ? 'ticket.resold' : 'ticket.transferred';
    const settlement = {
      puts: [...left, made],
      end: { id: found.id, from: 'waiting', state: 'done', toPurchaseId, evidence } as const,
      codes,
      notes: [ledger.note(action, found)],
    };
    return ledger.change(act, { handoverId: found.id, step: 'bound', settlement });
  }

  /** Taken back already, or still in the purchase that it leaves now. */
  async #seatOf(act: Act, { purchaseId }: SealedHandover, { ticketNos, ...seat }: HandoverDetails) {
    const { tickets } = seat;
    if (tickets) return { seat: { ...seat, tickets }, left: [] };
    const { purchase, changeNo } = await this.#ledger.purchase(act, purchaseId, ['paid']);
    const [first = ''] = ticketNos;
    const now = goingAlong(purchase, first);
    if (now.join('\n') !== ticketNos.join('\n')) throw notNow('other tickets go along with it now');
    const parted = partFrom(purchase, ticketNos);
    const left = [await this.#ledger.put(act, parted.left, changeNo)];
    return { seat: { tickets: parted.tickets, language: purchase.language }, left };
  }

  /** The buyer's purchase: of the seat alone, whatever else their card opens. */
  async #made(
    act: Act,
    handoverId: string,
    { seat, to }: { readonly seat: Seat; readonly to: Buyer },
  ) {
    const buyer = 'purchaseId' in to ? await this.#buyer(act, to.purchaseId) : to;
    const language = buyer.language ?? seat.language;
    const purchase: Purchase = {
      purchaseId: madePurchaseId(handoverId),
      status: 'paid',
      holder: buyer.holder,
      enrolment: buyer.enrolment,
      ...(language && { language }),
      tickets: [...seat.tickets],
    };
    return this.#ledger.put(act, purchase, 0);
  }

  async #buyer({ asker, event, askedAt }: Act, purchaseId: string) {
    const act = { asker, event, askedAt };
    const { purchase } = await this.#ledger.purchase(act, purchaseId, ['paid', 'pending']);
    return purchase;
  }
}
