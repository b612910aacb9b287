import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@pinless-gate/protocol/bundle';
import type { Bench } from './bench.ts';
import { applyPublished, publishList } from './list.ts';
import { entriesOf, randomList, SIZES } from './million.ts';
import { resultOf } from './result.ts';
import { alternate, elapsedMs } from './rounds.ts';

/** How long a gate takes from a bundle on a stick to a list that answers. */
function apply(name: keyof typeof SIZES, rounds: number, wantedS: number): Bench {
  const size = SIZES[name];
  return {
    target: { text: `${wantedS} s or less`, met: ({ ours }) => ours.p95 <= wantedS },
    async measure({ directory, log }) {
      log(`making a bundle of ${entriesOf(size).toLocaleString('en')} entries`);
      const published = publishList(randomList(size), join(directory, 'bundle'));
      const lists = join(directory, 'lists');
      const flat = join(directory, 'flat');
      log('applying it, in turns with the bare copy');
      const { ours, baseline } = await alternate(
        rounds,
        async () => {
          rmSync(lists, { recursive: true, force: true });
          return seconds(async () => (await applyPublished(published, lists)).close());
        },
        () => seconds(() => copy(published.directory, flat)),
      );
      return resultOf({
        bench: `apply-${name}`,
        unit: 's',
        better: 'lower',
        ours,
        baselineName:
          'every file of the bundle read, its SHA-256 computed, appended to one file, one fsync',
        baseline,
      });
    },
  };
}

export const apply1m = apply('1m', 3, 10);
export const apply10m = apply('10m', 1, 120);

const seconds = async (action: () => unknown) => (await elapsedMs(action)) / 1000;

function copy(bundle: string, path: string): void {
  const file = openSync(path, 'w');
  for (const name of readdirSync(bundle)) {
    const octets = readFileSync(join(bundle, name));
    sha256(octets);
    writeSync(file, octets);
  }
  fsyncSync(file);
  closeSync(file);
}
