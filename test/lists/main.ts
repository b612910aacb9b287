import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, EXIT_OK, main, UsageError } from '@pinless-gate/runtime/program';
import { killApplies } from './killed-apply.ts';
import { killPublications } from './killed-publish.ts';
import { killReaders } from './killed-readers.ts';
import { swapWhileLooking } from './swaps.ts';

const USAGE = `lists: what a gate's list must outlive, for as long as you like

  npm run lists -- kills [--times N] [--seed N]
  npm run lists -- publications [--times N] [--seed N]
  npm run lists -- swaps [--swaps N] [--lookups N]
  npm run lists -- readers [--times N]

  kills         a gate that applies lists is killed at random moments, and started again (100)
  publications  whitelist publish is killed at random moments (100)
  swaps         cards are looked up while lists are swapped (1,000 swaps, 1,000,000 look-ups)
  readers       processes that read a gate's copy are killed; LMDB has places for 126 (200)

exit codes: 0 it held, 2 wrong usage, 70 it did not, with what was found`;

const killing =
  (campaign: typeof killApplies | typeof killPublications): Command =>
  async (argv, io) => {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        times: { type: 'string', default: '100' },
        seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      },
    });
    io.err(`--seed ${values.seed}`);
    const options = { times: count(values.times), seed: count(values.seed) };
    io.out(JSON.stringify(await inDirectory<object>((root) => campaign(root, options))));
    return EXIT_OK;
  };

const swaps: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      swaps: { type: 'string', default: '1000' },
      lookups: { type: 'string', default: '1000000' },
    },
  });
  const options = { swaps: count(values.swaps), lookups: count(values.lookups) };
  io.out(JSON.stringify(await inDirectory((root) => swapWhileLooking(root, options))));
  return EXIT_OK;
};

const readers: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { times: { type: 'string', default: '200' } },
  });
  const times = count(values.times);
  io.out(JSON.stringify(await inDirectory((root) => killReaders(root, { times }))));
  return EXIT_OK;
};

function count(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new UsageError(`"${text}" is no number`);
  return Number(text);
}

async function inDirectory<T>(use: (root: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'lists-'));
  try {
    return await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const kills = killing(killApplies);
const publications = killing(killPublications);
await main({ name: 'lists', usage: USAGE, commands: { kills, publications, swaps, readers } });
