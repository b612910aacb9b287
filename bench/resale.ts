import { setTimeout } from 'node:timers/promises';
import type { Bench, BenchContext } from './bench.ts';
import { ResaleGate } from './resale-gate.ts';
import { openStand, type Stand } from './resale-stand.ts';
import { resultOf } from './result.ts';

const ROUNDS = 20;
/** By hand it takes long, and is of no use to anybody. */
const BY_HAND = 5;
const WANTED_S = 5;
const LOOK_MS = 2;
const PATIENCE_MS = 300_000;

export const resale1k = resaleBench('resale', 1_000);
export const resale100k = resaleBench('resale-100k', 100_000);

/** How long from the click until the gate does not find the card that was resold, and finds the other. */
function resaleBench(bench: string, size: number): Bench {
  return {
    target: { text: `p95 ${WANTED_S} s or less`, met: ({ ours }) => ours.p95 <= WANTED_S },
    async measure(context) {
      const rows = context.rows ?? size;
      context.log(`two consoles with ${rows.toLocaleString('en')} purchases each`);
      const { publishing, byHand } = await openStand(context, rows);
      const ours = await rounds(publishing, { rows, count: ROUNDS }, context);
      context.log(`by hand, ${BY_HAND} rounds`);
      const baseline = await rounds(byHand, { rows, count: BY_HAND }, context);
      return resultOf({
        bench,
        unit: 's',
        better: 'lower',
        ours,
        baselineName: 'feed export, whitelist build and whitelist publish by hand',
        baseline,
      });
    },
  };
}

/** Seconds; the first round is warm-up. */
async function rounds(
  stand: Stand,
  { rows, count }: { readonly rows: number; readonly count: number },
  context: BenchContext,
): Promise<number[]> {
  await stand.publishFirst();
  const gate = await ResaleGate.open(stand);
  context.defer(() => gate.close());
  const seconds: number[] = [];
  for (let round = 0; round <= count; round++) {
    const old = round + 1;
    const buyer = Math.floor(rows / 2) + round + 1;
    const [out, other] = [await gate.card(old), await gate.card(buyer)];
    if (!gate.opens(out, 1) || !gate.opens(other, 1)) throw new Error('the gate has another list');
    const clicked = performance.now();
    await stand.resell(old, buyer);
    const until = clicked + PATIENCE_MS;
    while (gate.opens(out, 1) || !gate.opens(other, 2)) {
      if (performance.now() > until) throw new Error(`${stand.name}: the old card stays in`);
      await setTimeout(LOOK_MS);
    }
    if (round > 0) seconds.push((performance.now() - clicked) / 1000);
  }
  return seconds;
}
