import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { CardFile } from '../card/card-file.ts';
import type { Fault } from '../card/fault.ts';
import type { Jlis } from '../jlis/jlis.ts';
import { newCard, type Scenario } from '../jlis/new-card.ts';
import { type LaneName, TAPS } from './scenarios.ts';

export interface LaneRehearsal {
  /** By what the plan calls them. */
  readonly cards: Readonly<Record<string, CardFile>>;
  readonly plan: { readonly steps: readonly Step[] };
}

interface Step {
  readonly name: string;
  readonly card: string;
  readonly expect: 'admitted' | RefusalReason;
}

/** Cards that are refused before anybody asks for the list: nobody need have bought anything. */
const UNLISTED: readonly (readonly [Scenario, RefusalReason])[] = [
  ['iphone', 'phone'],
  ['old', 'old-card'],
  ['foreign', 'unknown-card'],
  ['no-certificate', 'no-certificate'],
  ['test-card', 'test-card'],
  ['refuses-terminal', 'terminal-refused'],
];

/** What a card of somebody who is listed does wrong. */
interface Faulty {
  readonly lane: LaneName;
  readonly name: string;
  readonly card: string;
  readonly faults: readonly Fault[];
  readonly expect: RefusalReason;
}

const SLOW: Fault = { atStep: 'sign', answer: 4000 };
const QUERY = 'query-tries';

const FAULTY: readonly Faulty[] = [
  { lane: 'institution', name: 'slow', card: 'sato', faults: [SLOW], expect: 'card-too-slow' },
  {
    lane: 'institution',
    name: 'error-at-signature',
    card: 'sato',
    faults: [{ atStep: 'sign', answer: '6982' }],
    expect: 'card-fault',
  },
  { lane: 'kazashi', name: 'not-linked', card: 'sato', faults: [], expect: 'card-not-linked' },
  {
    lane: 'kazashi',
    name: 'two-tries-left',
    card: 'suzuki',
    faults: [{ atStep: QUERY, answer: '63c2' }],
    expect: 'birth-date-few-tries',
  },
  {
    lane: 'kazashi',
    name: 'blocked',
    card: 'suzuki',
    faults: [{ atStep: QUERY, answer: '6983' }],
    expect: 'card-blocked',
  },
];

/** The demo's taps but for the one that comes of an earlier entry, and every other refusal that a card can bring about. */
export async function laneRehearsal(
  lane: LaneName,
  cards: LaneRehearsal['cards'],
  jlis: Jlis,
): Promise<LaneRehearsal> {
  const steps: Step[] = TAPS.filter(
    (tap) => (tap.lane ?? 'institution') === lane && tap.expected !== 'already-admitted',
  ).map(({ title, card, expected }) => ({ name: title, card, expect: expected }));
  const more: Record<string, CardFile> = {};
  for (const { name, card, faults, expect } of FAULTY.filter((one) => one.lane === lane)) {
    more[name] = { ...cards[card]!, faults: [...faults] };
    steps.push({ name, card: name, expect });
  }
  for (const [scenario, expect] of lane === 'institution' ? UNLISTED : []) {
    more[scenario] = (await newCard(jlis, { scenario })).file;
    steps.push({ name: scenario, card: scenario, expect });
  }
  return { cards: { ...cards, ...more }, plan: { steps } };
}
