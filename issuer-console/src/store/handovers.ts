import { and, desc, eq, inArray } from 'drizzle-orm';
import type { Origin } from '../domain/audit.ts';
import { type Event, eventArchived } from '../domain/event.ts';
import {
  type Handover,
  type HandoverEnd,
  type HandoverStore,
  type ListStep,
  type NewHandover,
  type SealedHandover,
  type Settlement,
  waitsAlready,
} from '../domain/handover.ts';
import { editedMeanwhile } from '../domain/refusal.ts';
import { badCode } from '../domain/visitor-desk.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { isArchived } from './events.ts';
import { addEvidence } from './evidence.ts';
import { handoverSteps, handovers } from './handover-schema.ts';
import { putPurchase } from './purchase-rows.ts';
import { within } from './scope.ts';
import { addVisitorToken, useVisitorToken, withdrawVisitorTokens } from './visitor-tokens.ts';

export function handoverStore(db: Database): HandoverStore {
  return {
    find: (scope, id) =>
      guarded('look up a handover', async () => {
        const rows = await db
          .select()
          .from(handovers)
          .where(and(within(scope, handovers.vendorId), eq(handovers.id, id)));
        return (await withSteps(db, rows))[0];
      }),

    ofPurchase: ({ id }, purchaseId) =>
      guarded('read handovers', async () => {
        const rows = await db
          .select()
          .from(handovers)
          .where(and(eq(handovers.eventId, id), eq(handovers.purchaseId, purchaseId)))
          .orderBy(desc(handovers.begunAt), handovers.id);
        return withSteps(db, rows);
      }),

    list: ({ id }, limit) =>
      guarded('read handovers', async () => {
        const rows = await db
          .select()
          .from(handovers)
          .where(eq(handovers.eventId, id))
          .orderBy(desc(handovers.begunAt), handovers.id)
          .limit(limit);
        return withSteps(db, rows);
      }),

    settle: (event, settlement, origin) =>
      change(db, 'hand a ticket over', origin, async (tx, note) => {
        await settle(tx, event, { settlement, origin });
        for (const one of settlement.notes) note({ vendorId: event.vendorId, ...one });
      }),

    noteRequested: (id, step, publicationId) =>
      guarded('note a list that was asked for', async () => {
        await db
          .update(handoverSteps)
          .set({ publicationId })
          .where(and(eq(handoverSteps.handoverId, id), eq(handoverSteps.step, step)));
      }),

    steps: ({ id }, limit) =>
      guarded('read steps', async () => {
        const rows = await db
          .select()
          .from(handoverSteps)
          .where(eq(handoverSteps.eventId, id))
          .orderBy(desc(handoverSteps.keptAt), handoverSteps.handoverId)
          .limit(limit);
        return rows.map((row) => ({ handoverId: row.handoverId, ...stepOf(row) }));
      }),
  };
}

interface Settling {
  readonly settlement: Settlement;
  readonly origin: Origin;
}

/** What is thrown rolls all of it back. */
async function settle(tx: Transaction, event: Event, { settlement, origin }: Settling) {
  const at = new Date(origin.at);
  const { puts, add, end, step, codes } = settlement;
  // What waits may be withdrawn, always.
  if (end?.state !== 'withdrawn' && (await isArchived(tx, event.id))) throw eventArchived();
  for (const put of puts) {
    if ((await putPurchase(tx, event, put, at)) === 'conflict') throw editedMeanwhile();
  }
  if (add) await begin(tx, add, at);
  if (end) await finish(tx, end, at);
  if (step) await tx.insert(handoverSteps).values(stepRow(event, step, at));
  if (codes?.use && !(await useVisitorToken(tx, codes.use, origin.at))) throw badCode();
  if (codes?.withdraw) {
    await withdrawVisitorTokens(tx, { eventId: event.id, ...codes.withdraw }, origin.at);
  }
  if (codes?.add) await addVisitorToken(tx, codes.add);
}

async function begin(tx: Transaction, { codeUntil, ...added }: NewHandover, at: Date) {
  const waiting = added.state === 'waiting';
  const kept = await tx
    .insert(handovers)
    .values({
      ...added,
      begunAt: at,
      codeUntil: codeUntil === undefined ? null : new Date(codeUntil),
      endedAt: waiting ? null : at,
    })
    .onConflictDoNothing()
    .returning({ id: handovers.id });
  if (kept.length === 0) throw waitsAlready();
}

async function finish(tx: Transaction, end: HandoverEnd, at: Date): Promise<void> {
  const { id, from, state, toPurchaseId, codeUntil, evidence } = end;
  const ended = await tx
    .update(handovers)
    .set({
      state,
      ...(state !== 'waiting' && { endedAt: at }),
      ...(toPurchaseId !== undefined && { toPurchaseId }),
      ...(codeUntil !== undefined && { codeUntil: new Date(codeUntil) }),
      ...(evidence && { evidenceId: evidence.id }),
    })
    .where(and(eq(handovers.id, id), eq(handovers.state, from)))
    .returning({ id: handovers.id });
  if (ended.length === 0) throw editedMeanwhile();
  if (evidence) await addEvidence(tx, evidence);
}

const stepRow = (
  { id: eventId }: Event,
  { askedAt, ...step }: NonNullable<Settlement['step']>,
  keptAt: Date,
) => ({ ...step, eventId, askedAt: new Date(askedAt), keptAt });

async function withSteps(
  db: Database,
  rows: readonly (typeof handovers.$inferSelect)[],
): Promise<SealedHandover[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const steps = await db
    .select()
    .from(handoverSteps)
    .where(inArray(handoverSteps.handoverId, ids))
    .orderBy(handoverSteps.keptAt);
  return rows.map((row) => ({
    ...handoverOf(row),
    ticketHash: row.ticketHash,
    sealed: row.sealed,
    steps: steps.filter(({ handoverId }) => handoverId === row.id).map(stepOf),
  }));
}

function handoverOf(row: typeof handovers.$inferSelect): Omit<Handover, 'steps'> {
  const { id, eventId, vendorId, purchaseId, kind, state, tickets } = row;
  return {
    id,
    eventId,
    vendorId,
    purchaseId,
    kind,
    state,
    tickets,
    begunAt: row.begunAt.getTime(),
    codeUntil: row.codeUntil?.getTime(),
    endedAt: row.endedAt?.getTime(),
    toPurchaseId: row.toPurchaseId ?? undefined,
    evidenceId: row.evidenceId ?? undefined,
  };
}

function stepOf(row: typeof handoverSteps.$inferSelect): ListStep {
  return {
    step: row.step,
    askedAt: row.askedAt.getTime(),
    keptAt: row.keptAt.getTime(),
    publicationId: row.publicationId ?? undefined,
  };
}
