/** So many at once; one more is gained back every `everyMs`. */
export class RateLimit {
  readonly #burst: number;
  readonly #everyMs: number;
  readonly #now: () => number;
  #left: number;
  #since: number;

  constructor({ burst, everyMs, now }: { burst: number; everyMs: number; now: () => number }) {
    this.#burst = burst;
    this.#everyMs = everyMs;
    this.#now = now;
    this.#left = burst;
    this.#since = now();
  }

  /** Seconds until there is one again; 0 where there is one now. */
  get waitS(): number {
    this.#gain();
    if (this.#left > 0) return 0;
    return Math.max(1, Math.ceil((this.#since + this.#everyMs - this.#now()) / 1000));
  }

  take(): void {
    this.#gain();
    this.#left = Math.max(0, this.#left - 1);
  }

  #gain(): void {
    const gained = Math.floor((this.#now() - this.#since) / this.#everyMs);
    // A clock that was set back gains nothing, and loses nothing that is left.
    if (gained < 0) this.#since = this.#now();
    if (gained <= 0) return;
    this.#left = Math.min(this.#burst, this.#left + gained);
    this.#since += gained * this.#everyMs;
  }
}
