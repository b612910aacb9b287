import type { Policy } from '@pinless-gate/protocol/policy';
import type { Reentry, Rule, Window } from '@pinless-gate/protocol/policy-rules';
import type { Ticket } from '@pinless-gate/protocol/record';

/** What the rules ask of the tickets of one category: of each kind the strictest. */
export interface Limits {
  readonly entries: number;
  readonly perDay: number;
  readonly perGate: number;
  readonly reentry: Reentry | undefined;
  readonly checkOutMinute: number | undefined;
  readonly minimumMs: number;
  /** In one window of each of these. Unix seconds. */
  readonly windows: readonly (readonly Window[])[];
  readonly companion: boolean;
}

const STRICTNESS: readonly Reentry[] = ['none', 'after-exit', 'free'];

/** Policies do not change: what was put together for one list serves every tap until the next. */
const known = new WeakMap<Policy, Map<string, Limits>>();

export function limitsOf(policy: Policy, category: string): Limits {
  let byCategory = known.get(policy);
  if (!byCategory) {
    byCategory = new Map();
    known.set(policy, byCategory);
  }
  let limits = byCategory.get(category);
  if (!limits) {
    const rules = (policy.rules ?? []).filter(
      ({ categories }) => !categories || categories.includes(category),
    );
    limits = combine(rules);
    byCategory.set(category, limits);
  }
  return limits;
}

function combine(rules: readonly Rule[]): Limits {
  const smallest = (values: readonly (number | undefined)[]) =>
    Math.min(...values.map((value) => value ?? Number.POSITIVE_INFINITY));
  return {
    entries: smallest(rules.map((rule) => rule.entries)),
    perDay: smallest(rules.map((rule) => rule.entriesPerDay)),
    perGate: smallest(rules.map((rule) => rule.entriesPerGate)),
    reentry: STRICTNESS.find((one) => rules.some(({ reentry }) => reentry === one)),
    checkOutMinute: rules.find((rule) => rule.checkOutMinute !== undefined)?.checkOutMinute,
    minimumMs: 1000 * Math.max(0, ...rules.map(({ minimumS = 0 }) => minimumS)),
    windows: rules.flatMap(({ windows }) => (windows ? [windows] : [])),
    companion: rules.some(({ companion }) => companion === 'required'),
  };
}

/** The gates that a ticket may enter through: those of its zone, where the policy knows it, else the printed one. */
export function gatesOf({ zones }: Policy, { zone, seat }: Ticket): readonly string[] {
  const known = zone === undefined ? undefined : zones?.find(({ name }) => name === zone);
  return known?.gates ?? [seat.gate];
}
