import type { HolderField } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Evidence, KeptEvidence } from './evidence.ts';
import { type CodeChange, codesOf, type Handover, type SealedHandover } from './handover.ts';
import type { Act, Coded, HandoverLedger } from './handover-ledger.ts';
import {
  goingAlong,
  linkCompanion,
  linkedAlready,
  requireTicket,
  unlinkCompanion,
} from './party.ts';
import type { Resales } from './resales.ts';

export interface Offer {
  readonly purchaseId: string;
  readonly ticketNo: string;
  /** To come along with a card of their own, or to come instead. */
  readonly kind: 'companion' | 'transfer';
  /** How long its code is good, at most until admission ends. */
  readonly hours: number;
}

/** Somebody with a code, and the card that they proved to hold. */
export interface Comer {
  readonly card: HolderField;
  /** That they did. */
  readonly stated: Evidence;
  readonly codeHash: Uint8Array;
}

interface Linking {
  readonly holder: HolderField;
  readonly evidence: KeptEvidence;
  readonly codes: CodeChange;
}

/** Tickets that are offered by a code, and taken with a card. */
export class Invitations {
  readonly #ledger: HandoverLedger;
  readonly #resales: Resales;

  constructor(ledger: HandoverLedger, resales: Resales) {
    this.#ledger = ledger;
    this.#resales = resales;
  }

  async offer(act: Act, { purchaseId, ticketNo, kind, hours }: Offer): Promise<Coded> {
    const ledger = this.#ledger;
    const { purchase } = await ledger.purchase(act, purchaseId, STATES[kind]);
    const { card } = requireTicket(purchase, ticketNo);
    if (kind === 'companion' && card === 'companion') throw linkedAlready();
    const ticketNos = kind === 'companion' ? [ticketNo] : goingAlong(purchase, ticketNo);
    await ledger.requireOutside(act.event, ticketNos);
    const wanted = { purchaseId, kind, ticketNo };
    const kazashi = purchase.holder.kazashi !== undefined;
    const add = await ledger.create(act.event, wanted, { ticketNos, kazashi });
    const { text, token } = ledger.code(act.event, codesOf(add), hours);
    const notes = [ledger.note(kind === 'companion' ? 'companion.invited' : 'ticket.offered', add)];
    const handover = { ...add, codeUntil: token.expiresAt };
    await ledger.settle(act, { puts: [], add: handover, codes: { add: token }, notes });
    return { handover: await ledger.find(act, add.id), code: text };
  }

  /** Another code for the same; those before open nothing any more. */
  async code(act: Act, id: string, hours: number): Promise<Coded> {
    const ledger = this.#ledger;
    const found = await ledger.waiting(act, id);
    const { text, token } = ledger.code(act.event, codesOf(found), hours);
    await ledger.settle(act, {
      puts: [],
      end: { id, from: 'waiting', state: 'waiting', codeUntil: token.expiresAt },
      codes: { withdraw: codesOf(found), add: token },
      notes: [ledger.note('handover.code', found)],
    });
    return { handover: await ledger.find(act, id), code: text };
  }

  /** Nothing comes of it any more. A seat that was taken back for it stays off every card. */
  async withdraw(act: Act, id: string): Promise<void> {
    const found = await this.#ledger.waiting(act, id);
    await this.#ledger.settle(act, {
      puts: [],
      end: { id, from: 'waiting', state: 'withdrawn' },
      codes: { withdraw: codesOf(found) },
      notes: [this.#ledger.note('handover.withdrawn', found)],
    });
  }

  /** A companion's ticket goes back to the card of the purchase's holder. */
  unlink(act: Act, purchaseId: string, ticketNo: string): Promise<Handover> {
    const ledger = this.#ledger;
    return ledger.trying(act, async () => {
      const { purchase, changeNo } = await ledger.purchase(act, purchaseId, STATES.companion);
      const changed = unlinkCompanion(purchase, ticketNo);
      await ledger.requireOutside(act.event, [ticketNo]);
      const wanted = { purchaseId, kind: 'companion', ticketNo } as const;
      const created = await ledger.create(act.event, wanted, { ticketNos: [ticketNo] });
      const settlement = {
        puts: [await ledger.put(act, changed, changeNo)],
        add: { ...created, state: 'withdrawn' as const },
        notes: [ledger.note('companion.unlinked', created)],
      };
      return ledger.change(act, { handoverId: created.id, step: 'undone', settlement });
    });
  }

  /** The ticket is on the comer's card from the next list on. */
  take(act: Act, id: string, comer: Comer): Promise<Handover> {
    return this.#ledger.trying(act, async () => {
      const found = await this.#ledger.waiting(act, id, 'code');
      const codes = { use: comer.codeHash };
      const evidence = await this.#ledger.evidence(act.event, found, comer.stated);
      const { card: holder } = comer;
      if (found.kind === 'companion') return this.#link(act, found, { holder, evidence, codes });
      const { method } = comer.stated;
      const at = new Date(evidence.at).toISOString();
      const to = { holder, enrolment: { evidenceId: evidence.id, method, at } };
      return this.#resales.settle(act, found, { to, codes, evidence });
    });
  }

  async #link(
    act: Act,
    found: SealedHandover,
    { holder, evidence, codes }: Linking,
  ): Promise<Handover> {
    const ledger = this.#ledger;
    const { purchaseId } = found;
    const { purchase, changeNo } = await ledger.purchase(act, purchaseId, STATES.companion);
    const [ticketNo = ''] = ledger.detailsOf(found).ticketNos;
    const changed = linkCompanion(purchase, ticketNo, holder);
    await ledger.requireOutside(act.event, [ticketNo]);
    const settlement = {
      puts: [await ledger.put(act, changed, changeNo)],
      end: { id: found.id, from: 'waiting', state: 'done', evidence } as const,
      codes,
      notes: [ledger.note('companion.linked', found)],
    };
    return ledger.change(act, { handoverId: found.id, step: 'bound', settlement });
  }
}

const STATES = { companion: ['paid', 'pending'], transfer: ['paid'] } as const;
