import type { Direction } from '@pinless-gate/protocol/lane-mode';

/**
 * What a gate remembers of one ticket, and everything that may change it. Transitions are pure; one that
 * does not apply gives back the very state that it got, so that a confirmation that comes late or twice
 * changes nothing and needs no entry in the journal. Times in Unix milliseconds.
 */

/** What a movement changes, and what is put back when it turns out that there was none. */
export interface Counters {
  /** Entries that count against the ticket. */
  readonly entries: number;
  readonly inside: boolean;
  readonly lastEntryAt?: number | undefined;
  readonly lastExitAt?: number | undefined;
  /** Entries on the newest day on which it entered, a date of the event's time zone (`2026-12-20`). */
  readonly day?: { readonly date: string; readonly entries: number } | undefined;
  /** Entries by the gate that was entered through. */
  readonly perGate?: readonly { readonly gate: string; readonly entries: number }[] | undefined;
  /** Was inside when the venue was cleared: the next entry counts no second time. */
  readonly readmitted?: true | undefined;
}

/** The newest movement, so that it can be annulled or undone. `sequence` is that of its journal entry. */
export interface LastMovement {
  readonly sequence: number;
  readonly at: number;
  readonly direction: Direction;
  readonly before: Counters;
}

export interface TicketState extends Counters {
  /** Rises with each change; whoever writes says which one was read. */
  readonly revision: number;
  readonly blocked?: true | undefined;
  /** Decided, and nobody has been seen to pass. */
  readonly pending?: { readonly sequence: number; readonly at: number } | undefined;
  readonly last?: LastMovement | undefined;
}

/** A ticket that this gate has never seen. */
export const NEW_TICKET: TicketState = { revision: 0, entries: 0, inside: false };

/** A movement as the gate decided it. */
export interface Movement {
  readonly sequence: number;
  readonly at: number;
  /** Where the event has a time zone. */
  readonly date?: string | undefined;
  /** The ticket's gate that this lane leads through. */
  readonly gate?: string | undefined;
  /** Comes back after leaving, which uses no entry. */
  readonly returns?: true | undefined;
  /** A sensor will say whether somebody passed. */
  readonly awaitsPassage?: boolean | undefined;
}

export function admit(state: TicketState, movement: Movement): TicketState {
  const { readmitted, ...counters } = countersOf(state);
  const entered: Counters = { ...counters, inside: true, lastEntryAt: movement.at };
  if (readmitted || movement.returns) return moved(state, movement, 'in', entered);
  const { date, gate } = movement;
  return moved(state, movement, 'in', {
    ...entered,
    entries: state.entries + 1,
    ...(date !== undefined && { day: addDay(state, date) }),
    ...(gate !== undefined && { perGate: addGate(state, gate) }),
  });
}

export function leave(state: TicketState, movement: Movement): TicketState {
  return moved(state, movement, 'out', {
    ...countersOf(state),
    inside: false,
    lastExitAt: movement.at,
  });
}

/** Somebody passed. */
export function confirm(state: TicketState, { sequence }: { sequence: number }): TicketState {
  if (state.pending?.sequence !== sequence) return state;
  const { pending: _, ...rest } = state;
  return { ...rest, revision: state.revision + 1 };
}

/** Nobody passed: as if the movement had not been. */
export function annul(state: TicketState, { sequence }: { sequence: number }): TicketState {
  return state.pending?.sequence === sequence ? undo(state, { sequence }) : state;
}

/** Takes the newest movement back, and no older one. Whether the ticket is blocked stays. */
export function undo(state: TicketState, { sequence }: { sequence: number }): TicketState {
  const { last, revision, blocked } = state;
  if (last?.sequence !== sequence) return state;
  return { ...last.before, revision: revision + 1, ...(blocked && { blocked }) };
}

export function block(state: TicketState): TicketState {
  return state.blocked ? state : { ...state, blocked: true, revision: state.revision + 1 };
}

export function unblock(state: TicketState): TicketState {
  if (!state.blocked) return state;
  const { blocked: _, ...rest } = state;
  return { ...rest, revision: state.revision + 1 };
}

/** The venue was cleared: who was inside is outside, and may come in once more. */
export function readmit(state: TicketState): TicketState {
  if (!state.inside) return state;
  const { pending: _, last: __, ...rest } = state;
  return { ...rest, inside: false, readmitted: true, revision: state.revision + 1 };
}

/** The number that the next entry of this ticket has, from 1. */
export function nextEntry({ entries, readmitted }: Counters): number {
  return readmitted ? entries : entries + 1;
}

/** A clock that was set back gives no day a second time: an earlier date is the newest one still. */
export function entriesOn({ day }: Counters, date: string): number {
  return day && date <= day.date ? day.entries : 0;
}

export function entriesThrough({ perGate }: Counters, gate: string): number {
  return perGate?.find((one) => one.gate === gate)?.entries ?? 0;
}

function moved(
  state: TicketState,
  { sequence, at, awaitsPassage }: Movement,
  direction: Direction,
  counters: Counters,
): TicketState {
  const { revision, blocked } = state;
  return {
    ...counters,
    revision: revision + 1,
    ...(blocked && { blocked }),
    ...(awaitsPassage && { pending: { sequence, at } }),
    last: { sequence, at, direction, before: countersOf(state) },
  };
}

function countersOf(state: TicketState): Counters {
  const { revision: _, blocked: __, pending: ___, last: ____, ...counters } = state;
  return counters;
}

function addDay(state: Counters, date: string): Counters['day'] {
  const newest = state.day && date <= state.day.date ? state.day.date : date;
  return { date: newest, entries: entriesOn(state, date) + 1 };
}

function addGate(state: Counters, gate: string): Counters['perGate'] {
  const others = (state.perGate ?? []).filter((one) => one.gate !== gate);
  return [...others, { gate, entries: entriesThrough(state, gate) + 1 }];
}
