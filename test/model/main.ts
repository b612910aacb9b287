import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { EXIT_OK, EXIT_REFUSED, type Io, main, UsageError } from '@pinless-gate/runtime/program';
import { campaign, formatCounterExample } from './campaign.ts';

const USAGE = `model: random sequences against a second telling of the rules

  npm run model -- [--sequences N] [--seed N] [--journal-every N] [--json]

  --sequences N      100000
  --seed N           of the first one, to repeat a run; the next has the next number
  --journal-every N  every so manieth goes through the gate's own journal (500); 0: none

Taps, exits, passages, undo, overrides, blocks, evacuations, clock steps, restarts and new lists, played on the
gate's own code and on test/model/reference.ts. The first difference is shrunk and printed.

exit codes: 0 no difference, 1 one was found, 2 wrong usage`;

async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      sequences: { type: 'string', default: '100000' },
      seed: { type: 'string' },
      'journal-every': { type: 'string', default: '500' },
      json: { type: 'boolean', default: false },
    },
  });
  const sequences = numberOf('sequences', values.sequences);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : numberOf('seed', values.seed);
  const journalEvery = numberOf('journal-every', values['journal-every']);
  io.err(`${sequences} sequences with --seed ${seed}`);
  const { found, ...report } = await campaign({
    sequences,
    seed,
    journalEvery,
    onProgress: (done) => io.err(`${done} sequences`),
  });
  if (found) io.err(formatCounterExample(found));
  const { throughJournal, taps, outcomes } = report;
  io.out(
    values.json
      ? JSON.stringify({ seed, ...report, differences: found ? 1 : 0 })
      : `${report.sequences} sequences, ${throughJournal} through a journal, ${taps} taps, ` +
          `${outcomes.length} kinds of outcome: ${found ? 'a difference' : 'no difference'}`,
  );
  return found ? EXIT_REFUSED : EXIT_OK;
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new UsageError(`--${option} is not a whole number`);
  }
  return value;
}

await main({ name: 'model', usage: USAGE, commands: run });
