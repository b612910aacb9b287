import { readOr } from '@pinless-gate/protocol/errors';
import { decodeJournalEntry } from '@pinless-gate/protocol/journal';
import type { Checkpoint } from '@pinless-gate/protocol/journal/checkpoint';
import type { Journal } from './journal.ts';

/** What a journal is made of, in its order: each checkpoint stands after the entry that it is over. */
export type JournalItem =
  | { readonly kind: 'entry'; readonly encoded: Uint8Array }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint };

/** Those of a gate's own journal; a checkpoint without its entry comes last. */
export function* itemsOf(journal: Journal): Generator<JournalItem> {
  const checkpoints = journal.checkpoints();
  let next = checkpoints.next();
  for (const encoded of journal.all()) {
    yield { kind: 'entry', encoded };
    if (next.done || sequenceOf(encoded) !== next.value.sequence) continue;
    yield { kind: 'checkpoint', checkpoint: next.value };
    next = checkpoints.next();
  }
  for (; !next.done; next = checkpoints.next()) {
    yield { kind: 'checkpoint', checkpoint: next.value };
  }
}

function sequenceOf(encoded: Uint8Array): number | undefined {
  return readOr(
    () => decodeJournalEntry(encoded).entry.sequence,
    () => undefined,
  );
}
