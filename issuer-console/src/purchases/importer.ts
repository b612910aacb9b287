import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { Feed } from '@pinless-gate/whitelist-builder/purchase/feed';
import type { Asker } from '../domain/asker.ts';
import type { Seal } from '../domain/credential.ts';
import { type Event, type EventStore, requireCurrent } from '../domain/event.ts';
import {
  type ImportFormat,
  type ImportStore,
  INTERRUPTED,
  type NewImport,
} from '../domain/purchase.ts';
import { rowKeysOf } from '../domain/purchase-row.ts';
import { RefusedError } from '../domain/refusal.ts';
import { batchesOf, type RowReaderDeps } from './rows.ts';
import { spool } from './spool.ts';

export interface ImporterDeps {
  readonly events: EventStore;
  readonly imports: ImportStore;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
  readonly log: Pick<Logger, 'warn'>;
}

/** Each holds an upload on the disk and a chunk of it in memory. */
export const MAX_AT_ONCE = 4;
const BUSY_S = 30;

/** Takes uploads: what was received is answered at once, and becomes purchases afterwards. */
export class Importer {
  readonly #deps: ImporterDeps;
  readonly #running = new Set<Promise<void>>();
  #receiving = 0;
  #closed = false;

  constructor(deps: ImporterDeps) {
    this.#deps = deps;
  }

  /** The import's id, once the whole body is here. Throws what reading the body throws. */
  async take(
    asker: Asker,
    event: Event,
    format: ImportFormat,
    body: AsyncIterable<Uint8Array>,
  ): Promise<string> {
    const { imports, now, random } = this.#deps;
    requireCurrent(event);
    if (this.#closed || this.#running.size + this.#receiving >= MAX_AT_ONCE) throw busy();
    this.#receiving += 1;
    try {
      const reader = { event, ...(await rowKeysOf(this.#deps, event)) };
      const id = Buffer.from(random(16)).toString('hex');
      const wanted = { id, eventId: event.id, vendorId: event.vendorId, format };
      if (!(await imports.begin(wanted, { by: asker.by, at: now() }))) throw alreadyRunning();
      const feed = await this.#receive(asker, wanted, body);
      const work = this.#process(asker, wanted, feed, reader);
      this.#running.add(work);
      void work.finally(() => this.#running.delete(work));
      return id;
    } finally {
      this.#receiving -= 1;
    }
  }

  /** No more are taken; those under way stop after their batch. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  /** Until what was received has become purchases. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #receive(asker: Asker, wanted: NewImport, body: AsyncIterable<Uint8Array>): Promise<Feed> {
    try {
      return await spool(body, wanted.format);
    } catch (error) {
      await this.#finish(asker, wanted, codeOf(error));
      throw error;
    }
  }

  async #process(
    asker: Asker,
    wanted: NewImport,
    feed: Feed,
    reader: RowReaderDeps,
  ): Promise<void> {
    const { imports, now, log } = this.#deps;
    try {
      const failure = await this.#keepRows(wanted, feed, reader).catch(codeOf);
      await imports.finish(wanted, failure, { by: asker.by, at: now() });
    } catch (error) {
      // It shows as interrupted, and the same upload again goes on where this one ended.
      log.warn({ importId: wanted.id, code: codeOf(error) }, 'an import could not be ended');
    } finally {
      await feed.close();
    }
  }

  async #keepRows(
    wanted: NewImport,
    feed: Feed,
    reader: RowReaderDeps,
  ): Promise<string | undefined> {
    for await (const batch of batchesOf(feed, reader)) {
      if (this.#closed) return INTERRUPTED;
      await this.#deps.imports.put(wanted, batch, this.#deps.now());
    }
    return undefined;
  }

  async #finish(asker: Asker, wanted: NewImport, failure: string): Promise<void> {
    await this.#deps.imports.finish(wanted, failure, { by: asker.by, at: this.#deps.now() });
  }
}

/** Of errors that are not ours nothing is kept: their messages may quote the upload. */
function codeOf(error: unknown): string {
  return error instanceof GateError ? error.code : INTERRUPTED;
}

const busy = () =>
  new RefusedError('wait', 'ERR_IMPORT_BUSY', 'other imports are under way: try again', BUSY_S);

const alreadyRunning = () =>
  new RefusedError('conflict', 'ERR_IMPORT_RUNNING', 'an import of this event is under way');
