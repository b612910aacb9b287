import { rm } from 'node:fs/promises';
import { FileBeside } from '../file-beside.ts';
import type { FeedPlace } from './feed.ts';
import type { LineProblem } from './line.ts';

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
    const file = await FileBeside.create(this.#path);
    try {
      for (const { reject } of this.#rejects) {
        file.add(`${JSON.stringify(reject)}\n`);
        await file.drain();
      }
      await file.finish();
    } finally {
      await file.discard();
    }
  }
}
