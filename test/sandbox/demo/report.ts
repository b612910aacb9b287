import type { DemoTap } from './scenarios.ts';

/** The gate's log line of one tap. Steps in microseconds. */
export interface TapLine {
  readonly tap: string;
  readonly outcome: 'admitted' | 'refused';
  readonly reason?: string;
  readonly profile?: string;
  readonly code: string;
  readonly tapMs: number;
  readonly steps: Readonly<Record<string, number>>;
}

export const outcomeOf = ({ outcome, reason }: TapLine): string => reason ?? outcome;

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** What all taps came to, as `--json` prints it. */
export function summary(taps: readonly { demo: DemoTap; line: TapLine }[]) {
  const lines = taps.map(({ line }) => line);
  const refused: Record<string, number> = {};
  for (const { reason } of lines) {
    if (reason !== undefined) refused[reason] = (refused[reason] ?? 0) + 1;
  }
  const steps = new Map<string, number[]>();
  for (const line of lines) {
    for (const [step, micros] of Object.entries(line.steps)) {
      steps.set(step, [...(steps.get(step) ?? []), micros / 1000]);
    }
  }
  return {
    taps: lines.length,
    admitted: lines.filter(({ outcome }) => outcome === 'admitted').length,
    refused,
    unexpected: taps.filter(({ demo, line }) => outcomeOf(line) !== demo.expected).length,
    stepMs: Object.fromEntries([...steps].map(([step, values]) => [step, percentiles(values)])),
    tapMs: percentiles(lines.map(({ tapMs }) => tapMs)),
  };
}

/** One line for a person: what was tapped, what came of it, and where the time went. */
export function tapText({ demo, line }: { demo: DemoTap; line: TapLine }): string {
  const outcome = outcomeOf(line);
  const sign = line.outcome === 'admitted' ? '✓' : '■';
  const steps = Object.entries(line.steps)
    .map(([step, micros]) => `${step} ${(micros / 1000).toFixed(1)}`)
    .join(', ');
  const verdict = outcome === demo.expected ? '' : `   UNEXPECTED, not ${demo.expected}`;
  return `${sign} ${demo.title.padEnd(22)} ${outcome.padEnd(20)} ${line.tapMs.toFixed(1).padStart(7)} ms  (${steps})${verdict}`;
}

/** Nearest rank. */
function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number) => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return Math.round(1000 * value) / 1000;
  };
  return { p50: rank(0.5), p95: rank(0.95) };
}
