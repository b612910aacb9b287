import { concat, equal, readUint64, uint64, utf8 } from '@pinless-gate/protocol/bytes';
import {
  decodeJournalEntry,
  encodeJournalEntry,
  hashEntry,
  type JournalEntry,
  JournalError,
  journalOrigin,
} from '@pinless-gate/protocol/journal';
import {
  type Checkpoint,
  checkpointMessage,
  decodeCheckpoint,
  encodeCheckpoint,
} from '@pinless-gate/protocol/journal/checkpoint';
import { type LaneMode, parseLaneMode } from '@pinless-gate/protocol/lane-mode';
import type { TicketState } from '../admission/state.ts';
import type { OctetDatabase } from '../storage/lmdb.ts';
import { decodeTicketState, encodeTicketState, ticketKey } from './admission-state.ts';
import { DurableStore } from './durable-store.ts';

/** What the caller knows of an entry; sequence, gate and the hash before it are the journal's. */
export type NewEntry<E extends JournalEntry = JournalEntry> = E extends JournalEntry
  ? Omit<E, 'sequence' | 'gateId'>
  : never;

/** A ticket's state after the entry, guarded by the one that was read for the decision. */
export interface TicketChange {
  readonly eventId: Uint8Array;
  readonly ticketNo: string;
  /** Absent where the gate had never seen the ticket. */
  readonly before: TicketState | undefined;
  readonly after: TicketState;
}

export interface TakenPublishers {
  readonly eventId: Uint8Array;
  readonly number: number;
  /** Where given, in the place of the floor that there was: also a lower one. */
  readonly listFloor?: number | undefined;
}

export interface Appended {
  readonly sequence: number;
  readonly encoded: Uint8Array;
}

const HEAD = utf8('head');
const FLOOR = utf8('list-floor');
const PUBLISHERS = utf8('publishers');
const UPLOADED = utf8('uploaded');
const MODE = utf8('lane-mode');

/**
 * The gate's memory: an append-only chain of entries and the state of each ticket, one transaction a
 * decision (protocol.md 7). What `append` returned for is on the disk.
 * After the first write that fails every later one throws ERR_JOURNAL_BROKEN, or ERR_JOURNAL_REPLACED, until
 * the program has started anew.
 */
export class Journal {
  readonly gateId: Uint8Array;
  readonly #store: DurableStore;
  readonly #entries: OctetDatabase;
  readonly #tickets: OctetDatabase;
  readonly #checkpoints: OctetDatabase;
  readonly #meta: OctetDatabase;
  #sequence: number;
  #hash: Uint8Array;

  private constructor(directory: string, gateId: Uint8Array) {
    this.gateId = gateId;
    this.#store = new DurableStore(directory);
    this.#entries = this.#store.database('entries');
    this.#tickets = this.#store.database('tickets');
    this.#checkpoints = this.#store.database('checkpoints');
    this.#meta = this.#store.database('meta');
    [this.#sequence, this.#hash] = this.#head();
  }

  /** Throws ERR_JOURNAL_* when the newest entry is not of this gate or cannot be read. */
  static open(directory: string, gateId: Uint8Array): Journal {
    return new Journal(directory, gateId);
  }

  /** Sequence number of the newest entry, 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  get hash(): Uint8Array {
    return this.#hash;
  }

  /** Unix milliseconds of the newest entry. */
  newestTime(): number | undefined {
    const encoded = this.#entries.get(uint64(this.#sequence));
    return encoded && decodeJournalEntry(encoded).entry.at;
  }

  /** Whether the program that wrote last said that it ended: if not, it was killed, or the power went. */
  endedInOrder(): boolean {
    for (const { value } of this.#entries.getRange({ reverse: true })) {
      const { kind } = decodeJournalEntry(value).entry;
      if (kind === 'stop') return true;
      if (kind === 'start') return false;
    }
    return true;
  }

  /** Durable when it returns. A ticket that changed since the decision is ERR_JOURNAL_CONFLICT, and nothing is written. */
  append(entry: NewEntry, changes: readonly TicketChange[] = [], mode?: LaneMode): Appended {
    const sequence = this.#sequence + 1;
    const encoded = encodeJournalEntry({ ...entry, sequence, gateId: this.gateId }, this.#hash);
    const hash = hashEntry(encoded);
    this.#store.write('append', () => {
      for (const { eventId, ticketNo, before, after } of changes) {
        const [read, now] = [before, this.ticketState(eventId, ticketNo)].map(
          (state) => state?.revision ?? 0,
        );
        if (read !== now) {
          throw new JournalError(
            'ERR_JOURNAL_CONFLICT',
            `a ticket changed since the decision: revision ${read} is ${now} now`,
          );
        }
        this.#tickets.putSync(ticketKey(eventId, ticketNo), encodeTicketState(after));
      }
      this.#entries.putSync(uint64(sequence), encoded);
      if (mode !== undefined) this.#meta.putSync(MODE, utf8(mode));
      this.#meta.putSync(HEAD, concat(uint64(sequence), hash));
    });
    this.#sequence = sequence;
    this.#hash = hash;
    return { sequence, encoded };
  }

  ticketState(eventId: Uint8Array, ticketNo: string): TicketState | undefined {
    const bytes = this.#tickets.get(ticketKey(eventId, ticketNo));
    return bytes && decodeTicketState(bytes);
  }

