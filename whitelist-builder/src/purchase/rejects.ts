import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FeedPlace } from './feed.ts';
import type { LineProblem } from './line.ts';

/** Lines in one write. */
const WRITE = 1000;

interface Reject extends FeedPlace, LineProblem {}

/**
 * The reject file: NDJSON of `{file, line, field, reason}`, `file` where the feed is a directory; whole or not
 * there. It replaces the one of the build before; where nothing was rejected there is none.
 */
export class RejectFile {
  readonly #path: string;
  readonly #rejects: { readonly row: number; readonly reject: Reject }[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  get count(): number {
    return this.#rejects.length;
  }

  /** In any order: `row` decides the one in the file. */
  add(row: number, { file, line }: FeedPlace, { field, reason }: LineProblem): void {
    this.#rejects.push({ row, reject: { file, line, field, reason } });
  }

  /** Puts the file in its place. */
  async finish(): Promise<void> {
    if (this.count === 0) {
      await rm(this.#path, { force: true });
      return;
    }
    this.#rejects.sort((a, b) => a.row - b.row);
    const beside = join(
      dirname(this.#path),
      `.${basename(this.#path)}.${randomBytes(6).toString('hex')}`,
    );
    const file = await open(beside, 'wx');
    try {
      for (let i = 0; i < this.count; i += WRITE) {
        const lines = this.#rejects
          .slice(i, i + WRITE)
          .map(({ reject }) => `${JSON.stringify(reject)}\n`);
        await file.appendFile(lines.join(''));
      }
      await file.sync();
      await file.close();
      await rename(beside, this.#path);
    } catch (error) {
      await file.close().catch(() => {});
      await rm(beside, { force: true });
      throw error;
    }
  }
}
