import { EF_PIN, EF_SIGNATURE_PIN } from './jpki-files.ts';
import { RetryCounter } from './retry-counter.ts';

/** What opens a key, undefined where nobody knows it, and how many tries are left. */
export interface CardPin {
  readonly file: number;
  readonly value: string | undefined;
  readonly tries: number;
}

const FULL: Readonly<Record<number, number>> = { [EF_PIN]: 3, [EF_SIGNATURE_PIN]: 5 };

/** By file; a right PIN fills its counter up again. */
export function countersOf(pins: readonly CardPin[]): ReadonlyMap<number, RetryCounter> {
  return new Map(pins.map(({ file, tries }) => [file, new RetryCounter(FULL[file]!, tries)]));
}
