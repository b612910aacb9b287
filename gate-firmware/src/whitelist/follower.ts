import { setTimeout } from 'node:timers/promises';
import { GateError } from '@pinless-gate/protocol/errors';
import { type FollowParts, update } from './follow.ts';
import type { Lists } from './lists.ts';
import type { BundleSource } from './source.ts';
import type { Whitelist } from './store.ts';

const BREATH_MS = 200;

export interface FollowerOptions {
  readonly pollMs: number;
  readonly onUpdate: (list: Whitelist) => void;
  /** Told after every attempt; undefined where it went well. */
  readonly onState: (error: GateError | undefined) => void;
}

/** Looks for newer lists again and again; an attempt that fails changes nothing. */
export class Follower {
  readonly #parts: FollowParts;
  readonly #lists: Lists;
  readonly #options: FollowerOptions;
  readonly #abort = new AbortController();
  #wake: AbortController | undefined;
  /** When the source last said that it has something new. */
  #toldAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: FollowParts, lists: Lists, options: FollowerOptions) {
    const { source } = parts;
    this.#parts = { ...parts, source: source && abortable(source, this.#abort.signal) };
    this.#lists = lists;
    this.#options = options;
  }

  /** The first attempt is over when this resolves; a source that does not answer takes its time. */
  async start(): Promise<void> {
    const first = this.#attempt();
    this.#running = first.then(() => this.#follow());
    await first;
  }

  /** Looks now instead of after the pause. */
  poke(): void {
    this.#wake?.abort();
  }

  /** An attempt under way ends at its next file. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.poke();
    await this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      await this.#pause();
      if (!this.#abort.signal.aborted) await this.#attempt();
    }
  }

  /** Until it is time, the source says that it has something new, or somebody pokes. */
  async #pause(): Promise<void> {
    const wake = new AbortController();
    this.#wake = wake;
    const { pollMs } = this.#options;
    void setTimeout(pollMs, undefined, { signal: wake.signal }).then(
      () => wake.abort(),
      () => undefined, // woken before
    );
    void this.#changed(wake.signal).then((changed) => changed && wake.abort());
    await new Promise<void>((resolve) => {
      wake.signal.addEventListener('abort', () => resolve(), { once: true });
      if (wake.signal.aborted || this.#abort.signal.aborted) resolve();
    });
    wake.abort();
    this.#wake = undefined;
  }

  /** A source that says so all the time is not asked without a breath between. */
  async #changed(signal: AbortSignal): Promise<boolean> {
    const changed = await this.#parts.source?.changed?.(signal);
    if (!changed) return false;
    const { clock } = this.#parts;
    const breath = this.#toldAt + BREATH_MS - clock.monotonic();
    if (breath > 0) await setTimeout(breath, undefined, { ref: false });
    this.#toldAt = clock.monotonic();
    return true;
  }

  async #attempt(): Promise<void> {
    const { onUpdate, onState } = this.#options;
    try {
      const next = await update(this.#parts, this.#lists);
      onState(undefined);
      if (next) onUpdate(next);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      onState(error instanceof GateError ? error : storageError(error as Error));
    }
  }
}

function storageError(cause: Error): GateError {
  const message = `list cannot be stored: ${cause.message}`;
  return new GateError('ERR_LIST_STORAGE', message, {
    cause,
    hint: 'check the disk; the list in force stays',
  });
}

function abortable(source: BundleSource, signal: AbortSignal): BundleSource {
  return {
    ...source,
    read: async (file, maxLength) => {
      signal.throwIfAborted();
      return source.read(file, maxLength, signal);
    },
  };
}
