import type { Result, Target } from './result.ts';

/** What a bench may use. */
export interface BenchContext {
  /** An empty directory of its own on a real disk, removed afterwards. */
  readonly directory: string;
  /** What it is about to do, for people. */
  readonly log: (line: string) => void;
  /** `--rows`: another size than the bench's own, where it has one. */
  readonly rows: number | undefined;
  /** Has something closed at the end, however it ends; the last one first. */
  readonly defer: (close: () => unknown) => void;
}

/** One question. */
export interface Bench {
  readonly target: Target;
  measure(context: BenchContext): Promise<Result>;
}
