import { GateError } from '@pinless-gate/protocol/errors';
import { IsolatedProcess } from '@pinless-gate/runtime/isolated-process';
import type { Lists } from './lists.ts';
import type { ScrubJob } from './scrub-child.ts';
import type { Whitelist } from './store.ts';

const START_MS = 15_000;
/** Thirty million entries on a slow board. */
const PASS_MS = 3_600_000;
const TRIES = 2;

export interface ScrubOptions {
  /** Between the end of one pass and the next. */
  readonly everyMs: number;
  /** A copy turned out damaged: once for each list. */
  readonly onDamage: (error: GateError) => void;
  /** A pass over a whole list ended, and found nothing. */
  readonly onClean?: () => void;
}

/**
 * Reads the list in force from its disk again and again, in a process of its own, and tells what the disk
 * did to it: LMDB has no checksums. Whatever it finds, a bucket answers only as the manifest has it.
 */
export class Scrubber {
  readonly #lists: Lists;
  readonly #options: ScrubOptions;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(lists: Lists, options: ScrubOptions) {
    this.#lists = lists;
    this.#options = options;
  }

  /** Begins a pass, after the one under way if there is one, and later the next. */
  start(): void {
    clearTimeout(this.#timer);
    this.#running = this.#running.then(async () => {
      clearTimeout(this.#timer);
      if (this.#abort.signal.aborted) return;
      await this.pass();
      this.#timer = setTimeout(() => this.start(), this.#options.everyMs);
      this.#timer.unref();
    });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    clearTimeout(this.#timer);
  }

  /** One pass over the list in force. */
  async pass(): Promise<void> {
    await this.#lists.use(async (list) => {
      if (!list || list.damage) return;
      const changed = await this.#read(list);
      if (this.#abort.signal.aborted) return;
      if (changed === 'unreadable') list.condemn();
      else for (const index of changed) list.suspect(index);
      if (list.damage) this.#options.onDamage(list.damage);
      else this.#options.onClean?.();
    });
  }

  /** A reader that dies may have been killed by somebody; one that dies twice was killed by the list. */
  async #read(list: Whitelist): Promise<readonly number[] | 'unreadable'> {
    for (let tries = 1; tries <= TRIES && !this.#abort.signal.aborted; tries++) {
      try {
        return (await this.#readOnce(list)) ?? 'unreadable';
      } catch (error) {
        if (!(error instanceof GateError)) throw error;
      }
    }
    return 'unreadable';
  }

  async #readOnce({ directory, manifest }: Whitelist): Promise<number[] | undefined> {
    const init: ScrubJob = { directory, bucketBits: manifest.bucketBits };
    const isolated = await IsolatedProcess.start({
      name: 'scrub',
      entry: new URL('./scrub-child.js', import.meta.url),
      init,
      startTimeoutMs: START_MS,
      maxPending: 1,
    });
    const stop = () => void isolated.close();
    this.#abort.signal.addEventListener('abort', stop);
    try {
      return await isolated.call('scrub', undefined, PASS_MS);
    } finally {
      this.#abort.signal.removeEventListener('abort', stop);
      await isolated.close();
    }
  }
}
