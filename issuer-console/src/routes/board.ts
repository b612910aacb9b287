import type { Overview } from '../domain/overview.ts';

/** Someone who watches. `next` resolves when there is something newer than what it last gave. */
export interface Watcher {
  /** Undefined when `timeoutMs` passed without news; rejects never. */
  next(timeoutMs: number): Promise<Overview | undefined>;
  /** The board was closed: nothing will come any more. */
  readonly closed: boolean;
  leave(): void;
}

export interface BoardOptions {
  readonly read: () => Promise<Overview>;
  /** Told when a reading failed; the next one is tried as if nothing had been. */
  readonly onError: (error: unknown) => void;
  readonly maxWatchers: number;
  /** However much happens, no more readings than one in this time. */
  readonly minIntervalMs: number;
  /** Ages, alarms and the list change without an upload: read at least this often while watched. */
  readonly maxIntervalMs: number;
}

/** One reading of the overview for all who watch it, made only while somebody does. */
export class Board {
  readonly #options: BoardOptions;
  readonly #watchers = new Set<() => void>();
  #latest: { readonly overview: Overview } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #lastReadAt = Number.NEGATIVE_INFINITY;
  #reading = false;
  #closed = false;

  constructor(options: BoardOptions) {
    this.#options = options;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Undefined when there are as many as there may be. */
  watch(): Watcher | undefined {
    if (this.#closed || this.#watchers.size >= this.#options.maxWatchers) return undefined;
    let wake = () => {};
    let seen: Overview | undefined;
    const notify = () => wake();
    const isClosed = () => this.#closed;
    this.#watchers.add(notify);
    this.changed();
    return {
      get closed() {
        return isClosed();
      },
      next: async (timeoutMs) => {
        if (!this.#closed && (!this.#latest || this.#latest.overview === seen)) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, timeoutMs);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        const overview = this.#latest?.overview;
        if (this.#closed || overview === seen) return undefined;
        seen = overview;
        return overview;
      },
      leave: () => {
        this.#watchers.delete(notify);
        wake();
        if (this.#watchers.size === 0) this.#rest();
      },
    };
  }

  /** Something happened that the overview shows. */
  changed(): void {
    if (this.#watchers.size === 0 || this.#closed) return;
    this.#schedule(Math.max(0, this.#lastReadAt + this.#options.minIntervalMs - performance.now()));
  }

  close(): void {
    this.#closed = true;
    this.#rest();
    for (const notify of this.#watchers) notify();
    this.#watchers.clear();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // What was read is old by the time somebody comes back.
    this.#latest = undefined;
  }

  #schedule(inMs: number): void {
    const dueAt = performance.now() + inMs;
    if (this.#timer && this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.#refresh(), inMs);
  }

  async #refresh(): Promise<void> {
    this.#timer = undefined;
    // Changes during a reading may be missed by it: they ask for one more.
    if (this.#reading) return this.#schedule(this.#options.minIntervalMs);
    this.#reading = true;
    this.#lastReadAt = performance.now();
    try {
      const overview = await this.#options.read();
      if (this.#watchers.size === 0 || this.#closed) return;
      this.#latest = { overview };
      for (const notify of this.#watchers) notify();
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#reading = false;
    }
    if (this.#watchers.size > 0 && !this.#closed) this.#schedule(this.#options.maxIntervalMs);
  }
}
