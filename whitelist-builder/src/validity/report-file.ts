import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** NDJSON, whole or not there. */
export class ReportFile {
  readonly #path: string;
  readonly #beside: string;
  readonly #file: FileHandle;
  #open = true;

  private constructor(path: string, beside: string, file: FileHandle) {
    this.#path = path;
    this.#beside = beside;
    this.#file = file;
  }

  static async open(path: string): Promise<ReportFile> {
    const whole = resolve(path);
    const beside = join(dirname(whole), `.${basename(whole)}.${randomBytes(6).toString('hex')}`);
    return new ReportFile(whole, beside, await open(beside, 'wx', 0o600));
  }

  async add(line: object): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(line)}\n`);
  }

  async finish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    this.#open = false;
    await rename(this.#beside, this.#path);
  }

  /** Does nothing after `finish`. */
  async discard(): Promise<void> {
    if (!this.#open) return;
    await this.#file.close();
    await rm(this.#beside, { force: true });
  }
}
