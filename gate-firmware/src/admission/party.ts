import type { Policy } from '@pinless-gate/protocol/policy';
import type { SeatRecord, Ticket } from '@pinless-gate/protocol/record';
import { type Entry, isInside } from './entry.ts';
import { limitsOf } from './limits.ts';
import { NEW_TICKET, type TicketState } from './state.ts';

/** Who of a card's tickets goes together (docs/decisions/0024). */
export interface Party {
  readonly record: SeatRecord;
  /** In the order of the record's tickets. */
  readonly history: readonly TicketState[];
  /** Of tickets of other cards that one of these enters with (`companionsElsewhere`), by number. */
  readonly others?: ReadonlyMap<string, TicketState> | undefined;
  /** Ticket numbers, where staff chose who enters or leaves now; absent: whoever may. */
  readonly chosen?: readonly string[] | undefined;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface Candidate {
  readonly ticket: Ticket;
  readonly state: TicketState;
}

export interface Entering extends Candidate {
  readonly entry: Entry;
}

/** The tickets that are asked about: those that staff chose, else all of the card. */
export function candidates({ record, history, chosen }: Party): Candidate[] {
  const all = record.tickets.map((ticket, i) => ({ ticket, state: history[i] ?? NEW_TICKET }));
  return chosen ? all.filter(({ ticket }) => chosen.includes(ticket.ticketNo)) : all;
}

/** Without those whose companion must be there, and neither enters now nor is inside. */
export function withCompanions(
  policy: Policy,
  party: Party,
  entering: readonly Entering[],
): readonly Entering[] {
  const stay = entering.filter(({ ticket }) => {
    const { with: companion, category } = ticket;
    if (companion === undefined || !limitsOf(policy, category).companion) return true;
    return entering.some((one) => one.ticket.ticketNo === companion) || isIn(policy, party, ticket);
  });
  return stay.length === entering.length ? stay : withCompanions(policy, party, stay);
}

/** Whether the ticket that this one enters with is inside. */
function isIn(policy: Policy, { record, history, others, at }: Party, one: Ticket): boolean {
  const i = record.tickets.findIndex(({ ticketNo }) => ticketNo === one.with);
  const state = i < 0 ? others?.get(one.with!) : history[i];
  // Of a ticket of another card the category is not known here: the hour of this one's stands for it.
  return state !== undefined && isInside({ policy, ticket: record.tickets[i] ?? one, state, at });
}

/** Tickets of other cards whose states `decide` asks for. */
export function companionsElsewhere({ tickets }: SeatRecord): string[] {
  const own = new Set(tickets.map(({ ticketNo }) => ticketNo));
  return tickets.flatMap((one) => (one.with !== undefined && !own.has(one.with) ? [one.with] : []));
}

/** All, or the first part of the party that is still to come: a ticket with those that enter with it. */
export function arriving(policy: Policy, may: readonly Entering[]): readonly Entering[] {
  if (policy.arrival !== 'parts') return may;
  const byNumber = new Map(may.map((one) => [one.ticket.ticketNo, one]));
  const rootOf = (one: Entering): Entering => {
    let root = one;
    // A circle cannot be built; a record that holds one still ends here.
    for (let steps = 0; steps < may.length; steps++) {
      root = byNumber.get(root.ticket.with ?? '') ?? root;
    }
    return root;
  };
  const root = rootOf(may.find(({ state }) => !state.inside) ?? may[0]!);
  return may.filter((one) => rootOf(one) === root);
}
