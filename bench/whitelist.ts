import { createWriteStream, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { concat } from '@pinless-gate/protocol/bytes';
import { conversionInput } from '@pinless-gate/protocol/conversion';
import { type Built, buildBundle } from '@pinless-gate/whitelist-builder/build/build';
import type { Issuer } from '@pinless-gate/whitelist-builder/validity/issuer';
import { Baseline } from './baseline.ts';
import type { Bench, BenchContext } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate } from './rounds.ts';
import { makeToken, tokenArguments } from './token.ts';
import { CHANGED, eventOf, makeIssuer, rowsOf, serialOf } from './whitelist-feed.ts';

const ROWS = 100_000;
const ROUNDS = 3;
const CONVERSIONS = 20_000;

/** How many purchases a second become a list, none of them seen before. */
export const whitelistBuild: Bench = {
  target: { text: 'ratio 0.1 or more', met: ({ ratio }) => ratio >= 0.1 },
  async measure(context) {
    const shop = await open(context);
    const calling = Baseline.start('convert', shop.conversions(), shop.environment);
    context.defer(() => calling.close());
    context.log(`${ROUNDS} rounds of ${ROWS.toLocaleString('en')} purchases`);
    const { ours, baseline } = await alternate(
      ROUNDS,
      async () => (ROWS * 1000) / (await shop.cold()),
      async () => (CONVERSIONS * 1000) / Number((await calling.round(CONVERSIONS))[0]),
    );
    return resultOf({
      bench: 'whitelist-build',
      unit: 'purchases/s',
      better: 'higher',
      ours,
      baselineName: 'C: C_SignInit and C_Sign of the same conversions on the same token',
      baseline,
    });
  },
};

/** How long the next build takes when one row in a hundred has changed. */
export const whitelistRebuild: Bench = {
  target: { text: 'a twentieth of the baseline or less', met: ({ ratio }) => ratio <= 0.05 },
  async measure(context) {
    const shop = await open(context);
    context.log(`${ROUNDS} rounds of ${ROWS.toLocaleString('en')} purchases, cold and again`);
    await shop.first();
    const { ours, baseline } = await alternate(ROUNDS, shop.again, shop.cold);
    return resultOf({
      bench: 'whitelist-rebuild',
      unit: 'ms',
      better: 'lower',
      ours,
      baselineName: 'ours, of the whole feed, without a cache',
      baseline,
    });
  },
};

/** A token with an event key, a feed, and builds of it. */
async function open({ directory, defer }: BenchContext) {
  const { config, store } = await makeToken(join(directory, 'token'));
  defer(() => store.close());
  await store.generate('event', 'event');
  await store.generate('publisher', 'publisher');
  const issuer = await makeIssuer();
  const at = (name: string) => join(directory, name);
  const build = builder(store, issuer, directory);
  let round = 0;
  return {
    environment: config.environment,
    conversions: () => {
      const serials = Array.from({ length: CONVERSIONS }, (_, i) => serialOf(i + 1));
      writeFileSync(
        at('inputs'),
        concat(...serials.map((serial) => conversionInput(issuer.nameDer, serial))),
      );
      return [...tokenArguments(config), 'event', at('inputs')];
    },
    /** Milliseconds of a build that knows nothing. */
    cold: async () => {
      const { ms } = await build({ name: 'cold', version: round });
      await rm(at('cold'), { recursive: true });
      return ms;
    },
    first: () => build({ name: 'kept', version: round, cache: at('cache') }),
    /** Milliseconds of a build that knows all but one row in a hundred. */
    again: async () => {
      const { ms, built } = await build({ name: 'kept', version: ++round, cache: at('cache') });
      const known = ROWS - ROWS / CHANGED;
      if (built.gathered.cached !== known) throw new Error(`${built.gathered.cached} rows known`);
      return ms;
    },
  };
}

interface Run {
  readonly name: string;
  /** Of the feed, and of the list. */
  readonly version: number;
  readonly cache?: string;
}

function builder(keys: KeyStore, issuer: Issuer, directory: string) {
  const event = eventOf(issuer);
  return async ({ name, version, cache }: Run): Promise<{ ms: number; built: Built }> => {
    const feed = join(directory, 'feed.ndjson');
    // Row by row: what making it left behind would be collected while the build is timed.
    await pipeline(rowsOf(ROWS, version), createWriteStream(feed));
    const start = performance.now();
    const built = await buildBundle({
      feed,
      out: join(directory, name),
      rejects: join(directory, 'rejects'),
      version: version + 1,
      cache,
      event,
      keys,
      allowRejects: 0,
      now: Math.floor(Date.now() / 1000),
      signal: new AbortController().signal,
      progress: SILENT,
    });
    return { ms: performance.now() - start, built };
  };
}

const SILENT = {
  space: () => {},
  cacheLost: () => {},
  gathered: () => {},
  written: () => {},
};
