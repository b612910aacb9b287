import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  INSTRUMENTER_CONSTANTS,
  type InstrumenterContext,
  type MutantCoverage,
  type StrykerOptions,
} from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from '@stryker-mutator/api/test-runner';
import fc from 'fast-check';
import { KeptKeys, type KeysInUse } from './kept-keys.ts';
import type { Places } from './resolve.ts';
import { type CollectedTest, collect } from './vitest.ts';

/**
 * A test runner for Stryker that stays in one process: a mutant costs the milliseconds of its tests, not the
 * seconds of a new vitest. A mutant must be told by the tests that reach it, as they are loaded already. Only
 * one that nothing but loading reaches, a constant, has everything loaded anew with the mutant in it.
 */
class InProcessRunner implements TestRunner {
  static readonly inject = tokens(commonTokens.options);
  readonly #files: readonly string[];
  readonly #instrumenter: InstrumenterContext;
  readonly #keys = new KeptKeys();
  #generation = 0;
  #untouched: Promise<Untouched> | undefined;

  constructor(options: StrykerOptions) {
    this.#files = options.inProcess as string[];
    const scope = globalThis as unknown as Record<string, InstrumenterContext>;
    scope[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
    this.#instrumenter = scope[INSTRUMENTER_CONSTANTS.NAMESPACE]!;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    const places: Places = {
      root: pathToFileURL(`${process.cwd()}/`).href,
      vitest: new URL('./vitest.js', import.meta.url).href,
    };
    register('./resolve.js', { parentURL: import.meta.url, data: places });
    // The same values for every mutant, so that what is killed once is killed again.
    fc.configureGlobal({ seed: 20_261_220 });
    await this.#measured();
  }

  async dryRun(): Promise<DryRunResult> {
    const { results, coverage } = await this.#measured();
    return { status: DryRunStatus.Complete, tests: results, mutantCoverage: coverage };
  }

  async mutantRun({ activeMutant, hitLimit }: MutantRunOptions): Promise<MutantRunResult> {
    const { tests, coverage, keys } = await this.#measured();
    const reaching = tests.filter(({ id }) => coverage.perTest[id]?.[activeMutant.id]);
    const told =
      reaching.length > 0 ? () => this.#toldBy(reaching, keys) : () => this.#toldAnew(this.#files);
    this.#instrumenter.hitCount = 0;
    if (hitLimit !== undefined) this.#instrumenter.hitLimit = hitLimit;
    this.#instrumenter.activeMutant = activeMutant.id;
    const failure = await told();
    const endless = determineHitLimitReached(this.#instrumenter.hitCount, hitLimit);
    delete this.#instrumenter.activeMutant;
    delete this.#instrumenter.hitLimit;
    if (endless) return { status: MutantRunStatus.Timeout, reason: endless.reason ?? '' };
    if (!failure) return { status: MutantRunStatus.Survived, nrOfTests: reaching.length };
    return this.#confirmed(failure);
  }

  /** A test that fails without the mutant as well tells nothing: then something here is broken. */
  async #confirmed({ test, file, why }: Failure): Promise<MutantRunResult> {
    const { keys } = await this.#measured();
    const still = test ? await this.#toldBy([test], keys) : await this.#toldAnew([file]);
    if (still) {
      const errorMessage = `fails without the mutant as well: ${still.why}`;
      return { status: MutantRunStatus.Error, errorMessage };
    }
    const killedBy = [test?.id ?? `${file}#0`];
    return { status: MutantRunStatus.Killed, killedBy, failureMessage: why, nrOfTests: 1 };
  }

  async #toldBy(tests: readonly CollectedTest[], keys: KeysInUse): Promise<Failure | undefined> {
    this.#keys.use(keys);
    for (const test of tests) {
      const why = await failureOf(test.run);
      if (why !== undefined) return { test, file: '', why };
    }
    return undefined;
  }

  /** Whether a test fails, or a file does not even load, with everything loaded anew. */
  async #toldAnew(files: readonly string[]): Promise<Failure | undefined> {
    this.#generation++;
    this.#keys.use(new Map());
    for (const file of files) {
      let tests: readonly CollectedTest[] = [];
      const why = await failureOf(async () => {
        tests = await this.#load(file);
      });
      const failure = why === undefined ? await this.#toldBy(tests, this.#keys.inUse()) : { why };
      if (failure) return { file, why: failure.why, test: undefined };
    }
    return undefined;
  }

  /** What the tests do without a mutant: once in every process. */
  #measured(): Promise<Untouched> {
    this.#untouched ??= this.#measure();
    return this.#untouched;
  }

  async #measure(): Promise<Untouched> {
    const tests: CollectedTest[] = [];
    const results: TestResult[] = [];
    for (const file of this.#files) tests.push(...(await this.#load(file)));
    const keys = this.#keys.inUse();
    for (const { id, name, run } of tests) {
      this.#instrumenter.currentTestId = id;
      const start = performance.now();
      const failureMessage = await failureOf(run);
      const timeSpentMs = performance.now() - start;
      delete this.#instrumenter.currentTestId;
      const base = { id, name, fileName: id.slice(0, id.indexOf('#')), timeSpentMs };
      results.push(
        failureMessage === undefined
          ? { ...base, status: TestStatus.Success }
          : { ...base, status: TestStatus.Failed, failureMessage },
      );
    }
    const time = new Map(results.map(({ id, timeSpentMs }) => [id, timeSpentMs]));
    const coverage = this.#instrumenter.mutantCoverage ?? { static: {}, perTest: {} };
    return {
      // The quick ones first: most mutants are told by any test that reaches them.
      tests: tests.sort((a, b) => time.get(a.id)! - time.get(b.id)!),
      results,
      coverage: structuredClone(coverage),
      keys,
    };
  }

  #load(file: string): Promise<readonly CollectedTest[]> {
    const url = pathToFileURL(join(process.cwd(), file.replace(/\.ts$/, '.js'))).href;
    return collect(file, () => import(`${url}?generation=${this.#generation}`));
  }
}

/** Tests as loaded without a mutant, how they ended, and which mutants each of them reaches. */
interface Untouched {
  readonly tests: readonly CollectedTest[];
  readonly results: TestResult[];
  readonly coverage: MutantCoverage;
  /** Those that were made while loading. */
  readonly keys: KeysInUse;
}

interface Failure {
  readonly file: string;
  /** Undefined where the file was loaded anew. */
  readonly test: CollectedTest | undefined;
  readonly why: string;
}

async function failureOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return String((error as Error)?.message ?? error) || 'failed';
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner),
];
