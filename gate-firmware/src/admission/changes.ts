import type { Admitted, Facts } from './decide.ts';
import { admit, leave, NEW_TICKET, type TicketState } from './state.ts';

/** What a decision does to one ticket. `before` is absent where the gate had never seen it. */
export interface StateChange {
  readonly ticketNo: string;
  readonly before: TicketState | undefined;
  readonly after: TicketState;
}

/** Of a ticket's history, undefined where the gate had never seen it. */
export interface Decided extends Pick<Facts, 'record' | 'at'> {
  readonly history: readonly (TicketState | undefined)[];
  /** Of the decision's journal entry. */
  readonly sequence: number;
  /** A sensor will say whether somebody passed. */
  readonly awaitsPassage?: boolean | undefined;
}

/** The states that a decision leaves, of the tickets that it lets through. */
export function changesOf(decision: Admitted, decided: Decided): StateChange[] {
  const { record, history, sequence, at, awaitsPassage } = decided;
  const move = decision.direction === 'in' ? admit : leave;
  return decision.tickets.map(({ ticket, gate, date, returns }) => {
    const before = history[record.tickets.indexOf(ticket)];
    const movement = { sequence, at, gate, date, returns, awaitsPassage };
    return { ticketNo: ticket.ticketNo, before, after: move(before ?? NEW_TICKET, movement) };
  });
}
