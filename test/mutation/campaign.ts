import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Part } from './parts.ts';
import { type Mutant, parseReport } from './score.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const FOLDER = join(ROOT, '.run', 'mutation');
const STRYKER = join(ROOT, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc');
const PROJECT = 'test/mutation/tsconfig.json';

/** Slow for us and out of place here: it asks openssl about thousands of certificates. */
const LEFT_OUT = /\/differential\.test\.ts$/;

/** Has Stryker change one part in every way that it knows, and run the part's tests each time. */
export async function mutate(
  part: Part,
  concurrency: number,
  progress: boolean,
): Promise<readonly Mutant[]> {
  mkdirSync(FOLDER, { recursive: true });
  const report = join(FOLDER, `${part.name}.report.json`);
  const config = join(FOLDER, `${part.name}.config.json`);
  rmSync(report, { force: true });
  writeFileSync(config, JSON.stringify(configOf(part, report, concurrency, progress), null, 2));
  const code = await run([process.execPath, STRYKER, 'run', config]);
  if (code !== 0) throw new Error(`stryker ended with ${code} for ${part.name}`);
  return parseReport(readFileSync(report, 'utf8'));
}

function configOf(part: Part, report: string, concurrency: number, progress: boolean) {
  const needed = ['protocol/src/**', 'test/unit/protocol/**', 'test/vectors/**'];
  const packages = ['package.json', 'protocol/package.json', 'test/package.json'];
  return {
    mutate: [part.mutate],
    plugins: [join(import.meta.dirname, 'runner.js')],
    testRunner: 'in-process',
    inProcess: part.tests.flatMap(testFiles),
    coverageAnalysis: 'perTest',
    concurrency,
    // Copies what is named here; everything else stays where it is.
    ignorePatterns: [
      '**',
      ...[...needed, ...packages, PROJECT, 'tsconfig.base.json'].map((path) => `!${path}`),
    ],
    tempDirName: join('.run', 'mutation', `${part.name}.tmp`),
    buildCommand: `${TSC} -p ${PROJECT}`,
    // The copy is built by the command above, so nothing has to be adapted.
    tsconfigFile: 'none',
    // Whatever is loaded anew stays in memory.
    maxTestRunnerReuse: 1000,
    timeoutMS: 5000,
    reporters: progress ? ['json', 'progress-append-only'] : ['json'],
    jsonReporter: { fileName: report },
    logLevel: 'warn',
    warnings: false,
  };
}

function testFiles(path: string): string[] {
  if (!path.endsWith('/')) return [path];
  return readdirSync(join(ROOT, path))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => posix.join(path, name))
    .filter((file) => !LEFT_OUT.test(file));
}

/** Standard output stays ours. */
function run([command, ...rest]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command!, rest, { cwd: ROOT, stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
