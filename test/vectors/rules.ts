import { readdirSync, readFileSync } from 'node:fs';
import { CborMap, decodeCbor, encodeCbor } from '@pinless-gate/protocol/cbor';
import { DIRECTIONS, LANE_MODES } from '@pinless-gate/protocol/lane-mode';
import { decodePolicy, encodePolicy, type Policy } from '@pinless-gate/protocol/policy';
import type { Ticket } from '@pinless-gate/protocol/record';
import { z } from 'zod';

/**
 * What each rule does, in words (test/vectors/rules/*.json): a policy, cards with their tickets, and what
 * taps come to. Strict: a key that nobody reads would be a rule that nobody tests.
 */

const instant = z.iso.datetime({ offset: true, precision: null });
const seconds = instant.transform((text) => Date.parse(text) / 1000);

const ticket = z.strictObject({
  ticketNo: z.string(),
  gate: z.string().default('A'),
  zone: z.string().optional(),
  category: z.string().default('adult'),
  from: seconds.default(0),
  until: seconds.default(4_000_000_000),
  entries: z.int().default(1),
  reentry: z.boolean().default(false),
  flags: z.array(z.string()).default([]),
  with: z.string().optional(),
});

/** Of a policy only the times are read here; the rest is for the decoder of real manifests to judge. */
const window = z.looseObject({ from: seconds.optional(), until: seconds.optional() });
const policy = z.looseObject({
  rules: z.array(z.looseObject({ windows: z.array(window).optional() })).optional(),
  paused: z.array(window).optional(),
});

const step = z.strictObject({
  at: instant.transform((text) => Date.parse(text)),
  act: z.enum(['tap', 'confirm', 'annul', 'undo', 'block', 'unblock', 'readmit']).default('tap'),
  expect: z.string(),
  card: z.string().default('card'),
  /** Gates of the lane. */
  lane: z.array(z.string()).default(['A']),
  mode: z.enum(LANE_MODES).optional(),
  direction: z.enum(DIRECTIONS).optional(),
  chosen: z.array(z.string()).optional(),
  /** A sensor says later whether somebody passed. */
  sensor: z.boolean().default(false),
  /** Of an act: which ticket, and which of the steps (from 1) is meant. */
  ticketNo: z.string().optional(),
  of: z.int().optional(),
  /** Another gate remembers nothing of what this one does. */
  gate: z.string().default('gate'),
});

const file = z.strictObject({
  about: z.string(),
  policy,
  cards: z.record(z.string(), z.array(ticket)),
  cases: z
    .array(
      z.strictObject({
        name: z.string(),
        policy: policy.optional(),
        cards: z.record(z.string(), z.array(ticket)).optional(),
        steps: z.array(step).min(1),
      }),
    )
    .min(1),
});

export type Step = z.infer<typeof step>;

export interface RuleCase {
  readonly name: string;
  readonly policy: Policy;
  readonly cards: ReadonlyMap<string, readonly Ticket[]>;
  readonly steps: readonly Step[];
}

export interface RuleFile {
  readonly name: string;
  readonly cases: readonly RuleCase[];
}

const EVERY_POLICY = { gates: ['A', 'B'], toleranceS: 0, staleAfterS: 1e6, refuseAfterS: 1e6 };

/** Every family of rules. Throws where a file has a key that is not known. */
export function readRuleFiles(): RuleFile[] {
  const directory = new URL('./rules/', import.meta.url);
  return readdirSync(directory)
    .sort()
    .map((name) => ({ name, cases: readRules(readFileSync(new URL(name, directory), 'utf8')) }));
}

export function readRules(text: string): RuleCase[] {
  const { policy, cards, cases } = file.parse(JSON.parse(text));
  return cases.map((one) => ({
    name: one.name,
    policy: asSigned({ ...EVERY_POLICY, ...policy, ...one.policy } as Policy),
    cards: new Map(
      Object.entries({ ...cards, ...one.cards }).map(([name, tickets]) => [
        name,
        tickets.map(asTicket),
      ]),
    ),
    steps: one.steps,
  }));
}

/** As a gate reads it from a manifest: what a list could not say is refused here too. */
function asSigned(policy: Policy): Policy {
  const octets = encodeCbor(encodePolicy(policy));
  return decodePolicy(new CborMap(decodeCbor(octets, 'policy'), 'policy'));
}

function asTicket({ gate, from, until, ...more }: z.infer<typeof ticket>, i: number): Ticket {
  return { ...more, seat: { gate }, admission: { from, until }, place: i + 1 };
}
