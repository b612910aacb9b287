import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { openIsolatedApply } from '@pinless-gate/gate-firmware/whitelist/apply-isolated';
import { openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import type { Lists } from '@pinless-gate/gate-firmware/whitelist/lists';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import { formatLatest, LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { openListGate } from '@pinless-gate/test/lists/gate';
import { markedEntries, Press, type Trust } from '@pinless-gate/test/lists/press';
import type { Bench, BenchContext } from './bench.ts';
import { publishList } from './list.ts';
import { entriesOf, randomBucket, randomList, SEALED, SIZES } from './million.ts';
import { distribution, resultOf } from './result.ts';
import { alternate } from './rounds.ts';

const ENTRIES = 50_000;
const BUCKET_BITS = 8;
const ROUNDS = 6;
const LOOKS = 500;
/** A look is due every so often; what keeps the process busy then counts as its time. */
const EVERY_MS = 4;
const RAISED_MS = 5;
/** More than can be applied in all rounds. */
const LISTS = 120;

/** By how much a look-up takes longer while one list after the other is applied and put in force. */
export const whitelistSwap: Bench = {
  target: {
    text: `p99 at most ${RAISED_MS} ms above the baseline's`,
    met: ({ ours, baseline }) => ours.p99 - baseline.p99 <= RAISED_MS,
  },
  async measure(context) {
    const { lists, swap } = await openSwapping(context);
    const keys = markedEntries(ENTRIES, 0).map(({ conversionValue }) => conversionValue);
    const looks = () => look(lists, keys, (done) => done < LOOKS);
    let swaps = 0;
    context.log(`${ROUNDS} rounds of ${LOOKS} look-ups`);
    const { ours, baseline } = await alternate(
      ROUNDS,
      async () => {
        let over = false;
        const swapping = (async () => {
          for (; !over; swaps++) await swap();
        })();
        const times = await looks();
        over = true;
        await swapping;
        return times;
      },
      looks,
    );
    const p99 = [ours, baseline].map((rounds) => distribution(rounds.flat(), 'lower').p99);
    context.log(`${swaps} swaps; p99 raised by ${(p99[0]! - p99[1]!).toFixed(2)} ms`);
    return resultOf({
      bench: 'whitelist-swap',
      unit: 'ms',
      better: 'lower',
      ours: ours.flat(),
      baselineName: 'the same look-ups while nothing is applied',
      baseline: baseline.flat(),
    });
  },
};

async function openSwapping({ directory, defer, log }: BenchContext) {
  log(`lists of ${ENTRIES.toLocaleString('en')} entries, one record another each time`);
  const press = new Press();
  const bundle = join(directory, 'bundle');
  const entries = markedEntries(ENTRIES, 0, SEALED);
  // Beforehand: printing would hold the look-ups up.
  const printed = Array.from({ length: LISTS }, (_, i) => {
    const at = (i * 7919) % ENTRIES;
    entries[at] = { ...entries[at]!, sealed: new Uint8Array(SEALED).fill(i + 1) };
    return press.print(bundle, { version: i + 1, entries, bucketBits: BUCKET_BITS });
  });
  const { lists, apply } = await openGate({ directory, defer }, bundle, press.trust);
  const swap = async () => {
    const hash = printed.shift();
    if (!hash) throw new Error(`more than ${LISTS} swaps`);
    writeFileSync(join(bundle, LATEST_NAME), formatLatest(hash));
    await apply();
  };
  await swap();
  return { lists, swap };
}

/** A gate's lists, and what has the newest of a bundle built by a process of its own and put in force. */
async function openGate(
  { directory, defer }: Pick<BenchContext, 'directory' | 'defer'>,
  bundle: string,
  trust: Trust,
) {
  const root = join(directory, 'gate');
  mkdirSync(root);
  const { journal, parts } = openListGate(root, trust);
  defer(() => journal.close());
  const follow = parts(directorySource(bundle));
  const isolated = await openIsolatedApply({
    source: { directory: bundle },
    directory: follow.directory,
  });
  defer(() => isolated.close());
  const { lists } = await openLists(follow);
  defer(() => lists.close());
  const apply = () => update({ ...follow, apply: isolated.apply }, lists);
  return { lists, apply };
}

/** The same while the next version of a list of ten million is applied, in which one bucket is another. */
export const whitelistSwap10m: Bench = {
  target: whitelistSwap.target,
  async measure({ directory, defer, log }) {
    const size = SIZES['10m'];
    log(`making a bundle of ${entriesOf(size).toLocaleString('en')} entries`);
    const keys: Uint8Array[] = [];
    const content = randomList(size);
    function* noted() {
      for (const bucket of content.buckets) {
        keys.push(bucket[0]!.conversionValue.slice());
        yield bucket;
      }
    }
    const bundle = join(directory, 'bundle');
    const published = publishList({ ...content, buckets: noted() }, bundle);
    const { lists, apply } = await openGate({ directory, defer }, bundle, published);
    log('applying it');
    await apply();
    keys.shift(); // of the bucket that will be another
    const baseline = await look(lists, keys, (done) => done < ROUNDS * LOOKS);
    published.publishNext(randomBucket(size, 0));
    log('looking cards up while the next version is applied');
    let left = ROUNDS * LOOKS; // afterwards: the first look into a bucket of a new list measures it
    const swapping = apply().finally(() => left--);
    const ours = await look(lists, keys, () => left === ROUNDS * LOOKS || left-- > 0);
    await swapping;
    return resultOf({
      bench: 'whitelist-swap-10m',
      unit: 'ms',
      better: 'lower',
      ours,
      baselineName: 'the same look-ups while nothing is applied',
      baseline,
    });
  },
};

/** Milliseconds from when each look was due until it was answered, while more are wanted after so many. */
async function look(
  lists: Lists,
  keys: readonly Uint8Array[],
  more: (done: number) => boolean,
): Promise<number[]> {
  const times: number[] = [];
  const start = performance.now();
  for (let i = 0; more(i); i++) {
    const due = start + i * EVERY_MS;
    await until(due);
    const key = keys[Math.floor(Math.random() * keys.length)]!;
    await lists.use(async (list) => {
      if (!list!.find(key)) throw new Error('a listed card was not found');
    });
    times.push(performance.now() - due);
  }
  return times;
}

/** Timers count whole milliseconds, and may come early by one. */
async function until(due: number): Promise<void> {
  const wait = Math.floor(due - performance.now());
  if (wait > 1) await setTimeout(wait - 1);
  while (performance.now() < due) await setImmediate();
}
