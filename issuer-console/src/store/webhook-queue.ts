import { and, asc, eq, exists, gt, isNull, lt, lte, or, sql } from 'drizzle-orm';
import { decodeAuditEntry } from '../domain/audit.ts';
import type {
  Lease,
  Setback,
  Waiting,
  Webhook,
  WebhookQueue,
  WebhookType,
} from '../domain/webhook.ts';
import { type Attempt, messageId } from '../domain/webhook-message.ts';
import { auditEntries } from './account-schema.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { webhookDeliveries, webhookReplays, webhooks } from './webhook-schema.ts';

type Row = typeof webhooks.$inferSelect;

const PAGE = 100;
const DISPATCHER = { kind: 'console', id: 'webhooks' } as const;

export function webhookQueue(db: Database): WebhookQueue {
  return {
    due: (now) =>
      guarded('look for deliveries', async () => {
        const { vendorId, sequence } = auditEntries;
        const news = db
          .select({ one: sql`1` })
          .from(auditEntries)
          .where(and(eq(vendorId, webhooks.vendorId), gt(sequence, webhooks.cursor)));
        const replays = db
          .select({ one: sql`1` })
          .from(webhookReplays)
          .where(eq(webhookReplays.webhookId, webhooks.id));
        const rows = await db
          .select({ id: webhooks.id })
          .from(webhooks)
          .where(and(isDue(now), isFree(now), or(exists(news), exists(replays))))
          .orderBy(asc(webhooks.nextAttemptAt));
        return rows.map(({ id }) => id);
      }),

    claim: (id, { holder, now, until }) =>
      guarded('claim a webhook', async () => {
        const free = or(isFree(now), eq(webhooks.holder, holder));
        const [row] = await db
          .update(webhooks)
          .set({ holder, heldUntil: new Date(until) })
          .where(and(eq(webhooks.id, id), isDue(now), free))
          .returning();
        return row && webhookOf(row);
      }),

    next: ({ id }) =>
      guarded('read the next message', () =>
        db.transaction(async (tx) => {
          const [row] = await tx.select().from(webhooks).where(eq(webhooks.id, id));
          return row && nextOf(tx, row);
        }),
      ),

    delivered: (webhook, waiting, attempt, lease) =>
      guarded('note a delivery', () =>
        db.transaction(async (tx) => {
          const at = new Date(lease.now);
          const held = await tx
            .update(webhooks)
            .set({
              attempts: 0,
              failedSince: null,
              nextAttemptAt: at,
              deliveredAt: at,
              heldUntil: new Date(lease.until),
            })
            .where(isHeld(webhook, lease))
            .returning({ id: webhooks.id });
          if (held.length === 0) return false;
          await passBy(tx, webhook.id, waiting);
          await tx.insert(webhookDeliveries).values(deliveryRow(webhook, waiting, attempt));
          return true;
        }),
      ),

    failed: (webhook, waiting, attempt, setback, lease) =>
      change(db, 'note a delivery', { by: DISPATCHER, at: lease.now }, async (tx, note) => {
        const held = await tx
          .update(webhooks)
          .set({ ...LET_GO, ...afterFailure(setback, lease.now) })
          .where(isHeld(webhook, lease))
          .returning({ id: webhooks.id });
        if (held.length === 0) return;
        await tx.insert(webhookDeliveries).values(deliveryRow(webhook, waiting, attempt));
        const { id, vendorId } = webhook;
        if ('giveUp' in setback) note({ action: 'webhook.failing', subjects: [id], vendorId });
      }),

    release: (webhook, lease) =>
      guarded('release a webhook', async () => {
        await db.update(webhooks).set(LET_GO).where(isHeld(webhook, lease));
      }),

    releaseAll: () =>
      guarded('release the webhooks', async () => {
        await db.update(webhooks).set(LET_GO);
      }),

    forget: (before) =>
      guarded('forget deliveries', async () => {
        await db.delete(webhookDeliveries).where(lt(webhookDeliveries.at, new Date(before)));
      }),
  };
}

const LET_GO = { holder: null, heldUntil: null };

const isDue = (now: number) =>
  and(
    eq(webhooks.enabled, true),
    isNull(webhooks.failingSince),
    lte(webhooks.nextAttemptAt, new Date(now)),
  );

const isFree = (now: number) =>
  or(isNull(webhooks.heldUntil), lte(webhooks.heldUntil, new Date(now)));

