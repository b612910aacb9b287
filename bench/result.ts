/** Of many samples: half of them are at least as good as `p50`, 95 of a hundred as `p95`. */
export interface Distribution {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export type Better = 'lower' | 'higher';

/** The answer to one question; printed as it is with `--json`. */
export interface Result {
  readonly bench: string;
  readonly unit: string;
  readonly better: Better;
  readonly ours: Distribution;
  readonly baseline: Distribution & { readonly name: string };
  /** Ours ÷ baseline at p50. */
  readonly ratio: number;
}

export interface Measured {
  readonly bench: string;
  readonly unit: string;
  readonly better: Better;
  readonly ours: readonly number[];
  readonly baselineName: string;
  readonly baseline: readonly number[];
}

export function resultOf(measured: Measured): Result {
  const { bench, unit, better, baselineName } = measured;
  const ours = distribution(measured.ours, better);
  const baseline = distribution(measured.baseline, better);
  const ratio = round(ours.p50 / baseline.p50);
  return { bench, unit, better, ours, baseline: { name: baselineName, ...baseline }, ratio };
}

export function distribution(samples: readonly number[], better: Better): Distribution {
  if (samples.length === 0) throw new RangeError('no samples');
  const sorted = Float64Array.from(samples).sort();
  if (better === 'higher') sorted.reverse();
  const at = (share: number) => round(sorted[Math.ceil(share * sorted.length) - 1]!);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Four significant digits: more would be noise. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** What a result was meant to be, for people. */
export interface Target {
  readonly text: string;
  readonly met: (result: Result) => boolean;
}

export function formatResult(result: Result, target: Target | undefined): string {
  const { bench, unit, ours, baseline, ratio } = result;
  const figures = ({ p50, p95, p99 }: Distribution) => `p50 ${p50}  p95 ${p95}  p99 ${p99} ${unit}`;
  const wanted = target
    ? `  (wanted ${target.text}: ${target.met(result) ? 'met' : 'MISSED'})`
    : '';
  return [
    `${bench}: ratio ${ratio}${wanted}`,
    `  ours      ${figures(ours)}`,
    `  baseline  ${figures(baseline)}  ${baseline.name}`,
  ].join('\n');
}
