import { Random } from '@pinless-gate/test/fuzz/random';
import type { Bench } from './bench.ts';
import { openLaneRig } from './lane-rig.ts';
import { peoplePerMinute } from './queue-model.ts';
import { distribution, resultOf } from './result.ts';

/** Three generations of cards: a slow chip at the first rate, one of today, an EC chip at the highest. */
const MODELS = {
  '106k': 'rsa=450ms,rate=106k',
  '424k': 'rsa=197ms,rate=424k',
  // The card signs with RSA here; it takes as long as P-384 is expected to, and more octets.
  '848k': 'rsa=60ms,rate=848k',
} as const;

const TAPS = 40;
/** Of ten minutes each. */
const SPANS = 400;
const SEED = 20_261_121;
/** PC/SC tells of a card when the reader has powered it; a real one polls its field some ten times a second. */
const NOTICE_S = 0.1;

/** People a minute at one lane, by a model of walking and of this machine's own taps. */
export function laneQueue(rate: keyof typeof MODELS): Bench {
  const model = MODELS[rate];
  return {
    target: { text: 'ratio 0.6 or more', met: ({ ratio }) => ratio >= 0.6 },
    async measure(context) {
      const rig = await openLaneRig(context, model);
      context.log(`${TAPS} taps with ${model}, then ${SPANS} times ten minutes of a queue`);
      const taps: number[] = [];
      for (let i = 0; i <= TAPS; i++) {
        const { changed, answered } = await rig.tap();
        if (i > 0) taps.push((changed - answered) / 1000);
      }
      const { p50, p95 } = distribution(taps, 'lower');
      context.log(`first answer to display: p50 ${p50}  p95 ${p95} s`);
      const queue = (times: readonly number[], notice: number) => {
        const random = new Random(SEED);
        return peoplePerMinute(SPANS, { taps: times, notice }, () => random.uint32() / 2 ** 32);
      };
      return resultOf({
        bench: `lane-queue-${rate}`,
        unit: 'people/min',
        better: 'higher',
        ours: queue(taps, NOTICE_S),
        baselineName: 'the same people at a lane that takes no time',
        baseline: queue([], 0),
      });
    },
  };
}
