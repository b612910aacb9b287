import { localDay } from '@pinless-gate/protocol/local-time';
import type { Policy } from '@pinless-gate/protocol/policy';
import type { Window } from '@pinless-gate/protocol/policy-rules';
import type { Ticket } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import { gatesOf, type Limits, limitsOf } from './limits.ts';
import { entriesOn, entriesThrough, type TicketState } from './state.ts';

/**
 * Why one ticket may not enter, from what passes soonest to what only staff can settle. Of several tickets
 * the first here is told: people are asked to wait or to walk before they hear that they have entered.
 */
export const ENTRY_REFUSALS = [
  'event-paused',
  'too-early',
  'not-yet-minimum-time',
  'wrong-gate',
  'wrong-zone',
  'gate-limit',
  'companion-first',
  'daily-limit',
  'too-late',
  'still-inside',
  'no-reentry',
  'already-admitted',
  'ticket-blocked',
] as const satisfies readonly RefusalReason[];

export type EntryRefusal = (typeof ENTRY_REFUSALS)[number];

/** One ticket at one lane. `at` in Unix milliseconds. */
export interface EntryFacts {
  readonly policy: Policy;
  readonly ticket: Ticket;
  readonly state: TicketState;
  /** The gates that the lane leads through. */
  readonly gates: readonly string[];
  readonly at: number;
}

/** What entering would be: through which gate, on which day, and whether it counts. */
export interface Entry {
  readonly refusal?: undefined;
  readonly gate: string;
  readonly date?: string | undefined;
  /** Comes back after leaving, which uses no entry. */
  readonly returns?: true | undefined;
}

/** What the rules say of one ticket on its own; who it enters with is for `decide`. */
export function entryOf(facts: EntryFacts): Entry | { readonly refusal: EntryRefusal } {
  const { policy, ticket, state, at } = facts;
  if (state.blocked) return { refusal: 'ticket-blocked' };
  const allowed = gatesOf(policy, ticket);
  const through = facts.gates.filter((gate) => allowed.includes(gate));
  if (through.length === 0) return { refusal: placeRefusal(policy, ticket) };
  const limits = limitsOf(policy, ticket.category);
  const running = through.filter((gate) => !isPaused(policy, gate, at));
  const candidates = running.length > 0 ? running : through;
  const gate = candidates.includes(ticket.seat.gate) ? ticket.seat.gate : candidates[0]!;
  const date =
    policy.timeZone === undefined
      ? undefined
      : localDay(at, policy.timeZone, limits.checkOutMinute);
  const entry: Entry = { gate, date, returns: isReturn(facts, limits) || undefined };
  const refusal =
    (state.readmitted ? undefined : visitRefusal(facts, limits, entry)) ??
    windowRefusal(facts, limits) ??
    (running.length === 0 ? 'event-paused' : undefined);
  return refusal ? { refusal } : entry;
}

/** Whether the ticket is in, as far as this gate knows: not after the hour at which everybody counts as gone. */
export function isInside({ policy, ticket, state, at }: Omit<EntryFacts, 'gates'>): boolean {
  return state.inside && sameStay(policy, limitsOf(policy, ticket.category), state, at);
}

function placeRefusal(policy: Policy, { zone }: Ticket): 'wrong-zone' | 'wrong-gate' {
  return policy.zones?.some(({ name }) => name === zone) ? 'wrong-zone' : 'wrong-gate';
}

/** How often, and whether it may come back. */
function visitRefusal(
  facts: EntryFacts,
  limits: Limits,
  { gate, date, returns }: Entry,
): EntryRefusal | undefined {
  const { ticket, state, at } = facts;
  if (limits.reentry === 'none' && staysOn(facts, limits)) {
    return state.inside ? 'already-admitted' : 'no-reentry';
  }
  if (limits.reentry === 'after-exit' && isInside(facts)) return 'still-inside';
  if (returns) return undefined;
  if (state.entries >= Math.min(ticket.entries, limits.entries)) return 'already-admitted';
  if (date !== undefined && entriesOn(state, date) >= limits.perDay) return 'daily-limit';
  if (entriesThrough(state, gate) >= limits.perGate) return 'gate-limit';
  return isTooSoon(state, limits, at) ? 'not-yet-minimum-time' : undefined;
}

/** A clock that was set back makes the time longer; where no rule asks for one it does not matter. */
function isTooSoon({ lastEntryAt }: TicketState, { minimumMs }: Limits, at: number): boolean {
  return minimumMs > 0 && lastEntryAt !== undefined && at - lastEntryAt < minimumMs;
}

/** Entered before, and the stay that began then is not over, whether it is in or has gone out. */
function staysOn({ policy, state, at }: EntryFacts, limits: Limits): boolean {
  return state.lastEntryAt !== undefined && sameStay(policy, limits, state, at);
}

function isReturn(facts: EntryFacts, limits: Limits): boolean {
  const { ticket, state } = facts;
  const { reentry = ticket.reentry ? 'after-exit' : 'free' } = limits;
  const left = !state.inside && state.lastExitAt !== undefined;
  return reentry === 'after-exit' && left && staysOn(facts, limits);
}

function sameStay(
  { timeZone }: Policy,
  { checkOutMinute }: Limits,
  { lastEntryAt }: TicketState,
  at: number,
): boolean {
  if (checkOutMinute === undefined || timeZone === undefined || lastEntryAt === undefined) {
    return true;
  }
  return localDay(lastEntryAt, timeZone, checkOutMinute) >= localDay(at, timeZone, checkOutMinute);
}

/** Too early while some window is still to come. */
function windowRefusal(
  { policy: { toleranceS }, ticket, at }: EntryFacts,
  { windows }: Limits,
): 'too-early' | 'too-late' | undefined {
  const now = at / 1000;
  let late = false;
  for (const choices of [[ticket.admission], ...windows]) {
    const open = (one: Window) => now >= one.from - toleranceS && now <= one.until + toleranceS;
    if (choices.some(open)) continue;
    if (choices.every(({ until }) => now > until + toleranceS)) return 'too-late';
    late = true;
  }
  return late ? 'too-early' : undefined;
}

function isPaused({ paused = [] }: Policy, gate: string, at: number): boolean {
  const now = at / 1000;
  return paused.some(
    ({ gates, from = 0, until = Number.POSITIVE_INFINITY }) =>
      (!gates || gates.includes(gate)) && now >= from && now < until,
  );
}
