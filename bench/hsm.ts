import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { Pkcs11KeyStore } from '@pinless-gate/hsm/pkcs11/key-store';
import { toHex } from '@pinless-gate/protocol/bytes';
import { Baseline } from './baseline.ts';
import type { Bench } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate, elapsedMs } from './rounds.ts';
import { makeToken, tokenArguments } from './token.ts';

const EVENT = 'event-bench';
const INSTITUTION = 'institution';
/** As a conversion input. */
const INPUT_LENGTH = 78;

/** How many HMACs a second the list builder gets, through the module's own process. */
export const hsmMac: Bench = {
  target: { text: '0.8 of the baseline or more', met: ({ ratio }) => ratio >= 0.8 },
  async measure({ directory, log, defer }) {
    const rounds = 25;
    const count = 20_000;
    const { config, store } = await makeToken(join(directory, 'token'));
    defer(() => store.close());
    await store.generate(EVENT, 'event');
    const flat = Buffer.alloc(count * INPUT_LENGTH);
    for (let i = 0; i < count; i++) flat.writeUInt32BE(i, i * INPUT_LENGTH);
    const inputs = Array.from({ length: count }, (_, i) =>
      flat.subarray(i * INPUT_LENGTH, (i + 1) * INPUT_LENGTH),
    );
    const path = join(directory, 'inputs');
    writeFileSync(path, flat);
    const calling = Baseline.start(
      'convert',
      [...tokenArguments(config), EVENT, path],
      config.environment,
    );
    defer(() => calling.close());
    log(`${rounds} rounds of ${count.toLocaleString('en')} HMACs each`);
    const { ours, baseline } = await alternate(
      rounds,
      async () => {
        const start = performance.now();
        const macs = await store.macAll(EVENT, inputs);
        return { ms: performance.now() - start, check: exclusiveOr(macs) };
      },
      async () => {
        const [ms, check] = await calling.round(count);
        return { ms: Number(ms), check: check! };
      },
    );
    if (new Set([...ours, ...baseline].map(({ check }) => check)).size !== 1) {
      throw new Error('the two sides computed different values');
    }
    const perSecond = ({ ms }: { ms: number }) => (count * 1000) / ms;
    return resultOf({
      bench: 'hsm-mac',
      unit: 'HMACs/s',
      better: 'higher',
      ours: ours.map(perSecond),
      baselineName: 'C: C_SignInit and C_Sign of the same inputs on the same token',
      baseline: baseline.map(perSecond),
    });
  },
};

/** How many signatures a second so many sessions give, each signature verified. */
export const hsmSign = (sessions: number): Bench => ({
  target: { text: '0.8 of the baseline or more', met: ({ ratio }) => ratio >= 0.8 },
  async measure({ directory, log, defer }) {
    const rounds = 12;
    const count = 100;
    const made = await makeToken(join(directory, 'token'));
    await made.store.generate(INSTITUTION, 'institution');
    await made.store.close();
    const store = await openKeyStore({ ...made.config, sessions });
    defer(() => store.close());
    const calling = Baseline.start(
      'sign',
      [...tokenArguments(made.config), INSTITUTION],
      made.config.environment,
    );
    defer(() => calling.close());
    log(`${rounds} rounds of ${count} signatures each, ${sessions} at a time`);
    const { ours, baseline } = await alternate(
      rounds,
      () => elapsedMs(() => signMany(store, count, sessions)),
      async () => Number((await calling.round(count))[0]),
    );
    const perSecond = (ms: number) => (count * 1000) / ms;
    return resultOf({
      bench: `hsm-sign-${sessions}`,
      unit: 'signatures/s',
      better: 'higher',
      ours: ours.map(perSecond),
      baselineName: 'C: C_SignInit and C_Sign on one session of the same token',
      baseline: baseline.map(perSecond),
    });
  },
});

/** What a call through the module's own process costs over one in this process. */
export const hsmCall: Bench = {
  target: {
    text: 'p50 0.15 ms over the baseline or less',
    met: ({ ours, baseline }) => ours.p50 - baseline.p50 <= 0.15,
  },
  async measure({ directory, log, defer }) {
    const rounds = 40;
    const calls = 100;
    const { config, store } = await makeToken(join(directory, 'token'));
    defer(() => store.close());
    await store.generate(EVENT, 'event');
    // SoftHSM finds its configuration in the environment of whoever loads it.
    Object.assign(process.env, config.environment);
    const here = await Pkcs11KeyStore.open(config);
    defer(() => here.close());
    log(`${rounds} rounds of ${calls} HMACs each, one at a time`);
    const one = new Uint8Array(INPUT_LENGTH);
    const round = (keys: KeyStore) => async () => {
      const times: number[] = [];
      for (let i = 0; i < calls; i++) times.push(await elapsedMs(() => keys.mac(EVENT, one)));
      return times;
    };
    const { ours, baseline } = await alternate(rounds, round(store), round(here));
    return resultOf({
      bench: 'hsm-call',
      unit: 'ms',
      better: 'lower',
      ours: ours.flat(),
      baselineName: 'the same call with the module in this process',
      baseline: baseline.flat(),
    });
  },
};

async function signMany(store: KeyStore, count: number, atOnce: number): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await store.sign(INSTITUTION, Uint8Array.of(left, 0, 0, 0));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Of the conversion values: equal only if every one of them is, as good as surely. */
function exclusiveOr(macs: readonly Uint8Array[]): string {
  const sum = new Uint8Array(16);
  for (const mac of macs) for (let i = 0; i < sum.length; i++) sum[i]! ^= mac[i]!;
  return toHex(sum);
}
