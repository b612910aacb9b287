import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { EXIT_OK, EXIT_REFUSED, type Io, main, UsageError } from '@pinless-gate/runtime/program';
import { mutate } from './campaign.ts';
import { PARTS, type Part } from './parts.ts';
import { type Mutant, type Score, scoreOf } from './score.ts';

const THRESHOLD = 90;
const NAMES = PARTS.map(({ name }) => name).join(', ');
const USAGE = `mutation: changes the verifying core in small ways and sees whether a test tells

  npm run mutation -- [PART…] [--concurrency N] [--survivors] [--json]

  PART             ${NAMES}; all of them where none is named
  --concurrency N  changes at a time (as many as there are processors)
  --survivors      names each change that no test told

exit codes: 0 at least ${THRESHOLD} % told, in each part and in all, 1 fewer, 2 wrong usage`;

async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      concurrency: { type: 'string', default: String(availableParallelism()) },
      survivors: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const concurrency = Number(values.concurrency);
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new UsageError('--concurrency is no number');
  }
  const mutants: Mutant[] = [];
  const scores: Record<string, Score> = {};
  for (const part of chosen(positionals)) {
    io.err(`${part.name}: ${part.mutate}`);
    const ofPart = await mutate(part, concurrency, io.interactive);
    scores[part.name] = scoreOf(ofPart);
    mutants.push(...ofPart);
  }
  const total = scoreOf(mutants);
  const ok = [...Object.values(scores), total].every(
    ({ score, errors }) => score >= THRESHOLD && errors === 0,
  );
  const survivors = mutants.filter(
    ({ status }) => status === 'Survived' || status === 'NoCoverage',
  );
  if (values.json) {
    io.out(JSON.stringify({ ok, threshold: THRESHOLD, parts: scores, total, survivors }));
  } else {
    for (const line of table({ ...scores, total })) io.out(line);
    if (values.survivors) for (const mutant of survivors) io.out(inWords(mutant));
  }
  return ok ? EXIT_OK : EXIT_REFUSED;
}

function chosen(names: readonly string[]): readonly Part[] {
  if (names.length === 0) return PARTS;
  return names.map((name) => {
    const part = PARTS.find((one) => one.name === name);
    if (!part) throw new UsageError(`unknown part "${name}"`, `there are ${NAMES}`);
    return part;
  });
}

function table(scores: Readonly<Record<string, Score>>): string[] {
  const row = (name: string, cells: readonly (number | string)[]) =>
    name.padEnd(12) + cells.map((cell) => String(cell).padStart(12)).join('');
  return [
    row('', ['killed', 'survived', 'timed out', 'no coverage', 'ignored', 'errors', 'score']),
    ...Object.entries(scores).map(([name, one]) =>
      row(name, [
        one.killed,
        one.survived,
        one.timedOut,
        one.noCoverage,
        one.ignored,
        one.errors,
        `${one.score.toFixed(1)} %`,
      ]),
    ),
  ];
}

function inWords({ file, line, column, mutator, replacement }: Mutant): string {
  return `${file}:${line}:${column} ${mutator}: ${replacement.replace(/\s+/g, ' ')}`;
}

await main({ name: 'mutation', usage: USAGE, commands: run });
