import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { JournalError } from '@pinless-gate/protocol/journal';
import {
  DATA_FILE,
  dataFileOf,
  type Environment,
  type OctetDatabase,
  openDatabase,
  openDurable,
  requireRoom,
} from '../storage/lmdb.ts';

/**
 * The journal's file. The first write that fails ends it: after a failed fsync nothing may be believed (the
 * kernel drops the dirty pages), so every later one throws the same until the program has started anew.
 */
export class DurableStore {
  readonly #directory: string;
  readonly #environment: Environment;
  readonly #file: string | undefined;
  #broken: JournalError | undefined;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
    // One that is there can be read on a full disk too.
    if (!existsSync(join(directory, DATA_FILE))) requireRoom(directory);
    this.#environment = openDurable(directory);
    this.#file = dataFileOf(directory);
    this.#environment.readerCheck();
  }

  database(name: string): OctetDatabase {
    return openDatabase(this.#environment, name);
  }

  /** Free share of the disk, 0 to 1. */
  get freeShare(): number {
    const { bavail, blocks } = statfsSync(this.#directory);
    return bavail / blocks;
  }

  /** One transaction, on the disk when this returns. A `JournalError` that `action` throws writes nothing and ends nothing. */
  write(what: string, action: () => void): void {
    if (this.#broken) throw this.#broken;
    try {
      this.#requireInPlace();
      requireRoom(this.#directory);
      this.#environment.transactionSync(action);
    } catch (cause) {
      if (cause instanceof JournalError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#broken = new JournalError('ERR_JOURNAL_BROKEN', `cannot ${what}: ${why}`, {
        cause,
        hint: 'the gate admits nobody until it has started anew: check the disk',
      });
      throw this.#broken;
    }
  }

  /** What is written to a file that was deleted or replaced, nobody will ever find. */
  #requireInPlace(): void {
    if (dataFileOf(this.#directory) === this.#file) return;
    this.#broken = new JournalError(
      'ERR_JOURNAL_REPLACED',
      `${join(this.#directory, DATA_FILE)} is not the file that was opened`,
      { hint: 'somebody deleted or replaced it: keep what is there and tell the person in charge' },
    );
    throw this.#broken;
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }
}