  /** Every ticket of the event that this gate has met, by number. */
  *tickets(eventId: Uint8Array): Generator<readonly [string, TicketState]> {
    for (const { key, value } of this.#tickets.getRange({ start: eventId })) {
      if (!equal(key.subarray(0, eventId.length), eventId)) return;
      yield [text(key.subarray(eventId.length)), decodeTicketState(value)];
    }
  }

  /** How the lane is worked: what `append` was last told. */
  get laneMode(): LaneMode {
    const bytes = this.#meta.get(MODE);
    return bytes ? parseLaneMode(text(bytes)) : 'normal';
  }

  /** The lowest list version that this gate may still apply for this event: it never goes back. */
  listFloor(eventId: Uint8Array): number {
    const bytes = this.#meta.get(concat(FLOOR, eventId));
    return bytes ? readUint64(bytes) : 0;
  }

  /** Raises the floor and notes the new list, in one transaction. */
  raiseListFloor(eventId: Uint8Array, version: number, entry: NewEntry): Appended {
    let appended: Appended | undefined;
    this.#store.write('raise the list floor', () => {
      if (version < this.listFloor(eventId)) {
        throw new JournalError('ERR_JOURNAL_FLOOR', `list version ${version} is below the floor`);
      }
      this.#meta.putSync(concat(FLOOR, eventId), uint64(version));
      appended = this.append(entry);
    });
    return appended!;
  }

  /** Number of the newest publishers that this gate took for this event; 0 are those of its configuration. */
  publishersFloor(eventId: Uint8Array): number {
    const bytes = this.#meta.get(concat(PUBLISHERS, eventId));
    return bytes ? readUint64(bytes) : 0;
  }

  /** Notes that publishers were taken, and the list floor that they set, in one transaction. */
  takePublishers({ eventId, number, listFloor }: TakenPublishers, entry: NewEntry): Appended {
    let appended: Appended | undefined;
    this.#store.write('take publishers', () => {
      this.#meta.putSync(concat(PUBLISHERS, eventId), uint64(number));
      if (listFloor !== undefined) this.#meta.putSync(concat(FLOOR, eventId), uint64(listFloor));
      appended = this.append(entry);
    });
    return appended!;
  }

  /** Newest sequence number that the console confirmed. */
  get uploaded(): number {
    const bytes = this.#meta.get(UPLOADED);
    return bytes ? readUint64(bytes) : 0;
  }

  set uploaded(sequence: number) {
    this.#store.write('note an upload', () => {
      this.#meta.putSync(UPLOADED, uint64(sequence));
    });
  }

  /** Encoded entries from `from` on, at most `limit`. */
  read(from: number, limit: number): Uint8Array[] {
    const range = this.#entries.getRange({ start: uint64(from), limit });
    return Array.from(range, ({ value }) => new Uint8Array(value));
  }

  /** Every entry from the first, one at a time. */
  *all(): Generator<Uint8Array> {
    for (const { value } of this.#entries.getRange({})) yield value;
  }

  /** The same from the newest. */
  *backwards(): Generator<Uint8Array> {
    for (const { value } of this.#entries.getRange({ reverse: true })) yield value;
  }

  *checkpoints(): Generator<Checkpoint> {
    for (const { value } of this.#checkpoints.getRange({})) yield decodeCheckpoint(value);
  }

  get lastCheckpoint(): number {
    for (const key of this.#checkpoints.getKeys({ reverse: true, limit: 1 })) {
      return readUint64(key);
    }
    return 0;
  }

  get newestCheckpoint(): Checkpoint | undefined {
    for (const { value } of this.#checkpoints.getRange({ reverse: true, limit: 1 })) {
      return decodeCheckpoint(value);
    }
    return undefined;
  }

  /** The device key vouches for everything up to now; undefined when nothing is new. */
  async checkpoint(
    at: number,
    sign: (message: Uint8Array) => Promise<Uint8Array>,
  ): Promise<Checkpoint | undefined> {
    const sequence = this.#sequence;
    if (sequence === 0 || sequence === this.lastCheckpoint) return undefined;
    const unsigned = { gateId: this.gateId, sequence, hash: this.#hash, at };
    const checkpoint = { ...unsigned, signature: await sign(checkpointMessage(unsigned)) };
    this.#store.write('store a checkpoint', () => {
      this.#checkpoints.putSync(uint64(sequence), encodeCheckpoint(checkpoint));
    });
    return checkpoint;
  }

  /** Free share of the disk, 0 to 1. */
  get freeShare(): number {
    return this.#store.freeShare;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #head(): [number, Uint8Array] {
    const head = this.#meta.get(HEAD);
    if (!head) return [0, journalOrigin(this.gateId)];
    const sequence = readUint64(head.subarray(0, 8));
    const encoded = this.#entries.get(uint64(sequence));
    if (!encoded || !equal(hashEntry(encoded), head.subarray(8))) {
      throw new JournalError('ERR_JOURNAL_HEAD', `entry ${sequence}, the newest, does not hold`);
    }
    const { entry } = decodeJournalEntry(encoded);
    if (!equal(entry.gateId, this.gateId)) {
      throw new JournalError('ERR_JOURNAL_GATE', 'this journal is of another gate', {
        hint: 'check [gate] id and [journal] directory of the configuration',
      });
    }
    return [sequence, new Uint8Array(head.subarray(8))];
  }
}

const text = (octets: Uint8Array) => Buffer.from(octets).toString('utf8');
