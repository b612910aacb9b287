import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LineProblem } from './line.ts';

/**
 * The reject file: NDJSON of `{line, field, reason}`, whole or not there. It replaces the one of the
 * build before; where nothing was rejected there is none.
 */
export class RejectFile {
  readonly #path: string;
  readonly #beside: string;
  #file: FileHandle | undefined;
  #count = 0;

  constructor(path: string) {
    this.#path = path;
    this.#beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  }

  get count(): number {
    return this.#count;
  }

  async add(line: number, { field, reason }: LineProblem): Promise<void> {
    this.#count++;
    this.#file ??= await open(this.#beside, 'wx');
    await this.#file.appendFile(`${JSON.stringify({ line, field, reason })}\n`);
  }

  /** Puts the file in its place. */
  async finish(): Promise<void> {
    if (!this.#file) {
      await rm(this.#path, { force: true });
      return;
    }
    await this.#file.sync();
    await this.#file.close();
    this.#file = undefined;
    await rename(this.#beside, this.#path);
  }

  /** After a failure: nothing of this build stays. Does nothing after `finish`. */
  async discard(): Promise<void> {
    if (!this.#file) return;
    await this.#file.close();
    this.#file = undefined;
    await rm(this.#beside, { force: true });
  }
}
