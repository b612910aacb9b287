import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { EXIT_OK, EXIT_REFUSED, type Io, main, UsageError } from '@pinless-gate/runtime/program';
import { writeFound } from './corpus.ts';
import { type FuzzReport, fuzz } from './run.ts';
import type { FuzzTarget } from './target.ts';
import { TARGETS } from './targets.ts';

const NAMES = TARGETS.map(({ name }) => name).join(', ');
const USAGE = `fuzz: generated and mutated input against one parser

  npm run fuzz -- TARGET… [--seconds N] [--seed N] [--json]

  TARGET       ${NAMES}; or all
  --seconds N  for each target (10)
  --seed N     of the random numbers, to repeat a run; printed otherwise

Seeds are in test/fuzz/seeds. What breaks an invariant is kept in test/fuzz/found and replayed by npm test.

exit codes: 0 nothing was found, 1 something was, 2 wrong usage`;

async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '10' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const seconds = numberOf('seconds', values.seconds);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : numberOf('seed', values.seed);
  let found = 0;
  for (const target of chosen(positionals)) {
    io.err(`${target.name}: ${seconds} s with --seed ${seed}`);
    const report = await fuzz(target, {
      seconds,
      seed,
      onFound: (input, error) =>
        io.err(`${target.name}: ${error.message}: ${writeFound(target.name, input)}`),
    });
    found += report.found;
    io.out(values.json ? JSON.stringify(report) : inWords(report));
  }
  return found === 0 ? EXIT_OK : EXIT_REFUSED;
}

function chosen(names: readonly string[]): readonly FuzzTarget[] {
  if (names.length === 0) throw new UsageError('no target named', `there are ${NAMES}; or all`);
  if (names.length === 1 && names[0] === 'all') return TARGETS;
  return names.map((name) => {
    const target = TARGETS.find((one) => one.name === name);
    if (!target) throw new UsageError(`unknown target "${name}"`, `there are ${NAMES}; or all`);
    return target;
  });
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 2 ** 31)) {
    throw new UsageError(`--${option} is no number`, `for instance: --${option} 60`);
  }
  return value;
}

function inWords(report: FuzzReport) {
  const { target, inputs, accepted, rate, cpuRate, slowestMs, heapGrowth, found } = report;
  const share = ((100 * accepted) / inputs).toFixed(1);
  const figures = `${inputs} inputs, ${rate}/s (${cpuRate}/s of CPU), ${share} % accepted`;
  const costs = `slowest ${slowestMs.toFixed(1)} ms, heap +${(heapGrowth / 2 ** 20).toFixed(1)} MiB`;
  return `${target.padEnd(12)} ${figures}, ${costs}, ${found} found`;
}

await main({ name: 'fuzz', usage: USAGE, commands: run });
