import { readOr } from '@pinless-gate/protocol/errors';
import {
  decodeJournalEntry,
  type JournalEntry,
  JournalError,
} from '@pinless-gate/protocol/journal';
import { type ChainPosition, JournalVerifier } from '@pinless-gate/protocol/journal/chain';
import type { JournalItem } from './items.ts';
import { EntryTally, type Tally } from './tally.ts';

export interface JournalReport extends Tally {
  readonly entries: number;
  readonly checkpoints: number;
  /** Entries after the newest checkpoint: whole, but vouched for by nobody yet. */
  readonly unsigned: number;
  /** SHA-256 of the newest entry. */
  readonly hash: Uint8Array;
}

export interface Verification {
  readonly gateId: Uint8Array;
  /** The gate's SubjectPublicKeyInfo. */
  readonly device: Uint8Array;
  /** An entry that is known to have been written: of the console, or of a closing receipt. */
  readonly expected?: Partial<ChainPosition> | undefined;
}

/**
 * Follows a journal from its first entry to its last, and every checkpoint under the device key. Throws a
 * `JournalError` that names the first entry or checkpoint that does not hold, with one code for each way in
 * which a journal can be spoilt: docs/journal.md.
 */
export function verifyItems(
  items: Iterable<JournalItem>,
  { gateId, device, expected = {} }: Verification,
): JournalReport {
  const verifier = new JournalVerifier(gateId);
  const tally = new EntryTally();
  let checkpoints = 0;
  let signed = 0;
  const source = items[Symbol.iterator]();
  for (let next = source.next(); !next.done; next = source.next()) {
    const item = next.value;
    if (item.kind === 'entry') {
      tally.count(entryOf(verifier, item.encoded, source));
      requireExpected(verifier, expected);
      continue;
    }
    const { checkpoint } = item;
    if (checkpoint.sequence > verifier.sequence) {
      throw tailError(verifier.sequence, checkpoint.sequence, 'the newest checkpoint is over');
    }
    verifier.checkpoint(checkpoint, device);
    signed = checkpoint.sequence;
    checkpoints += 1;
  }
  const { sequence } = verifier;
  if (expected.sequence !== undefined && expected.sequence > sequence) {
    throw tailError(sequence, expected.sequence, 'there was');
  }
  const { hash } = verifier;
  return { entries: sequence, checkpoints, unsigned: sequence - signed, hash, ...tally.result() };
}

function entryOf(
  verifier: JournalVerifier,
  encoded: Uint8Array,
  rest: Iterator<JournalItem>,
): JournalEntry {
  try {
    return verifier.entry(encoded);
  } catch (error) {
    if (!(error instanceof JournalError) || error.code !== 'ERR_JOURNAL_SEQUENCE') throw error;
    throw displaced(verifier.sequence + 1, sequenceOf(encoded)!, rest, error);
  }
}

/** What became of an entry that is not where it belongs: it comes later, it is gone, or one came between. */
function displaced(
  expected: number,
  found: number,
  rest: Iterator<JournalItem>,
  cause: JournalError,
): JournalError {
  if (found < expected) {
    const why = `a second entry ${found} stands where ${expected} belongs`;
    return new JournalError('ERR_JOURNAL_INSERTED', why, { cause });
  }
  for (let next = rest.next(); !next.done; next = rest.next()) {
    if (next.value.kind !== 'entry' || sequenceOf(next.value.encoded) !== expected) continue;
    return new JournalError('ERR_JOURNAL_ORDER', `entry ${expected} stands after ${found}`, {
      cause,
    });
  }
  const gone = found === expected + 1 ? `entry ${expected} is` : `${expected} to ${found - 1} are`;
  return new JournalError('ERR_JOURNAL_MISSING', `${gone} missing`, { cause });
}

function requireExpected(verifier: JournalVerifier, { sequence, hash }: Partial<ChainPosition>) {
  if (verifier.sequence !== sequence || hash === undefined) return;
  if (hash.every((octet, i) => verifier.hash[i] === octet)) return;
  throw new JournalError(
    'ERR_JOURNAL_OTHER',
    `entry ${sequence} is another than the one that was noted`,
  );
}

function tailError(sequence: number, expected: number, why: string): JournalError {
  return new JournalError(
    'ERR_JOURNAL_TAIL',
    `entries end at ${sequence}, but ${why} entry ${expected}`,
    {
      hint: 'the end was cut off, or this is an older copy: compare it with what the console holds',
    },
  );
}

function sequenceOf(encoded: Uint8Array): number | undefined {
  return readOr(
    () => decodeJournalEntry(encoded).entry.sequence,
    () => undefined,
  );
}
