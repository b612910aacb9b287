import { JournalMemory, type Memory, OctetMemory } from './memory.ts';
import { type Plan, planOf } from './plan.ts';
import { type Difference, play } from './play.ts';

export interface Campaign {
  readonly sequences: number;
  readonly seed: number;
  /** Every so many sequences one goes through the gate's own journal; 0: none. */
  readonly journalEvery: number;
  /** What the other gates remember with. */
  readonly memory?: () => Memory;
  readonly onProgress?: (done: number) => void;
}

export interface CounterExample {
  readonly seed: number;
  readonly plan: Plan;
  readonly difference: Difference;
}

export interface Report {
  readonly sequences: number;
  readonly throughJournal: number;
  readonly taps: number;
  /** What taps came to in all sequences together. */
  readonly outcomes: readonly string[];
  readonly found?: CounterExample | undefined;
}

const PROGRESS_EVERY = 1000;

/** Plays sequences of the seeds from `seed` on, up to the first that differs. */
export async function campaign({
  sequences,
  seed,
  journalEvery,
  memory = () => new OctetMemory(),
  onProgress,
}: Campaign): Promise<Report> {
  const outcomes = new Set<string>();
  let [taps, throughJournal] = [0, 0];
  const report = (done: number) => ({
    sequences: done,
    throughJournal,
    taps,
    outcomes: [...outcomes].sort(),
  });
  for (let i = 0; i < sequences; i++) {
    const plan = planOf(seed + i);
    const withJournal = journalEvery > 0 && i % journalEvery === 0;
    const played = await play(plan, withJournal ? new JournalMemory() : memory());
    if (withJournal) throughJournal++;
    taps += played.taps;
    for (const one of played.outcomes) outcomes.add(one);
    if (played.difference) {
      return { ...report(i + 1), found: await shrink(plan, played.difference, memory) };
    }
    if ((i + 1) % PROGRESS_EVERY === 0) onProgress?.(i + 1);
  }
  return report(sequences);
}

/** Leaves out what the difference does not need: halves first, then single steps, while it stays. */
export async function shrink(
  plan: Plan,
  difference: Difference,
  memory: () => Memory,
): Promise<CounterExample> {
  let best: { plan: Plan; difference: Difference } = {
    plan: { ...plan, ops: plan.ops.slice(0, difference.step + 1) },
    difference,
  };
  for (let size = Math.ceil(best.plan.ops.length / 2); size > 0; ) {
    const smaller = await without(best.plan, size, memory);
    if (smaller) best = smaller;
    else size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return { seed: plan.seed, ...best };
}

async function without(
  plan: Plan,
  size: number,
  memory: () => Memory,
): Promise<{ plan: Plan; difference: Difference } | undefined> {
  for (let from = 0; from < plan.ops.length; from += size) {
    const fewer = { ...plan, ops: plan.ops.toSpliced(from, size) };
    const { difference } = await play(fewer, memory());
    if (difference)
      return { plan: { ...fewer, ops: fewer.ops.slice(0, difference.step + 1) }, difference };
  }
  return undefined;
}

/** For people: lists, then what happened step by step, then who says what. */
export function formatCounterExample({ seed, plan, difference }: CounterExample): string {
  const used = new Set([
    0,
    ...plan.ops.flatMap((op) => (op.op === 'list' ? [op.list % plan.lists.length] : [])),
  ]);
  return [
    `seed ${seed}: after ${plan.ops.length} steps`,
    ...plan.lists.flatMap((list, i) =>
      used.has(i) ? [`  list ${i}: ${JSON.stringify(list)}`] : [],
    ),
    ...plan.ops.map((op, i) => `  ${i + 1}. ${JSON.stringify(op)}`),
    `  gate:      ${difference.gate}`,
    `  reference: ${difference.reference}`,
  ].join('\n');
}
