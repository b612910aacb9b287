import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@pinless-gate/protocol/bytes';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { AuditLog, type LogEntry, type NewLogEntry } from './audit-log.ts';
import { CeremonyError } from './error.ts';

export const LOG_FILE = 'log.ndjson';
const NEWLINE = 0x0a;

/** The log of a ceremony directory. Whoever appends holds the directory's lock. */
export class LogFile {
  readonly log: AuditLog;
  readonly #path: string;
  /** Octets behind the last whole line. */
  #torn: Uint8Array;
  readonly #now: () => number;

  private constructor(path: string, log: AuditLog, torn: Uint8Array, now: () => number) {
    this.#path = path;
    this.log = log;
    this.#torn = torn;
    this.#now = now;
  }

  static async create(directory: string, begin: NewLogEntry, now: () => number): Promise<LogFile> {
    const log = new AuditLog();
    const line = log.format(begin, now());
    log.take(line);
    const path = join(directory, LOG_FILE);
    await writeFileDurably(path, `${line}\n`, 0o644);
    return new LogFile(path, log, new Uint8Array(0), now);
  }

  /** Reads it and checks all of it. */
  static async open(directory: string, now: () => number): Promise<LogFile> {
    const path = join(directory, LOG_FILE);
    const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause;
      throw new CeremonyError('ERR_CEREMONY_NONE', `${directory}: no ceremony has begun here`, {
        cause,
        hint: `hsm ceremony init --dir ${directory} --operator NAME=PUBLIC-KEY.pem …`,
      });
    });
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
    return new LogFile(path, AuditLog.replay(lines), bytes.subarray(end), now);
  }

  /** Octets of an unfinished last line. */
  get torn(): number {
    return this.#torn.length;
  }

  /** On the disk when it resolves. */
  async append(entry: NewLogEntry): Promise<LogEntry> {
    if (this.#torn.length > 0) await this.#mend();
    const line = this.log.format(entry, this.#now());
    // Taken first: what would not hold when read again is never written.
    const taken = this.log.take(line);
    await this.#write(`${line}\n`);
    return taken;
  }

  /** A line is written before what it announces: one that was cut short announced nothing that was done. */
  async #mend(): Promise<void> {
    const torn = this.#torn;
    const file = await open(this.#path, 'r+');
    try {
      await file.truncate((await file.stat()).size - torn.length);
      await file.sync();
    } finally {
      await file.close();
    }
    this.#torn = new Uint8Array(0);
    const sha256 = toHex(createHash('sha256').update(torn).digest());
    await this.append({ kind: 'torn', octets: torn.length, sha256 });
  }

  async #write(text: string): Promise<void> {
    const file = await open(this.#path, 'a');
    try {
      await file.appendFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
