import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { EXIT_OK, EXIT_REFUSED, type Io, main, UsageError } from '@pinless-gate/runtime/program';
import { compareWithOpenssl } from './certificates.ts';

const USAGE = `differential: mutated certificates against openssl verify, one-sided

  npm run differential -- [--count N] [--seed N] [--json]

  --count N  mutants, each changed in what is signed and signed again (20000)
  --seed N   of the random numbers; printed otherwise. Keys are new in every run

exit codes: 0 openssl accepts whatever we accept, 1 it does not, 2 wrong usage`;

async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      count: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      json: { type: 'boolean', default: false },
    },
  });
  const [count, seed] = [Number(values.count), Number(values.seed)];
  if (!Number.isSafeInteger(count) || count < 1) throw new UsageError('--count is no number');
  if (!Number.isSafeInteger(seed)) throw new UsageError('--seed is no number');
  io.err(`${count} mutants with --seed ${seed}`);
  const onProgress = (done: number) => io.interactive && io.err(`${done} of ${count}`);
  const { mutants, accepted, disagree } = compareWithOpenssl(count, seed, onProgress);
  if (values.json) io.out(JSON.stringify({ mutants, accepted, disagree }));
  else {
    io.out(`${mutants} mutants, ${accepted} accepted here, ${disagree.length} refused by openssl`);
    for (const { why, der } of disagree) io.out(`${why}\n  ${der}`);
  }
  return disagree.length === 0 ? EXIT_OK : EXIT_REFUSED;
}

await main({ name: 'differential', usage: USAGE, commands: run });
