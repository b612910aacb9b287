import { JournalError } from '@pinless-gate/protocol/journal';
import { type Operator, parseReason } from '@pinless-gate/protocol/journal/act';
import { block, readmit, type TicketState, unblock } from '../admission/state.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { Look } from '../lane/look.ts';
import type { Modes } from '../lane/modes.ts';
import type { Admissions } from './admissions.ts';
import { refuse } from './error.ts';
import { type By, type Done, mayOrder, type Order, type OrderOf } from './order.ts';

export interface ActsParts {
  readonly ledger: Ledger;
  readonly modes: Modes;
  readonly look: Look;
  readonly admissions: Admissions;
  /** Prints an admission's receipts again, as copies; how many. */
  readonly reprint: (sequence: number) => number;
  readonly onDone: (order: Order, operator: Operator) => void;
  /** The journal could not be written: the gate must be started anew. */
  readonly onBroken: (error: JournalError) => void;
}

// Documents have numbers of at least five digits; seats, gates and times have not.
const LONG_NUMBER = /\p{Nd}(?:[ .-]?\p{Nd}){4}/u;

/** What people at the gate do by hand: allowed by role, journalled before it takes effect. */
export class Acts {
  readonly #parts: ActsParts;

  constructor(parts: ActsParts) {
    this.#parts = parts;
  }

  /** Throws a `StaffError` where it may not be, `FormatError` on a reason of the wrong form, `JournalError`. */
  perform(operator: Operator, order: Order): Done {
    if (!mayOrder(operator.role, order)) {
      refuse('ERR_STAFF_ROLE', `${order.act} is not for the role ${operator.role}`, 'ask the lead');
    }
    const by = { operator, reason: plainReason(order.reason) };
    try {
      const done = this.#perform(by, order);
      this.#parts.onDone(order, operator);
      return done;
    } catch (error) {
      if (error instanceof JournalError) this.#parts.onBroken(error);
      throw error;
    }
  }

  #perform(by: By, order: Order): Done {
    const { admissions } = this.#parts;
    switch (order.act) {
      case 'override':
        this.#requireCounting();
        return admissions.override(by, order);
      case 'accept':
        this.#requireCounting();
        return admissions.accept(by, order);
      case 'undo':
        return admissions.undo(by, order.code);
      case 'block':
      case 'unblock':
        return this.#block(by, order);
      case 'face-check':
        return this.#faceCheck(by, order);
      case 'mode':
        return this.#mode(by, order);
      case 'readmit':
        return this.#readmit(by);
      case 'reprint':
        return this.#reprint(by, order);
    }
  }

  #requireCounting(): void {
    if (this.#parts.modes.current !== 'rehearsal') return;
    refuse('ERR_STAFF_MODE', 'a rehearsal lets nobody in', 'end it: gate staff mode normal');
  }

  #block(by: By, { act, ticketNo }: OrderOf<'block' | 'unblock'>): Done {
    const { ledger } = this.#parts;
    const state = ledger.state(ticketNo);
    const after = (act === 'block' ? block : unblock)(state);
    if (after === state) refuse('ERR_STAFF_TICKET', `the ticket is ${act}ed already`);
    const sequence = ledger.write(
      { kind: 'act', act, ...by, ticketNo, tickets: [] },
      new Map([[ticketNo, after]]),
    );
    return { sequence, tickets: [] };
  }

  #faceCheck(by: By, { code, answer }: OrderOf<'face-check'>): Done {
    const { ledger, look } = this.#parts;
    if (look.asked?.code !== code) {
      refuse('ERR_STAFF_LOOK', `the lane does not wait for ${code}`, 'have the card touched again');
    }
    const entry = { kind: 'act', act: 'face-check', ...by, tickets: [], code } as const;
    const sequence = ledger.write({ ...entry, detail: answer });
    look.answer(answer === 'passed');
    return { sequence, tickets: [] };
  }

  #mode(by: By, { mode }: OrderOf<'mode'>): Done {
    const { modes } = this.#parts;
    if (mode === modes.current && mode !== 'evacuate') {
      refuse('ERR_STAFF_MODE', `the lane is in mode ${mode} already`);
    }
    return { sequence: modes.take(mode, by), tickets: [] };
  }

  /** Who was inside when the venue was cleared may come in once more; nothing else of a ticket changes. */
  #readmit(by: By): Done {
    const { ledger, modes } = this.#parts;
    if (modes.current !== 'evacuate') {
      refuse('ERR_STAFF_MODE', 'nothing was cleared', 'readmit belongs to the mode evacuate');
    }
    const inside = new Map<string, TicketState>();
    for (const [ticketNo, state] of ledger.tickets()) {
      const after = readmit(state);
      if (after !== state) inside.set(ticketNo, after);
    }
    const entry = { kind: 'act', act: 'readmit', ...by, tickets: [] } as const;
    const sequence = ledger.write({ ...entry, detail: `${inside.size}` }, inside);
    return { sequence, tickets: [], readmitted: inside.size };
  }

  #reprint(by: By, { code }: OrderOf<'reprint'>): Done {
    const { ledger, admissions, reprint } = this.#parts;
    const { sequence: of, tickets } = admissions.find(code);
    const plain = tickets.map(({ ticketNo, entry }) => ({ ticketNo, entry }));
    const entry = { kind: 'act', act: 'reprint', ...by, of, tickets: plain, code } as const;
    const sequence = ledger.write(entry);
    if (reprint(of) === 0) {
      refuse('ERR_STAFF_TAP', 'the receipts of that admission are not kept any more');
    }
    return { sequence, tickets: plain, code };
  }
}

/** Throws where it names what a journal must not hold. */
export function plainReason(text: string): string {
  const reason = parseReason(text);
  if (LONG_NUMBER.test(reason)) {
    refuse(
      'ERR_STAFF_REASON',
      'the reason holds a long number',
      'say what was checked, not the number of a document',
    );
  }
  return reason;
}
