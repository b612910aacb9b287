import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentName, LATEST_NAME, parseLatest } from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';

/** One more than this many are not kept waiting. */
const MAX_WAITING = 2000;
/** What is asked for in seconds is cut to this. */
const MAX_WAIT_S = 60;

/** Tells those who wait when a bundle directory names another manifest as its newest. */
export class LatestWatch {
  readonly #directory: string;
  readonly #waiting = new Set<() => void>();
  readonly #asleep = new Set<() => void>();
  #watcher: FSWatcher | undefined;
  #changes = 0;
  #read: { readonly changes: number; readonly name: Promise<string | undefined> } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The name of the newest manifest; undefined where there is none. */
  async newest(): Promise<string | undefined> {
    try {
      return contentName(parseLatest(await readFile(join(this.#directory, LATEST_NAME))));
    } catch (error) {
      if (error instanceof GateError || isSystemError(error)) return undefined;
      throw error;
    }
  }

  /**
   * Resolves when the newest manifest is not `known`, after so many milliseconds, or when the signal aborts. False:
   * nobody can be kept waiting now.
   */
  async wait(known: string, milliseconds: number, signal: AbortSignal): Promise<boolean> {
    if (this.#waiting.size >= MAX_WAITING) return false;
    const over = new AbortController();
    const end = () => over.abort();
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
    this.#waiting.add(end);
    try {
      this.#watcher ??= this.#open();
      while (!over.signal.aborted && !signal.aborted) {
        // What changes while the file is read counts too.
        const seen = this.#changes;
        if ((await this.#newestNow()) !== known) break;
        if (seen === this.#changes) await this.#change(over.signal);
      }
      return true;
    } catch (error) {
      if (isSystemError(error)) return false; // the system watches no more files
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      this.#waiting.delete(end);
      if (this.#waiting.size === 0) this.#close();
    }
  }

  /** Lets everybody go. */
  close(): void {
    for (const end of this.#waiting) end();
  }

  /** One read for all who wait, after each change. */
  #newestNow(): Promise<string | undefined> {
    if (this.#read?.changes !== this.#changes) {
      this.#read = { changes: this.#changes, name: this.newest() };
    }
    return this.#read.name;
  }

  #open(): FSWatcher {
    this.#read = undefined;
    const watcher = watch(this.#directory, { persistent: false });
    watcher.on('change', (_, name) => {
      // A publication writes many files, and this one last.
      if (name !== null && name !== LATEST_NAME) return;
      this.#changes += 1;
      for (const wake of [...this.#asleep]) wake();
    });
    watcher.on('error', () => this.close());
    return watcher;
  }

  #close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#asleep.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#asleep.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}

export interface LatestRequest {
  /** Header fields of the question. */
  readonly prefer: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly signal: AbortSignal;
}

export interface LatestAnswer {
  /** 404 where there is no list, 304 where the newest is the one that is known. */
  readonly status: 200 | 304 | 404;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a question for `latest` gets, in its own time: whoever says what it knows (`If-None-Match`) and that it would
 * wait (`Prefer: wait=N`, RFC 7240 4.3) is answered when there is another, or after N seconds.
 */
export async function answerLatest(
  latest: Pick<LatestWatch, 'newest' | 'wait'>,
  { prefer, ifNoneMatch, signal }: LatestRequest,
): Promise<LatestAnswer> {
  const known = /^"([0-9a-f]{64})"$/.exec(ifNoneMatch ?? '')?.[1];
  const seconds = preferredWait(prefer);
  const waits = known !== undefined && seconds !== undefined;
  const waited = waits && (await latest.wait(known, 1000 * seconds, signal));
  const name = await latest.newest();
  if (name === undefined) return { status: 404, headers: {} };
  const headers = { 'cache-control': 'no-cache', etag: `"${name}"` };
  return {
    status: name === known ? 304 : 200,
    headers: waited ? { ...headers, 'preference-applied': `wait=${seconds}` } : headers,
  };
}

function preferredWait(prefer: string | undefined): number | undefined {
  const match = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/.exec(prefer ?? '');
  return match ? Math.min(Number(match[1]), MAX_WAIT_S) : undefined;
}

function isSystemError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}
