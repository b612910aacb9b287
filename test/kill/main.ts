import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, EXIT_OK, main, UsageError } from '@pinless-gate/runtime/program';
import { killGates } from './campaign.ts';
import { makeVenue } from './venue.ts';

const USAGE = `kill: a gate is killed under taps, at random instants, and started again

  npm run kill -- [--cycles N] [--seed N] [--json]

After every kill the journal must be whole and know of everything that the turnstile opened for, each entry of a
ticket counted once (200 cycles). The journal is on the disk that this lies on.

exit codes: 0 it held, 2 wrong usage, 70 it did not, with what was found`;

/** Not under /tmp, which may be memory: a process that is killed leaves what the kernel has, a disk as well. */
const RUNS = join(import.meta.dirname, '..', '..', '..', '.run', 'kill');

const kill: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      cycles: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      json: { type: 'boolean' },
    },
  });
  const [cycles, seed] = [count(values.cycles), count(values.seed)];
  if (cycles === 0) throw new UsageError('--cycles 0 proves nothing');
  mkdirSync(RUNS, { recursive: true });
  const root = mkdtempSync(join(RUNS, 'run-'));
  try {
    io.err(`--seed ${seed}`);
    const report = await killGates(await makeVenue(root), { cycles, seed, progress: io.err });
    const { entries, admitted, opened, unopened, lost, doubled } = report;
    io.out(
      values.json
        ? JSON.stringify({ ...report, chain: 'whole' })
        : `${cycles} kills: ${entries} entries whole, ${admitted} admitted, ${opened} opened, ${unopened} journalled and not opened; ${lost} lost, ${doubled} doubled`,
    );
    return EXIT_OK;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

function count(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new UsageError(`"${text}" is no number`);
  return Number(text);
}

await main({ name: 'kill', usage: USAGE, commands: kill });
