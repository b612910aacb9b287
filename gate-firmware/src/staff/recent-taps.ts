import type { TapResult } from '../lane/tap.ts';

const KEPT = 50;
/** The short code of a card says nothing any more then. */
const HOUR_MS = 3_600_000;

/** The newest taps with what they would open, in memory alone: an override needs the card's tickets. */
export class RecentTaps {
  readonly #taps: TapResult[] = [];
  readonly #settled = new Set<number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(tap: TapResult): void {
    this.#taps.unshift(tap);
    for (const old of this.#taps.splice(KEPT)) this.#settled.delete(old.sequence);
  }

  /** The newest first. */
  get all(): readonly TapResult[] {
    const oldest = this.#now() - HOUR_MS;
    return this.#taps.filter(({ at }) => at > oldest);
  }

  /** The newest that was refused under this code, and for which nothing was done yet. */
  refused(code: string): TapResult | undefined {
    return this.all.find((tap) => tap.code === code && this.open(tap));
  }

  /** Whether staff may still let this one in. */
  open({ sequence, decision }: TapResult): boolean {
    return !decision.admitted && !this.#settled.has(sequence);
  }

  /** Staff let it in. */
  settle(sequence: number): void {
    this.#settled.add(sequence);
  }
}
