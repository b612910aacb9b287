import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { GateError } from '@pinless-gate/protocol/errors';
import { readFound, readSeeds } from './corpus.ts';
import { Mutator } from './mutate.ts';
import { Random } from './random.ts';
import { BrokenInvariant, type Check, type FuzzTarget } from './target.ts';

/** No input may take longer. */
export const MAX_INPUT_MS = 50;
const MAX_HEAP_GROWTH = 24 * 1024 * 1024;
const MAX_FOUND = 10;
/** Looked at the clock so often: looking is not free. */
const BATCH = 64;

export interface FuzzOptions {
  readonly seconds: number;
  /** Goes on beyond the seconds until so many were fed: a busy machine feeds few. */
  readonly atLeast?: number;
  readonly seed: number;
  /** Told of an input that broke an invariant, and how. */
  readonly onFound: (input: Uint8Array, error: Error) => void;
}

export interface FuzzReport {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  readonly accepted: number;
  /** Inputs a second, mutation and all checks included. */
  readonly rate: number;
  /** The same for a second of this process's own: what other programs take is not in it. */
  readonly cpuRate: number;
  readonly slowestMs: number;
  /** Octets, from the first fifth of the run to its end. */
  readonly heapGrowth: number;
  readonly found: number;
}

/** Feeds generated and mutated inputs to one target. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, seconds, atLeast = 0, onFound } = options;
  const seeds = [...readSeeds(target.name), ...readFound(target.name)].map(({ octets }) => octets);
  const check = await target.open(seeds);
  const mutator = new Mutator(seeds, new Random(seed));
  // Most inputs are refused by an error: its stack would be most of the work.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + 1000 * seconds;
  let [inputs, accepted, found, slowestMs] = [0, 0, 0, 0];
  let heap: number | undefined;
  try {
    let now = start;
    while ((now < end || inputs < atLeast) && found < MAX_FOUND) {
      if (heap === undefined && now > start + 200 * seconds) heap = heapUsed();
      for (let i = 0; i < BATCH; i++) {
        const input = mutator.next();
        const before = performance.now();
        try {
          const pending = examine(check, input);
          if (typeof pending === 'boolean' ? pending : await pending) accepted++;
          const ms = performance.now() - before;
          // The machine may have been busy elsewhere: only a second look tells.
          if (ms > slowestMs) slowestMs = Math.max(slowestMs, await patiently(check, input, ms));
        } catch (error) {
          found++;
          onFound(input, error as Error);
        }
        inputs++;
      }
      now = performance.now();
    }
    const heapGrowth = Math.max(0, heapUsed() - (heap ?? Number.POSITIVE_INFINITY));
    if (heapGrowth > MAX_HEAP_GROWTH) {
      found++;
      onFound(new Uint8Array(0), new BrokenInvariant(`memory grew by ${heapGrowth} octets`));
    }
    const { user, system } = process.cpuUsage(cpu);
    const rate = Math.round((1000 * inputs) / (now - start));
    const cpuRate = Math.round((1_000_000 * inputs) / (user + system));
    const figures = { inputs, accepted, rate, cpuRate, slowestMs, heapGrowth, found };
    return { target: target.name, seed, ...figures };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** One kept input; throws where it breaks an invariant. */
export async function replay(check: Check, input: Uint8Array): Promise<boolean> {
  const before = performance.now();
  const accepted = await examine(check, input);
  await patiently(check, input, performance.now() - before);
  return accepted;
}

/** Whether it was accepted. A refusal is an error of ours; every other error breaks the invariant. */
function examine(check: Check, input: Uint8Array): boolean | Promise<boolean> {
  try {
    const accepted = check(input);
    return typeof accepted === 'boolean' ? accepted : accepted.catch(refusedOrBroken);
  } catch (error) {
    return refusedOrBroken(error);
  }
}

function refusedOrBroken(error: unknown): false {
  if (error instanceof GateError) return false;
  if (error instanceof BrokenInvariant) throw error;
  const { name, message } = error as Error;
  throw new BrokenInvariant(`${name}: ${message}`, { cause: error });
}

/** The shortest time that it takes; throws where that is too long. */
async function patiently(check: Check, input: Uint8Array, firstMs: number): Promise<number> {
  let shortest = firstMs;
  for (let i = 0; i < 3 && shortest > 1; i++) {
    const before = performance.now();
    await examine(check, input);
    shortest = Math.min(shortest, performance.now() - before);
  }
  if (shortest > MAX_INPUT_MS) throw new BrokenInvariant(`took ${Math.round(shortest)} ms`);
  return shortest;
}

let collect: (() => void) | undefined;

function heapUsed(): number {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  const { heapUsed: heap, external } = process.memoryUsage();
  return heap + external;
}
