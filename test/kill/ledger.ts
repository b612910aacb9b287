import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { itemsOf } from '@pinless-gate/gate-firmware/journal/items';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { verifyItems } from '@pinless-gate/gate-firmware/journal/verify';
import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeJournalEntry } from '@pinless-gate/protocol/journal';
import type { Venue } from './venue.ts';

/** What a journal and a turnstile say of one another. */
export interface Ledger {
  readonly entries: number;
  readonly checkpoints: number;
  readonly admitted: number;
  readonly refused: number;
  readonly opened: number;
  /** Journalled, and the turnstile was not asked any more: a person who taps again. */
  readonly unopened: number;
  /** Openings that the journal does not know of. */
  readonly lost: number;
  /** Entries of a ticket that have a number twice, or are not what the ticket's state counts. */
  readonly doubled: number;
}

const GATE_ID = new Uint8Array(16).fill(0x9a);

/** What the turnstile wrote: one id a line. */
export const openingsOf = ({ root }: Venue): string => join(root, 'openings');

/** Throws a `JournalError` where the chain or a checkpoint does not hold. */
export async function compareLedgers(venue: Venue): Promise<Ledger> {
  const { root, device, trust } = venue;
  const journal = Journal.open(join(root, 'journal'), GATE_ID);
  try {
    const report = verifyItems(itemsOf(journal), { gateId: GATE_ID, device });
    const admitted = new Set<string>();
    const numbers = new Map<string, number[]>();
    for (const encoded of journal.all()) {
      const { entry } = decodeJournalEntry(encoded);
      if (entry.kind !== 'decision' || entry.outcome !== 'admitted') continue;
      admitted.add(`${toHex(GATE_ID).slice(0, 8)}-${entry.sequence}`);
      for (const { ticketNo, entry: nth } of entry.tickets) {
        numbers.set(ticketNo, [...(numbers.get(ticketNo) ?? []), nth]);
      }
    }
    const doubled = [...numbers].filter(([ticketNo, nths]) => {
      const counted = journal.ticketState(trust.eventId, ticketNo)?.entries;
      return counted !== nths.length || nths.some((nth, i) => nth !== i + 1);
    });
    const opened = readFileSync(openingsOf(venue), 'utf8').split('\n').filter(Boolean);
    const lost = opened.filter((id) => !admitted.has(id)).length;
    return {
      entries: report.entries,
      checkpoints: report.checkpoints,
      admitted: admitted.size,
      refused: Object.values(report.refused).reduce((sum, count) => sum + count, 0),
      opened: opened.length,
      unopened: admitted.size - (opened.length - lost),
      lost,
      doubled: doubled.length,
    };
  } finally {
    await journal.close();
  }
}
