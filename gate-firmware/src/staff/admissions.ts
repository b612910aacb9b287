import { decodeJournalEntry, type JournalEntry } from '@pinless-gate/protocol/journal';
import type { Entered } from '@pinless-gate/protocol/journal/entered';
import type { Direction } from '@pinless-gate/protocol/lane-mode';
import { localTime } from '@pinless-gate/protocol/local-time';
import type { Ticket } from '@pinless-gate/protocol/record';
import { admit, leave, nextEntry, type TicketState, undo } from '../admission/state.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { LetIn } from '../lane/outcome.ts';
import type { Passages } from '../lane/passages.ts';
import type { TapResult } from '../lane/tap.ts';
import type { Whitelist } from '../whitelist/store.ts';
import { refuse } from './error.ts';
import type { By, Done, OrderOf } from './order.ts';
import type { RecentTaps } from './recent-taps.ts';

export interface AdmissionsParts {
  readonly ledger: Ledger;
  readonly taps: RecentTaps;
  readonly passages: Pick<Passages, 'witnessed' | 'forget'>;
  /** Opens, shows, prints. */
  readonly letIn: (admission: LetIn) => void;
  /** In force. */
  readonly list: () => Whitelist | undefined;
  /** Which way the lane's reader is. */
  readonly direction: Direction;
  readonly newCode: () => string;
  readonly proofs: readonly string[];
  readonly undoWithinMs: number;
}

/** An admission as the journal has it. */
export interface Found {
  readonly sequence: number;
  readonly tickets: readonly Entered[];
}

/** Looked through for a code; what lies further back took longer than any undo may. */
const MAX_LOOKED_AT = 20_000;

/** Admissions that staff give and take back. */
export class Admissions {
  readonly #parts: AdmissionsParts;

  constructor(parts: AdmissionsParts) {
    this.#parts = parts;
  }

  /** Lets in whom a tap refused: with the card's tickets, or as one person where the card opens none. */
  override(by: By, { code, tickets: chosen }: OrderOf<'override'>): Done {
    const { ledger, taps, letIn, direction } = this.#parts;
    const tap = taps.refused(code);
    if (!tap) {
      refuse('ERR_STAFF_TAP', `no refused tap ${code} here`, 'have the card touched again');
    }
    const moving = this.#chosen(tap, chosen);
    const next = moving.map((ticket) => [ticket, this.#moved(ticket, tap.list)] as const);
    const entered = next.map(([{ ticketNo }, { entries }]) => ({ ticketNo, entry: entries }));
    const entry = { kind: 'act', act: 'override', ...by, of: tap.sequence, code } as const;
    const sequence = ledger.write(
      { ...entry, tickets: entered },
      new Map(next.map(([{ ticketNo }, state]) => [ticketNo, state])),
    );
    taps.settle(tap.sequence);
    const shown = next.map(([ticket, { entries }]) => ({ ticket, entry: entries }));
    const decision = { admitted: true, direction, tickets: shown, attention: [] } as const;
    const people = Math.max(1, entered.length);
    letIn({ ...tap, sequence, at: ledger.now(), decision, entered, people });
    return { sequence, tickets: entered, code };
  }

  /** A person without a card: the ticket must be one that has not entered here. */
  accept(by: By, { ticketNo, proof }: OrderOf<'accept'>): Done {
    const { ledger, letIn, list, newCode, proofs } = this.#parts;
    if (!proofs.includes(proof)) {
      refuse('ERR_STAFF_PROOF', 'this is no proof here', `one of: ${proofs.join(', ')}`);
    }
    const state = ledger.state(ticketNo);
    if (state.blocked) refuse('ERR_STAFF_TICKET', 'the ticket is blocked', 'ask the lead');
    if (nextEntry(state) > 1 || state.inside) {
      refuse('ERR_STAFF_TICKET', 'the ticket has entered already', 'ask the lead');
    }
    const after = admit(state, this.#movement(list()));
    const entered = [{ ticketNo, entry: after.entries }];
    const code = newCode();
    const entry = { kind: 'act', act: 'accept', ...by, ticketNo, tickets: entered } as const;
    const sequence = ledger.write({ ...entry, code, detail: proof }, new Map([[ticketNo, after]]));
    const decision = { admitted: true, direction: 'in', tickets: [], attention: [] } as const;
    const found = { record: undefined, list: list(), code, at: ledger.now() };
    letIn({ ...found, sequence, decision, entered, people: 1 });
    return { sequence, tickets: entered, code };
  }

  /** Takes the newest admission under this code back, where nothing happened to its tickets since. */
  undo(by: By, code: string): Done {
    const { ledger, passages } = this.#parts;
    const { sequence: of, tickets } = this.find(code);
    const next = new Map<string, TicketState>();
    for (const { ticketNo } of tickets) {
      const state = ledger.state(ticketNo);
      const after = undo(state, { sequence: of });
      if (after !== state) next.set(ticketNo, after);
    }
    if (next.size === 0) {
      refuse('ERR_STAFF_UNDO', 'its tickets have moved since, or it had none', 'ask the lead');
    }
    const undone = tickets.filter(({ ticketNo }) => next.has(ticketNo));
    const entry = { kind: 'act', act: 'undo', ...by, of, tickets: undone, code } as const;
    const sequence = ledger.write(entry, next);
    passages.forget(of);
    return { sequence, tickets: undone, code };
  }

  /** The newest admission under this code that may still be taken back. */
  find(code: string): Found {
    const { ledger, undoWithinMs } = this.#parts;
    const oldest = ledger.now() - undoWithinMs;
    let looked = 0;
    for (const encoded of ledger.backwards()) {
      const { entry } = decodeJournalEntry(encoded);
      if (entry.at < oldest || ++looked > MAX_LOOKED_AT) break;
      if (admits(entry) && entry.code === code) {
        return { sequence: entry.sequence, tickets: entry.tickets };
      }
    }
    refuse('ERR_STAFF_TAP', `no admission ${code} of the last ${undoWithinMs / 60_000} min`);
  }

  #chosen({ record }: TapResult, chosen: readonly string[] | undefined): readonly Ticket[] {
    const all = record?.tickets ?? [];
    if (!chosen) {
      const outside = all.filter(({ ticketNo }) => !this.#parts.ledger.state(ticketNo).inside);
      return outside.length > 0 ? outside : all.slice(0, 1);
    }
    const found = all.filter(({ ticketNo }) => chosen.includes(ticketNo));
    if (found.length !== new Set(chosen).size) {
      refuse('ERR_STAFF_TICKET', 'a chosen ticket is not of that card');
    }
    return found;
  }

  #moved({ ticketNo, seat }: Ticket, list: Whitelist | undefined): TicketState {
    const { ledger, direction } = this.#parts;
    const move = direction === 'in' ? admit : leave;
    return move(ledger.state(ticketNo), { ...this.#movement(list), gate: seat.gate });
  }

  #movement(list: Whitelist | undefined) {
    const { ledger, passages } = this.#parts;
    const { timeZone, passage } = list?.manifest.policy ?? {};
    const at = ledger.now();
    return {
      sequence: ledger.next,
      at,
      date: timeZone === undefined ? undefined : localTime(at, timeZone).date,
      awaitsPassage: passage !== undefined && passages.witnessed,
    };
  }
}

type Admitting = JournalEntry & Found & { code?: string | undefined };

function admits(entry: JournalEntry): entry is Admitting {
  if (entry.kind === 'decision') return entry.outcome === 'admitted' && entry.mode !== 'rehearsal';
  return entry.kind === 'act' && (entry.act === 'override' || entry.act === 'accept');
}
