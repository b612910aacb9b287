import type { Bench } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate } from './rounds.ts';
import { openTapRig } from './tap-rig.ts';

const ROUNDS = 40;
const TAPS = 10;
const MODELLED_TAPS = 60;
/** RSA as a card of today, 424 kbit/s on the air. */
const MODEL = 'rsa=197ms,rate=424k';

/** How much longer than a bare C program the gate takes for a whole tap, with a card that takes no time. */
export const tap: Bench = {
  target: {
    text: '1.5 of the baseline or less, p95 8 ms or less',
    met: ({ ratio, ours }) => ratio <= 1.5 && ours.p95 <= 8,
  },
  async measure(context) {
    const rig = await openTapRig(context, 'none');
    const program = rig.baseline();
    context.log(`${ROUNDS} rounds of ${TAPS} taps each`);
    const { ours, baseline } = await alternate(
      ROUNDS,
      async () => {
        const times: number[] = [];
        for (let i = 0; i < TAPS; i++) times.push(await rig.ours());
        return times;
      },
      async () => (await program.round(TAPS)).map(Number),
    );
    return resultOf({
      bench: 'tap',
      unit: 'ms',
      better: 'lower',
      ours: ours.flat(),
      baselineName: 'C: libpcsclite and the PKCS#11 module, same commands, same keys, same card',
      baseline: baseline.flat(),
    });
  },
};

/** How much of a tap is not the card's and the air's own time, with a card that takes as long as a real one. */
export const tapModelled: Bench = {
  target: {
    text: 'p95 1.05 of the baseline or less',
    met: ({ ours, baseline }) => ours.p95 <= 1.05 * baseline.p95,
  },
  async measure(context) {
    const rig = await openTapRig(context, MODEL);
    context.log(`${MODELLED_TAPS} taps with ${MODEL}`);
    const ours: number[] = [];
    const baseline: number[] = [];
    let modelled = (await rig.card.report()).modelledMs;
    for (let i = 0; i <= MODELLED_TAPS; i++) {
      const ms = await rig.ours();
      const before = modelled;
      modelled = (await rig.card.report()).modelledMs;
      if (i === 0) continue; // warm-up
      ours.push(ms);
      baseline.push(modelled - before);
    }
    return resultOf({
      bench: 'tap-modelled',
      unit: 'ms',
      better: 'lower',
      ours,
      baselineName: `the card's and the air's own time by the model ${MODEL}`,
      baseline,
    });
  },
};