const isHeld = ({ id }: Webhook, { holder }: Lease) =>
  and(eq(webhooks.id, id), eq(webhooks.holder, holder));

function afterFailure(setback: Setback, now: number) {
  const at = new Date(now);
  return {
    attempts: sql`${webhooks.attempts} + 1`,
    failedSince: sql`coalesce(${webhooks.failedSince}, ${at.toISOString()})`,
    ...('giveUp' in setback ? { failingSince: at } : { nextAttemptAt: new Date(setback.again) }),
  };
}

/** What comes next: entries of its types since its place, then those of replays. Notes what it passed by. */
export async function nextOf(tx: Transaction, row: Row): Promise<Waiting | undefined> {
  const live = await firstOf(tx, row, row.cursor, Number.MAX_SAFE_INTEGER);
  if (live.passed > row.cursor) {
    const { cursor, id } = webhooks;
    await tx
      .update(webhooks)
      .set({ cursor: live.passed })
      .where(and(eq(id, row.id), lt(cursor, live.passed)));
  }
  if (live.found) return { ...live.found, kind: 'live', replay: undefined };
  const asked = await tx
    .select()
    .from(webhookReplays)
    .where(eq(webhookReplays.webhookId, row.id))
    .orderBy(webhookReplays.number);
  for (const { number, cursor, until } of asked) {
    const { found } = await firstOf(tx, row, cursor, until);
    if (found) return { ...found, kind: 'replay', replay: number };
    await tx.delete(webhookReplays).where(eq(webhookReplays.number, number));
  }
  return undefined;
}

interface Found {
  readonly found: Pick<Waiting, 'sequence' | 'raw'> | undefined;
  /** Up to here there is nothing that is wanted. */
  readonly passed: number;
}

async function firstOf(
  tx: Transaction,
  { vendorId, types }: Row,
  after: number,
  until: number,
): Promise<Found> {
  const { sequence } = auditEntries;
  for (let passed = after; ; ) {
    const rows = await tx
      .select({ sequence, raw: auditEntries.raw })
      .from(auditEntries)
      .where(and(eq(auditEntries.vendorId, vendorId), gt(sequence, passed), lte(sequence, until)))
      .orderBy(asc(sequence))
      .limit(PAGE);
    const found = rows.find(({ raw }) => types.includes(decodeAuditEntry(raw).action));
    if (found) return { found, passed: found.sequence - 1 };
    passed = rows.at(-1)?.sequence ?? passed;
    if (rows.length < PAGE) return { found: undefined, passed };
  }
}

/** From now on what comes after it is next. */
export async function passBy(
  tx: Transaction,
  id: string,
  { sequence, replay }: Waiting,
): Promise<void> {
  if (replay === undefined) {
    const behind = and(eq(webhooks.id, id), lt(webhooks.cursor, sequence));
    await tx.update(webhooks).set({ cursor: sequence }).where(behind);
    return;
  }
  const { number, until } = webhookReplays;
  await tx.update(webhookReplays).set({ cursor: sequence }).where(eq(number, replay));
  await tx.delete(webhookReplays).where(and(eq(number, replay), lte(until, sequence)));
}

function deliveryRow({ id }: Webhook, { kind, sequence, raw }: Waiting, attempt: Attempt) {
  const type = decodeAuditEntry(raw).action;
  return {
    webhookId: id,
    messageId: messageId(raw),
    sequence,
    type,
    kind,
    ...rowOfAttempt(attempt),
  };
}

export function rowOfAttempt({ at, durationMs, status, failure }: Attempt) {
  const known = { status: status ?? null, failure: failure ?? null };
  return { at: new Date(at), durationMs: Math.round(durationMs), ...known };
}

export function webhookOf(row: Row): Webhook {
  const { id, vendorId, url, enabled, revision, attempts } = row;
  return {
    id,
    vendorId,
    url,
    enabled,
    revision,
    attempts,
    types: row.types as WebhookType[],
    createdAt: row.createdAt.getTime(),
    previousUntil: row.previousUntil?.getTime(),
    deliveredAt: row.deliveredAt?.getTime(),
    failedSince: row.failedSince?.getTime(),
    nextAttemptAt: row.nextAttemptAt.getTime(),
    failingSince: row.failingSince?.getTime(),
  };
}
