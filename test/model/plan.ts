import type { Direction, LaneMode } from '@pinless-gate/protocol/lane-mode';
import type { Policy } from '@pinless-gate/protocol/policy';
import type { Reentry, Rule } from '@pinless-gate/protocol/policy-rules';
import type { Ticket } from '@pinless-gate/protocol/record';
import { Random } from './random.ts';

/** One thing that happens. Numbers stand for what there is then, modulo how much of it there is. */
export type Op =
  | {
      readonly op: 'tap';
      readonly card: number;
      readonly gates: readonly string[];
      readonly direction: Direction;
      readonly mode: LaneMode;
      readonly sensor: boolean;
      readonly chosen?: readonly string[];
    }
  /** Milliseconds that pass; below zero the clock is set back. */
  | { readonly op: 'clock'; readonly ms: number }
  /** Of the last decisions, counted back from the newest. */
  | { readonly op: 'confirm' | 'annul' | 'undo'; readonly back: number }
  | { readonly op: 'block' | 'unblock' | 'override'; readonly ticket: number }
  | { readonly op: 'cleared' | 'restart' }
  /** Another list comes: other rules, or tickets on other cards. */
  | { readonly op: 'list'; readonly list: number };

export interface List {
  readonly policy: Policy;
  readonly cards: readonly (readonly Ticket[])[];
}

export interface Plan {
  readonly seed: number;
  readonly startsAt: number;
  readonly lists: readonly List[];
  readonly ops: readonly Op[];
}

const HOUR_MS = 3_600_000;
const STARTS_AT = Date.UTC(2026, 11, 20, 6);
const GATES = ['A', 'B', 'C'];
const CATEGORIES = ['adult', 'child', 'pass'];
const MODES: readonly LaneMode[] = [
  'always-open',
  'closed',
  'entry-only',
  'evacuate',
  'exit-only',
  'rehearsal',
];

/** Everything of one sequence follows from its seed. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const tickets = Array.from({ length: random.within(1, 5) }, (_, i) => ticketOf(random, i));
  const lists = Array.from({ length: random.within(1, 3) }, () => ({
    policy: policyOf(random),
    cards: deal(random, tickets),
  }));
  const ops = Array.from({ length: random.within(5, 40) }, () => opOf(random, tickets));
  return { seed, startsAt: STARTS_AT, lists, ops };
}

function ticketOf(random: Random, i: number): Ticket {
  const from = STARTS_AT / 1000 + random.within(-2, 2) * 1800;
  return {
    ticketNo: `T-${i + 1}`,
    seat: { gate: random.of(GATES) },
    zone: random.chance(0.3) ? random.of(['Arena', 'Stand']) : undefined,
    category: random.of(CATEGORIES),
    admission: { from, until: from + random.within(1, 100) * 3600 },
    entries: random.of([1, 1, 2, 3, 99]),
    reentry: random.chance(0.3),
    flags: random.chance(0.2) ? [random.of(['child', 'carer'])] : [],
    // Mostly of an earlier one; a circle is what no builder makes and no gate may stumble over.
    with: random.chance(0.4) ? `T-${random.within(1, i + 1)}` : undefined,
    place: i + 1,
  };
}

/** Two cards; which opens what differs from list to list, as when a seat is passed on. */
function deal(random: Random, tickets: readonly Ticket[]): List['cards'] {
  const cards: [Ticket[], Ticket[]] = [[], []];
  for (const ticket of tickets) cards[random.chance(0.7) ? 0 : 1].push(ticket);
  return cards.filter((card) => card.length > 0);
}

function policyOf(random: Random): Policy {
  const checkOutMinute = random.chance(0.4) ? random.of([0, 240, 1439]) : undefined;
  const rules = Array.from({ length: random.within(0, 3) }, () => ruleOf(random, checkOutMinute));
  return {
    gates: GATES,
    toleranceS: random.of([0, 600]),
    staleAfterS: 1e9,
    refuseAfterS: 1e9,
    timeZone: 'Asia/Tokyo',
    ...(random.chance(0.5) && {
      zones: [
        { name: 'Arena', gates: ['A', 'B'] },
        { name: 'Stand', gates: ['C'] },
      ],
    }),
    ...(rules.length > 0 && { rules }),
    ...(random.chance(0.3) && {
      attention: [{ flag: 'child', lane: random.of(['lamp', 'wait']) }],
    }),
    ...(random.chance(0.2) && {
      paused: [{ gates: ['A'], from: STARTS_AT / 1000, until: STARTS_AT / 1000 + 7200 }],
    }),
    ...(random.chance(0.4) && { arrival: 'parts' }),
    ...(random.chance(0.1) && { faceCheck: 'staff' }),
    ...(random.chance(0.7) && { passage: { annulAfterS: 20 } }),
  };
}

function ruleOf(random: Random, checkOutMinute: number | undefined): Rule {
  const some = <T>(share: number, value: () => T) => (random.chance(share) ? value() : undefined);
  return {
    categories: some(0.5, () => [random.of(CATEGORIES)]),
    entries: some(0.4, () => random.within(1, 3)),
    entriesPerDay: some(0.4, () => random.within(1, 2)),
    entriesPerGate: some(0.3, () => random.within(1, 2)),
    reentry: some(0.6, () => random.of<Reentry>(['none', 'after-exit', 'free'])),
    checkOutMinute,
    minimumS: some(0.3, () => random.of([5, 1800])),
    windows: some(0.1, () => [
      { from: STARTS_AT / 1000 - 3600, until: STARTS_AT / 1000 + 3600 },
      { from: STARTS_AT / 1000 + 7200, until: STARTS_AT / 1000 + 90_000 },
    ]),
    companion: some(0.4, () => 'required' as const),
  };
}

function opOf(random: Random, tickets: readonly Ticket[]): Op {
  const kind = random.next();
  if (kind < 0.55) return tapOf(random, tickets);
  if (kind < 0.75) return { op: 'clock', ms: elapsedOf(random) };
  if (kind < 0.85) {
    return { op: random.of(['confirm', 'annul', 'undo']), back: random.within(0, 2) };
  }
  if (kind < 0.92) {
    return {
      op: random.of(['block', 'unblock', 'override']),
      ticket: random.within(0, tickets.length - 1),
    };
  }
  if (kind < 0.96) return { op: 'list', list: random.within(0, 2) };
  return { op: random.of(['cleared', 'restart']) };
}

function tapOf(random: Random, tickets: readonly Ticket[]): Op {
  return {
    op: 'tap',
    card: random.within(0, 1),
    gates: random.of([['A'], ['B'], ['C'], ['A', 'B'], ['B', 'A', 'C'], []]),
    direction: random.of(['in', 'in', 'out']),
    mode: random.chance(0.1) ? random.of(MODES) : 'normal',
    sensor: random.chance(0.4),
    ...(random.chance(0.1) && {
      chosen: tickets.flatMap(({ ticketNo }) => (random.chance(0.5) ? [ticketNo] : [])),
    }),
  };
}

/** Seconds, hours or days; boundaries of the rules above to the millisecond; sometimes back. */
function elapsedOf(random: Random): number {
  return random.of([
    1,
    5000,
    4999,
    19_999,
    20_000,
    1_800_000,
    HOUR_MS,
    random.within(0, 30) * 60_000,
    random.within(0, 48) * HOUR_MS,
    -random.within(0, 40) * 60_000,
  ]);
}
