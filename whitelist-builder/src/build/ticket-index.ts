import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { concat, domain, toHex } from '@pinless-gate/protocol/bytes';
import type { SpooledEntry } from './entries.ts';

/**
 * Which tickets an entry of the list opens, for who sold them: NDJSON of `{entry, tickets}`. It says nothing of cards, and
 * nothing that the list's own reader could not see, but it does tell tickets: it is not published.
 */
const ENTRY = domain('pinless-gate/ticket-index/1');
const ENTRY_LENGTH = 16;
const WRITE_LENGTH = 64 * 1024;

/** What an entry is called in the index, in hex: the same in every version of one event's list. */
export function entryName(conversionValue: Uint8Array): string {
  const digest = createHash('sha256').update(concat(ENTRY, conversionValue)).digest();
  return toHex(digest.subarray(0, ENTRY_LENGTH));
}

export class TicketIndexWriter {
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

  static async create(path: string): Promise<TicketIndexWriter> {
    const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    return new TicketIndexWriter(path, beside, await open(beside, 'wx', 0o600));
  }

  add(conversionValue: Uint8Array, parts: readonly Pick<SpooledEntry, 'ticketNos'>[]): void {
    const tickets = parts.flatMap(({ ticketNos }) =>
      Buffer.from(ticketNos).toString('latin1').split(' '),
    );
    const line = `${JSON.stringify({ entry: entryName(conversionValue), tickets })}\n`;
    this.#waiting.push(line);
    this.#waitingLength += line.length;
  }

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
    await this.#file.close().catch(() => {});
    await rm(this.#beside, { force: true });
  }

  async #write(): Promise<void> {
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingLength = 0;
    await this.#file.appendFile(text);
  }
}
