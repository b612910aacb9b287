import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Origin } from '../domain/audit.ts';
import type { Seal } from '../domain/credential.ts';
import type { Event } from '../domain/event.ts';
import type { FeedPart, PurchaseStore } from '../domain/purchase.ts';
import { writeFeed } from '../purchases/export.ts';

/** So many files of changes, and everything is written anew: each adds rows that another replaces. */
const MAX_PARTS = 200;
/** The same where changes come to this part of all rows. */
const MAX_CHANGED = 0.2;

/**
 * An event's purchases in plain text, for the builder: everything once, then a file of what changed for each list, of
 * which the later row of a purchase holds. Only its owner reads it, and it goes when the console ends.
 */
export class FeedDirectory {
  readonly #directory: string;
  readonly #purchases: PurchaseStore;
  #parts: FeedPart[] = [];

  constructor(directory: string, purchases: PurchaseStore) {
    this.#directory = directory;
    this.#purchases = purchases;
  }

  /** Brings it up to date. The number of the last change that is in it. */
  async refresh(event: Event, seal: Seal, origin: Origin): Promise<number> {
    if (this.#isLong) this.#parts = [];
    if (this.#parts.length === 0) {
      await this.remove();
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    }
    const since = this.#parts.at(-1)?.changeNo ?? 0;
    const out = join(this.#directory, nameOf(this.#parts.length));
    const part = await writeFeed(this.#purchases, event, { since, out, seal, origin });
    if (part.rows > 0 || since === 0) this.#parts.push(part);
    return part.changeNo;
  }

  /** What a console that was killed left behind, too. */
  async remove(): Promise<void> {
    this.#parts = [];
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #isLong(): boolean {
    const [all, ...changes] = this.#parts;
    if (!all) return false;
    const changed = changes.reduce((sum, { rows }) => sum + rows, 0);
    return changes.length >= MAX_PARTS || changed > MAX_CHANGED * all.rows;
  }
}

/** In the order of their names. */
const nameOf = (number: number) => `${String(number).padStart(6, '0')}.ndjson`;
