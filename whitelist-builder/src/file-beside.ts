import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const WRITE_LENGTH = 64 * 1024;

/** A long text file that is either whole and in its place, or not there: written beside, synced, renamed. */
export class FileBeside {
  readonly #path: string;
  readonly #beside: string;
  readonly #file: FileHandle;
  #waiting: string[] = [];
  #waitingLength = 0;

  private constructor(path: string, beside: string, file: FileHandle) {
    this.#path = path;
    this.#beside = beside;
    this.#file = file;
  }

  static async create(path: string, mode = 0o644): Promise<FileBeside> {
    const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    return new FileBeside(path, beside, await open(beside, 'wx', mode));
  }

  add(text: string): void {
    this.#waiting.push(text);
    this.#waitingLength += text.length;
  }

  /** Writes what has gathered, where it is much. Awaited now and then, so that memory stays bounded. */
  async drain(): Promise<void> {
    if (this.#waitingLength >= WRITE_LENGTH) await this.#write();
  }

  /** Puts the file in its place. */
  async finish(): Promise<void> {
    await this.#write();
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#beside, this.#path);
  }

  /** After a failure. Does nothing after `finish`. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#beside, { force: true });
  }

  async #write(): Promise<void> {
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingLength = 0;
    await this.#file.appendFile(text);
  }
}
