import { CborMap, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';

/** Entries that a gate uploads: at least once, in order, idempotent by gate and sequence. */
export interface JournalUpload {
  readonly gateId: Uint8Array;
  /** Encoded journal entries, as they stand in the gate's journal. */
  readonly entries: readonly Uint8Array[];
}

export const JOURNAL_UPLOAD_TYPE = 'application/vnd.pinless-gate.journal-upload+cbor';
export const MAX_UPLOAD_ENTRIES = 256;

export function encodeJournalUpload(upload: JournalUpload): Uint8Array {
  return encodeCbor({ version: 1, gateId: upload.gateId, entries: upload.entries });
}

export function decodeJournalUpload(bytes: Uint8Array): JournalUpload {
  const map = CborMap.decode(bytes, 'journal upload');
  const version = map.uint('version');
  if (version !== 1) throw new FormatError('ERR_UPLOAD_VERSION', `upload of version ${version}`);
  const upload: JournalUpload = {
    gateId: map.bytes('gateId', 16),
    entries: map.array('entries').map((entry) => {
      if (!(entry instanceof Uint8Array)) {
        throw new FormatError('ERR_UPLOAD_ENTRY', 'journal upload: entry is not a byte string');
      }
      return entry;
    }),
  };
  map.end();
  if (upload.entries.length > MAX_UPLOAD_ENTRIES) {
    throw new FormatError('ERR_UPLOAD_LENGTH', `upload of ${upload.entries.length} entries`);
  }
  return upload;
}

/** What the console answers: it holds every entry of this gate up to and including this one. */
export interface JournalReceipt {
  readonly sequence: number;
}
