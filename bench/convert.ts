import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateName, Converter } from '@pinless-gate/hsm/conversion-value';
import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import type { Conversion } from '@pinless-gate/protocol/conversion';
import { conversionInput } from '@pinless-gate/protocol/conversion';
import { Baseline } from './baseline.ts';
import type { Bench } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate } from './rounds.ts';
import { makeToken, tokenArguments } from './token.ts';

const ROUNDS = 25;
const VALUES = 20_000;
const EVENT_KEY = 'event-bench';
/** C=JP, O=JPKI: any issuer will do, the input has the same length. */
const ISSUER = fromHex('301c310b3009060355040613024a50310d300b060355040a0c044a504b49');
const FIRST_SERIAL = 0x0705_d990;

/** How many conversion values a second the list builder gets, through the module's own process. */
export const convert: Bench = {
  target: { text: '0.6 of the baseline or more', met: ({ ratio }) => ratio >= 0.6 },
  async measure({ directory, log, defer }) {
    const { config, store } = await makeToken(join(directory, 'token'));
    defer(() => store.close());
    await store.generate(EVENT_KEY, 'event');
    const names = Array.from({ length: VALUES }, (_, i) => nameOf(FIRST_SERIAL + i));
    const inputs = join(directory, 'inputs');
    writeFileSync(
      inputs,
      concat(...names.map(({ issuerName, serial }) => conversionInput(issuerName, serial))),
    );

    const converter = new Converter(store, EVENT_KEY);
    const calling = Baseline.start(
      'convert',
      [...tokenArguments(config), EVENT_KEY, inputs],
      config.environment,
    );
    defer(() => calling.close());
    log(`${ROUNDS} rounds of ${VALUES.toLocaleString('en')} values each`);
    const { ours, baseline } = await alternate(
      ROUNDS,
      async () => {
        const start = performance.now();
        const conversions = await converter.convertAll(names);
        return { ms: performance.now() - start, check: exclusiveOr(conversions) };
      },
      async () => {
        const [ms, check] = await calling.round(VALUES);
        return { ms: Number(ms), check: check! };
      },
    );
    if (new Set([...ours, ...baseline].map(({ check }) => check)).size !== 1) {
      throw new Error('the two sides computed different values');
    }
    const perSecond = ({ ms }: { ms: number }) => (VALUES * 1000) / ms;
    return resultOf({
      bench: 'convert',
      unit: 'values/s',
      better: 'higher',
      ours: ours.map(perSecond),
      baselineName: 'C: C_SignInit and C_Sign of the same inputs on the same token',
      baseline: baseline.map(perSecond),
    });
  },
};

function nameOf(serial: number): CertificateName {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, serial);
  return { issuerName: ISSUER, serial: octets };
}

/** Of all conversion values: equal only if every one of them is, as good as surely. */
function exclusiveOr(conversions: readonly Conversion[]): string {
  const sum = new Uint8Array(16);
  for (const { conversionValue } of conversions) {
    for (let i = 0; i < sum.length; i++) sum[i]! ^= conversionValue[i]!;
  }
  return toHex(sum);
}
