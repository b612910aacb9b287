import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

// `npm test`: everything that CI runs, in order, ending with `N passed, N failed`. A static check counts
// as one. Later parts run even if earlier ones failed.

const ROOT = join(import.meta.dirname, '..', '..');
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const REPORTS = join(ROOT, '.run', 'test');
/** See test/kept-rsa-keys.ts: other keys each time. */
const RSA_KEYS = join(ROOT, '.run', 'rsa-keys');
const SAID_KEPT = 4096;

interface Tally {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

/** What of vitest's JSON report is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

interface Ended {
  readonly code: number;
  /** The last of what it said on standard error, which has been passed on. */
  readonly said: string;
}

function run(argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const [command, ...rest] = argv;
    const child = spawn(command!, rest, { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text);
      said = `${said}${text}`.slice(-SAID_KEPT);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, said }));
  });
}

async function check(name: string, argv: readonly string[]): Promise<Tally> {
  const { code } = await run(argv);
  console.log(`${code === 0 ? 'ok' : 'FAILED'}  ${name}`);
  return code === 0
    ? { passed: 1, failed: [], skipped: [] }
    : { passed: 0, failed: [name], skipped: [] };
}

interface Suites {
  /** Names the report too. */
  readonly name: string;
  readonly projects: readonly string[];
  readonly workers: number;
  readonly more?: readonly string[];
}

async function suites({ name, projects, workers, more = [] }: Suites): Promise<Tally> {
  const report = join(REPORTS, `${name.replaceAll(' ', '-')}.json`);
  rmSync(report, { force: true });
  const { code, said } = await run([
    process.execPath,
    VITEST,
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    `--maxWorkers=${workers}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...more,
  ]);
  const tally = tallyOf(report);
  // Vitest fails for more than tests that fail: no files, errors outside of a test, branches that none takes.
  const unexplained = code !== 0 && tally.failed.length === 0;
  if (!unexplained) return tally;
  return { ...tally, failed: [`${name}: vitest ended with ${code}: ${errorsIn(said)}`] };
}

function errorsIn(said: string): string {
  const lines = stripVTControlCharacters(said).split('\n');
  return lines.filter((line) => /error/i.test(line)).join('; ') || 'it did not say why';
}

function tallyOf(path: string): Tally {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { passed: 0, failed: [`${path}: no report (${(error as Error).message})`], skipped: [] };
  }
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  // A file that does not load has no tests to show for it.
  const broken = report.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: [
      ...broken.map((file) => file.name),
      ...tests.filter((test) => test.status === 'failed').map((test) => test.fullName),
    ],
    skipped: tests
      .filter((test) => test.status !== 'passed' && test.status !== 'failed')
      .map((test) => test.fullName),
  };
}

mkdirSync(REPORTS, { recursive: true });
rmSync(RSA_KEYS, { recursive: true, force: true });
const bin = join(ROOT, 'node_modules', '.bin');
const workers = Math.min(2, availableParallelism());
const tallies = [
  await check('types', [join(bin, 'tsc'), '-b']),
  await check('lint and format', [join(bin, 'biome'), 'check', '--error-on-warnings', '.']),
  // The verifying core, with its branches counted.
  await suites({
    name: 'protocol',
    projects: ['unit', 'vectors'],
    workers,
    more: ['--coverage', 'test/unit/protocol', 'test/vectors'],
  }),
  await suites({
    name: 'layers and unit',
    projects: ['layers', 'unit'],
    workers,
    more: ['--exclude=test/unit/protocol/**'],
  }),
  // These wait a good part of their time, for readers, daemons and deadlines.
  await suites({ name: 'e2e and browser', projects: ['e2e', 'browser'], workers: workers + 1 }),
];

const failed = tallies.flatMap((tally) => tally.failed);
const skipped = tallies.flatMap((tally) => tally.skipped);
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
console.log('');
for (const name of skipped) console.log(`SKIPPED  ${name}`);
for (const name of failed) console.log(`FAILED  ${name}`);
if (skipped.length > 0) console.log(`${skipped.length} skipped`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
