import type { Policy } from '@pinless-gate/protocol/policy';
import type { Zone } from '@pinless-gate/protocol/policy-rules';
import type { Seat } from '@pinless-gate/protocol/record';

/**
 * What the rules of an event make of a ticket whose row leaves something open. Only this of the policy goes
 * into records: rules that lanes apply may change without a ticket being sealed anew.
 */
export interface TicketShape {
  readonly zones?: readonly Zone[] | undefined;
  /** How often tickets enter that do not say it. */
  readonly counts?: readonly Count[] | undefined;
  /** Categories that staff look at, besides `child` and `concession`. */
  readonly flags?: readonly string[] | undefined;
}

interface Count {
  readonly categories?: readonly string[] | undefined;
  readonly entries: number;
}

/** As many as a row may ask for: where days or gates are counted, the ticket itself is no bound. */
const MANY = 99;

/** Undefined where the policy says nothing of tickets, as before there were rules. */
export function shapeOf({ zones, rules, attention }: Policy): TicketShape | undefined {
  const counts = rules?.flatMap(({ categories, entries, entriesPerDay, entriesPerGate }) =>
    (entries ?? entriesPerDay ?? entriesPerGate) === undefined
      ? []
      : [{ categories, entries: entries ?? MANY }],
  );
  const shape = {
    zones,
    counts: counts && counts.length > 0 ? counts : undefined,
    flags: attention?.map(({ flag }) => flag),
  };
  return Object.values(shape).some((one) => one !== undefined) ? shape : undefined;
}

export function entriesOf({ counts = [] }: TicketShape, category: string): number {
  const said = counts.flatMap(({ categories, entries }) =>
    !categories || categories.includes(category) ? [entries] : [],
  );
  return said.length > 0 ? Math.min(...said) : 1;
}

const FLAGGED = ['child', 'concession'];

export function flagsOf({ flags = [] }: TicketShape, category: string): string[] {
  return FLAGGED.includes(category) || flags.includes(category) ? [category] : [];
}

/** Why a seat and a zone do not go together: the member of the row, and the reason. */
export function zoneProblem(
  { zones }: TicketShape,
  zone: string | undefined,
  { gate }: Seat,
): { readonly member: string; readonly reason: string } | undefined {
  if (!zones || zone === undefined) return undefined;
  const known = zones.find(({ name }) => name === zone);
  if (!known) {
    return { member: 'zone', reason: 'not a zone of the event (event.toml: policy.zones)' };
  }
  return known.gates.includes(gate)
    ? undefined
    : { member: 'seat.gate', reason: 'not a gate of its zone (event.toml: policy.zones)' };
}
