import type { Bench, BenchContext } from './bench.ts';
import { type LaneRig, type LaneTap, openLaneRig } from './lane-rig.ts';
import { distribution, type Result, resultOf } from './result.ts';

const TAPS = 60;
/** RSA as a card of today, 424 kbit/s on the air. */
const MODEL = 'rsa=197ms,rate=424k';
/** What a turnstile's order and a receipt have, about. */
const ORDER_OCTETS = 300;
const RECEIPT_OCTETS = 2000;

/** How long after the decision is durable the page that the attendee sees is another one. */
export const laneDisplay: Bench = {
  target: { text: 'p95 50 ms or less', met: ({ ours }) => ours.p95 <= 50 },
  measure: (context) =>
    measure(context, {
      bench: 'lane-display',
      ours: ({ changed, durable }) => changed - durable,
      baselineName: 'a bare server-sent event into the text of a page, same browser and server',
      baseline: async ({ screen }) => {
        const { sent, changed } = await screen.bare();
        return changed - sent;
      },
    }),
};

/** How long after the journal's fsync the turnstile has its order. */
export const lanePulse: Bench = {
  target: { text: 'p95 10 ms or less', met: ({ ours }) => ours.p95 <= 10 },
  measure: (context) =>
    measure(context, {
      bench: 'lane-pulse',
      ours: ({ pulsed, durable }) => pulsed - durable,
      baselineName: `a bare write of ${ORDER_OCTETS} octets to a socket of the same process`,
      baseline: (rig) => rig.write(ORDER_OCTETS),
    }),
};

/** How long after the decision is durable the printer has the last octet of the receipt. */
export const lanePrint: Bench = {
  target: { text: 'p95 500 ms or less', met: ({ ours }) => ours.p95 <= 500 },
  measure: (context) =>
    measure(context, {
      bench: 'lane-print',
      ours: ({ printed, durable }) => printed - durable,
      baselineName: `a bare write of ${RECEIPT_OCTETS} octets to a socket of the same process`,
      baseline: (rig) => rig.write(RECEIPT_OCTETS),
    }),
};

interface Question {
  readonly bench: string;
  readonly ours: (tap: LaneTap) => number;
  readonly baselineName: string;
  readonly baseline: (rig: LaneRig) => Promise<number>;
}

async function measure(context: BenchContext, question: Question): Promise<Result> {
  const rig = await openLaneRig(context, MODEL);
  context.log(`${TAPS} taps with ${MODEL}`);
  const taps: LaneTap[] = [];
  const baseline: number[] = [];
  for (let i = 0; i <= TAPS; i++) {
    const one = await rig.tap();
    const bare = await question.baseline(rig);
    if (i === 0) continue; // warm-up
    taps.push(one);
    baseline.push(bare);
  }
  tellWhole(context, taps);
  const { bench, baselineName } = question;
  const ours = taps.map(question.ours);
  return resultOf({ bench, unit: 'ms', better: 'lower', ours, baselineName, baseline });
}

/** From the card's first answer, which is what the person at the lane waits for. */
function tellWhole({ log }: BenchContext, taps: readonly LaneTap[]): void {
  for (const what of ['durable', 'pulsed', 'changed', 'painted', 'printed'] as const) {
    const times = taps.map((one) => one[what] - one.answered);
    const { p50, p95 } = distribution(times, 'lower');
    log(`first answer to ${what}: p50 ${p50}  p95 ${p95} ms`);
  }
}
