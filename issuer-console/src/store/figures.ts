import { asc, eq, gte, sql } from 'drizzle-orm';
import type { FigureStore, NewFigures } from '../domain/figures.ts';
import type { Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import {
  durationFigures,
  peopleFigures,
  purchaseFigures,
  refusalFigures,
} from './figures-schema.ts';
import { handoverSteps } from './handover-schema.ts';

/** Cards that came to tickets after they were bought, less those that were taken back. */
const LINKED = sql<string>`count(*) filter (where ${handoverSteps.step} = 'bound')
  - count(*) filter (where ${handoverSteps.step} = 'undone')`;

export function figureStore(db: Database): FigureStore {
  return {
    since: (slot) =>
      guarded('read figures', async () => {
        const from = new Date(slot);
        const taps = sql<string>`sum(taps)`;
        const [people, durations, refusals] = await Promise.all([
          db.select().from(peopleFigures).where(gte(peopleFigures.slot, from)),
          db
            .select({ gateId: durationFigures.gateId, bin: durationFigures.bin, taps })
            .from(durationFigures)
            .where(gte(durationFigures.slot, from))
            .groupBy(durationFigures.gateId, durationFigures.bin),
          db
            .select({ reason: refusalFigures.reason, taps })
            .from(refusalFigures)
            .where(gte(refusalFigures.slot, from))
            .groupBy(refusalFigures.reason),
        ]);
        return {
          people: people.map((row) => ({ ...row, slot: row.slot.getTime() })),
          durations: durations.map((row) => ({ ...row, taps: Number(row.taps) })),
          refusals: refusals.map((row) => ({ ...row, taps: Number(row.taps) })),
        };
      }),

    purchases: (eventId) =>
      guarded('read figures of purchases', async () => {
        const hour = sql<Date>`date_bin('1 hour', ${handoverSteps.keptAt}, 'epoch')`;
        const [purchases, links] = await Promise.all([
          db
            .select()
            .from(purchaseFigures)
            .where(eq(purchaseFigures.eventId, eventId))
            .orderBy(asc(purchaseFigures.hour)),
          db
            .select({ at: sql<string>`extract(epoch from ${hour})`, linked: LINKED })
            .from(handoverSteps)
            .where(eq(handoverSteps.eventId, eventId))
            .groupBy(hour),
        ]);
        const linked = new Map(links.map((row) => [1000 * Number(row.at), Number(row.linked)]));
        const rows = new Map(
          purchases.map(({ hour: at, paid, pending, cancelled }) => [
            at.getTime(),
            { paid, pending, cancelled },
          ]),
        );
        const none = { paid: 0, pending: 0, cancelled: 0 };
        return [...new Set([...rows.keys(), ...linked.keys()])]
          .sort((a, b) => a - b)
          .map((at) => ({ hour: at, ...(rows.get(at) ?? none), linked: linked.get(at) ?? 0 }));
      }),
  };
}

/** In the transaction that keeps the entries: the gate's row is locked, so uploads of one gate do not cross. */
export async function addFigures(
  tx: Transaction,
  gateId: string,
  { people, refusals, durations }: NewFigures,
): Promise<void> {
  const at = <T extends { readonly slot: number }>(row: T) => ({
    ...row,
    gateId,
    slot: new Date(row.slot),
  });
  if (people.length > 0) {
    await tx
      .insert(peopleFigures)
      .values(people.map(at))
      .onConflictDoUpdate({
        target: [peopleFigures.slot, peopleFigures.gateId],
        set: { people: sql`${peopleFigures.people} + excluded.people` },
      });
  }
  if (refusals.length > 0) {
    await tx
      .insert(refusalFigures)
      .values(refusals.map(at))
      .onConflictDoUpdate({
        target: [refusalFigures.slot, refusalFigures.gateId, refusalFigures.reason],
        set: { taps: sql`${refusalFigures.taps} + excluded.taps` },
      });
  }
  if (durations.length > 0) {
    await tx
      .insert(durationFigures)
      .values(durations.map(at))
      .onConflictDoUpdate({
        target: [durationFigures.slot, durationFigures.gateId, durationFigures.bin],
        set: { taps: sql`${durationFigures.taps} + excluded.taps` },
      });
  }
}
