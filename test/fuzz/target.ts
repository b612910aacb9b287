/**
 * Reads one input and says whether it was accepted. A `GateError` is a refusal; anything else that is
 * thrown is a defect, a `BrokenInvariant` among it.
 */
export type Check = (input: Uint8Array) => boolean | Promise<boolean>;

export interface FuzzTarget {
  readonly name: string;
  open(seeds: readonly Uint8Array[]): Check | Promise<Check>;
}

/** The code under test did what it must never do. */
export class BrokenInvariant extends Error {}

export function hold(condition: boolean, what: string): void {
  if (!condition) throw new BrokenInvariant(what);
}
