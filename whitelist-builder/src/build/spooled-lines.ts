import { type FileHandle, open } from 'node:fs/promises';

const WRITE_LENGTH = 64 * 1024;

/** Lines of text set down in a file while a build runs, so that memory does not grow with them. */
export class SpooledLines {
  readonly #path: string;
  #file: FileHandle | undefined;
  #waiting: string[] = [];
  #waitingLength = 0;

  /** The file is made when there is something to write. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Without a line end. */
  add(line: string): void {
    this.#waiting.push(`${line}\n`);
    this.#waitingLength += line.length + 1;
  }

  async drain(): Promise<void> {
    if (this.#waitingLength >= WRITE_LENGTH) await this.#write();
  }

  async *lines(): AsyncGenerator<string> {
    await this.#write();
    if (!this.#file) return;
    const file = await open(this.#path);
    try {
      yield* file.readLines({ autoClose: false });
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #write(): Promise<void> {
    if (this.#waitingLength === 0) return;
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#file ??= await open(this.#path, 'ax', 0o600);
    await this.#file.appendFile(text);
  }
}
