import type { Journal } from './journal.ts';

const EVERY_ENTRIES = 256;
const EVERY_MS = 60_000;

export interface CheckpointParts {
  readonly journal: Journal;
  /** The device key. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Has the device key vouch for the journal every 256 entries or 60 s, off the path of a tap. */
export class Checkpoints {
  readonly #parts: CheckpointParts;
  readonly #timer: NodeJS.Timeout;
  #last: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#make(), EVERY_MS);
    this.#timer.unref();
  }

  /** An entry was written. */
  entry(): void {
    const { journal } = this.#parts;
    if (journal.sequence - journal.lastCheckpoint >= EVERY_ENTRIES) this.#make();
  }

  /** One more over everything there is. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
    this.#make();
    await this.#last;
  }

  #make(): void {
    if (this.#busy) return;
    this.#busy = true;
    const { journal, sign, now, onError } = this.#parts;
    this.#last = journal
      .checkpoint(now(), sign)
      .then(() => undefined, onError)
      .finally(() => {
        this.#busy = false;
      });
  }
}
