import { equal } from '@pinless-gate/protocol/bytes';
import { decodeJournalUpload, encodeJournalUpload } from '@pinless-gate/protocol/fleet';
import { decodeJournalEntry, encodeJournalEntry } from '@pinless-gate/protocol/journal';
import { decodeCheckpoint, encodeCheckpoint } from '@pinless-gate/protocol/journal/checkpoint';
import { type FuzzTarget, hold } from '../target.ts';

export const JOURNAL_KINDS = ['entry', 'checkpoint', 'upload'] as const;

/** The first octet says what the others are. */
export const journal: FuzzTarget = {
  name: 'journal',
  open: () => (input) => {
    const octets = input.subarray(1);
    const kind = JOURNAL_KINDS[(input[0] ?? 0) % JOURNAL_KINDS.length]!;
    hold(equal(again(kind, octets), octets), `${kind} changed`);
    return true;
  },
};

function again(kind: (typeof JOURNAL_KINDS)[number], octets: Uint8Array): Uint8Array {
  switch (kind) {
    case 'entry': {
      const { entry, previous } = decodeJournalEntry(octets);
      return encodeJournalEntry(entry, previous);
    }
    case 'checkpoint':
      return encodeCheckpoint(decodeCheckpoint(octets));
    case 'upload':
      return encodeJournalUpload(decodeJournalUpload(octets));
  }
}
