import { and, between, gt, inArray, sql } from 'drizzle-orm';
import type { TicketEntries } from '../domain/handover-ledger.ts';
import { ticketsMoved, type UploadedEntry } from '../domain/journal.ts';
import type { Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { ticketMovements } from './handover-schema.ts';

export function ticketEntryStore(db: Database): TicketEntries {
  return {
    entered: (ticketNos, { from, until }) =>
      guarded('look up entries', async () => {
        if (ticketNos.length === 0) return new Set();
        const { ticketNo, at, change } = ticketMovements;
        const rows = await db
          .select({ ticketNo })
          .from(ticketMovements)
          .where(
            and(inArray(ticketNo, [...ticketNos]), between(at, new Date(from), new Date(until))),
          )
          .groupBy(ticketNo)
          .having(gt(sql<number>`sum(${change})`, 0));
        return new Set(rows.map((row) => row.ticketNo));
      }),
  };
}

/** With the entries that tell of them, in one transaction. */
export async function keepMovements(
  tx: Transaction,
  gateId: string,
  uploaded: readonly UploadedEntry[],
): Promise<void> {
  const rows = uploaded.flatMap(({ entry }) => {
    const { ticketNos, change } = ticketsMoved(entry);
    const { sequence, at } = entry;
    const moved = { gateId, sequence, change, at: new Date(at) };
    return [...new Set(ticketNos)].map((ticketNo) => ({ ...moved, ticketNo }));
  });
  if (rows.length > 0) await tx.insert(ticketMovements).values(rows);
}
