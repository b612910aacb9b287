import { changesOf } from '@pinless-gate/gate-firmware/admission/changes';
import { type Decision, decide } from '@pinless-gate/gate-firmware/admission/decide';
import { companionsElsewhere } from '@pinless-gate/gate-firmware/admission/party';
import {
  admit,
  annul,
  block,
  confirm,
  NEW_TICKET,
  readmit,
  type TicketState,
  unblock,
  undo,
} from '@pinless-gate/gate-firmware/admission/state';
import { localDay } from '@pinless-gate/protocol/local-time';
import type { SeatRecord, Ticket } from '@pinless-gate/protocol/record';
import type { Memory } from './memory.ts';
import type { List, Op } from './plan.ts';

type Tap = Extract<Op, { op: 'tap' }>;

const ACTS = { confirm, annul, undo, block, unblock };

/** What the gate's own code makes of what happens, with what it remembers. */
export class Gate {
  readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  tap({ policy, cards }: List, tap: Tap, at: number): { words: string; tickets: string[] } {
    const tickets = cards[tap.card % cards.length]!;
    const record: SeatRecord = {
      tickets,
      party: { id: new Uint8Array(8), size: tickets.length },
      language: 'ja',
      evidenceId: 'E-1',
    };
    const history = tickets.map(({ ticketNo }) => this.memory.read(ticketNo));
    const decision = decide({
      list: { notBefore: 0, issuedAt: Math.floor(at / 1000), expiresAt: 1e12, policy },
      record,
      history: history.map((state) => state ?? NEW_TICKET),
      others: this.#states(companionsElsewhere(record)),
      lane: { gates: tap.gates, direction: tap.direction, mode: tap.mode },
      chosen: tap.chosen,
      at,
    });
    if (!decision.admitted) return { words: decision.reason, tickets: [] };
    const { sequence } = this.memory;
    const awaitsPassage = tap.sensor;
    this.memory.write(at, changesOf(decision, { record, history, at, sequence, awaitsPassage }));
    return {
      words: inWords(decision),
      tickets: decision.tickets.map(({ ticket }) => ticket.ticketNo),
    };
  }

  /** Whether the act changed anything. */
  act(act: keyof typeof ACTS, at: number, ticketNo: string, sequence = 0): boolean {
    return this.#change(at, ticketNo, (state) => ACTS[act](state, { sequence }));
  }

  cleared(at: number, ticketNo: string): boolean {
    return this.#change(at, ticketNo, readmit);
  }

  /** Staff let a ticket in, whatever the rules say. */
  override(at: number, { ticketNo, seat }: Ticket, beginsAtMinute: number | undefined): void {
    const { sequence } = this.memory;
    const date = localDay(at, 'Asia/Tokyo', beginsAtMinute);
    this.#change(at, ticketNo, (state) => admit(state, { sequence, at, date, gate: seat.gate }));
  }

  #change(at: number, ticketNo: string, transition: (state: TicketState) => TicketState): boolean {
    const before = this.memory.read(ticketNo);
    const after = transition(before ?? NEW_TICKET);
    if (after === (before ?? NEW_TICKET)) return false;
    this.memory.write(at, [{ ticketNo, before, after }]);
    return true;
  }

  #states(numbers: readonly string[]): Map<string, TicketState> {
    return new Map(
      numbers.flatMap((ticketNo) => {
        const state = this.memory.read(ticketNo);
        return state ? [[ticketNo, state] as const] : [];
      }),
    );
  }
}

function inWords(decision: Extract<Decision, { admitted: true }>): string {
  const { direction, tickets, attention, wait } = decision;
  return [
    ...(direction === 'out' ? ['out'] : []),
    ...tickets.map(({ ticket: { ticketNo }, entry, returns }) =>
      direction === 'out' ? ticketNo : `${ticketNo}#${entry}${returns ? ' again' : ''}`,
    ),
    ...(attention.length > 0 ? [`look: ${attention.join(', ')}`] : []),
    ...(wait ? [`wait: ${wait}`] : []),
  ].join(' ');
}
