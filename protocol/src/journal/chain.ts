import { createPublicKey, verify } from 'node:crypto';
import { equal } from '../bytes.ts';
import {
  type ChainedEntry,
  decodeJournalEntry,
  hashEntry,
  type JournalEntry,
  JournalError,
  journalOrigin,
} from '../journal.ts';
import { type Checkpoint, checkpointMessage } from './checkpoint.ts';

/** Where a chain stands: its last entry that held, or sequence 0 and the journal's origin. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/**
 * Follows the chain, entry by entry in order. Feed it every entry from the first, or from the one after
 * `from`; it throws a `JournalError` at the first one that does not belong where it stands.
 */
export class JournalVerifier {
  readonly #gateId: Uint8Array;
  #hash: Uint8Array;
  #sequence: number;

  constructor(gateId: Uint8Array, from?: ChainPosition) {
    this.#gateId = gateId;
    this.#hash = from?.hash ?? journalOrigin(gateId);
    this.#sequence = from?.sequence ?? 0;
  }

  /** Sequence number of the last entry that held. */
  get sequence(): number {
    return this.#sequence;
  }

  get hash(): Uint8Array {
    return this.#hash;
  }

  entry(encoded: Uint8Array): JournalEntry {
    const expected = this.#sequence + 1;
    let chained: ChainedEntry;
    try {
      chained = decodeJournalEntry(encoded);
    } catch (cause) {
      throw new JournalError('ERR_JOURNAL_ENTRY', `entry ${expected} cannot be read`, { cause });
    }
    const { entry, previous } = chained;
    if (entry.sequence !== expected) {
      throw new JournalError(
        'ERR_JOURNAL_SEQUENCE',
        `entry ${entry.sequence} stands where ${expected} belongs`,
      );
    }
    if (!equal(entry.gateId, this.#gateId)) {
      throw new JournalError('ERR_JOURNAL_GATE', `entry ${expected} is of another gate`);
    }
    if (!equal(previous, this.#hash)) {
      throw new JournalError(
        'ERR_JOURNAL_CHAIN',
        `entry ${expected} does not follow the one before`,
      );
    }
    this.#sequence = expected;
    this.#hash = hashEntry(encoded);
    return entry;
  }

  /** A checkpoint over the entry just fed. `deviceKey` is the gate's SubjectPublicKeyInfo. */
  checkpoint(checkpoint: Checkpoint, deviceKey: Uint8Array): void {
    const { sequence } = checkpoint;
    if (sequence !== this.#sequence || !equal(checkpoint.hash, this.#hash)) {
      throw new JournalError(
        'ERR_JOURNAL_CHECKPOINT',
        `checkpoint ${sequence} is of other entries`,
      );
    }
    const key = createPublicKey({ key: Buffer.from(deviceKey), format: 'der', type: 'spki' });
    const signed = checkpointMessage(checkpoint);
    if (
      !equal(checkpoint.gateId, this.#gateId) ||
      !verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, checkpoint.signature)
    ) {
      throw new JournalError('ERR_JOURNAL_SIGNATURE', `checkpoint ${sequence} is not of this gate`);
    }
  }
}
