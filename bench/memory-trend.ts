const MEBIBYTE = 1024 * 1024;

interface Sample {
  /** How much of the work is done, from 0 to 1. */
  readonly done: number;
  /** MiB. */
  readonly resident: number;
  readonly outside: number;
}

/** What a process holds while it works: flat is what is wanted. */
export class MemoryTrend {
  readonly #samples: Sample[] = [];

  sample(done: number): void {
    const { rss, external } = process.memoryUsage();
    this.#samples.push({ done, resident: rss / MEBIBYTE, outside: external / MEBIBYTE });
  }

  /** In words: the first half fills caches, so that the second one tells. */
  summary(): string {
    const later = this.#samples.filter(({ done }) => done >= 0.5);
    if (later.length < 2) throw new RangeError('too few samples of memory');
    const resident = this.#samples.map((sample) => sample.resident);
    const [first, last, most] = [resident[0]!, resident.at(-1)!, Math.max(...resident)];
    const figures = [first, last, most].map(Math.round);
    return [
      `memory ${figures[0]} MiB at first, ${figures[1]} at last, ${figures[2]} at most`,
      `${Math.round(this.#samples.at(-1)!.outside)} of it outside of JavaScript's heap`,
      `in the second half it rises by ${(slopeOf(later) / 2).toFixed(1)} MiB`,
    ].join('; ');
  }
}

/** By least squares: MiB for the whole of the work. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [done, resident] = [mean((one) => one.done), mean((one) => one.resident)];
  const shared = mean((one) => (one.done - done) * (one.resident - resident));
  return shared / mean((one) => (one.done - done) ** 2);
}
