import { and, between, count, desc, eq, isNotNull, lt, max, min } from 'drizzle-orm';
import type { WebhookStore } from '../domain/webhook.ts';
import { type Delivery, messageId, TEST_TYPE } from '../domain/webhook-message.ts';
import { auditEntries, auditHead, vendors } from './account-schema.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { within } from './scope.ts';
import { nextOf, passBy, rowOfAttempt, webhookOf } from './webhook-queue.ts';
import { webhookDeliveries, webhookReplays, webhooks } from './webhook-schema.ts';

export function webhookStore(db: Database): WebhookStore {
  return { ...readers(db), ...writers(db), ...replays(db) };
}

function readers(
  db: Database,
): Pick<WebhookStore, 'list' | 'find' | 'deliveries' | 'secrets' | 'noteTest' | 'failing'> {
  return {
    list: (scope) =>
      guarded('read the webhooks', async () => {
        const rows = await db
          .select()
          .from(webhooks)
          .where(within(scope, webhooks.vendorId))
          .orderBy(webhooks.vendorId, webhooks.createdAt, webhooks.id);
        return rows.map(webhookOf);
      }),

    find: (scope, id) =>
      guarded('look up a webhook', async () => {
        const [row] = await db
          .select()
          .from(webhooks)
          .where(and(within(scope, webhooks.vendorId), eq(webhooks.id, id)));
        return row && webhookOf(row);
      }),

    deliveries: ({ id }, { before, limit }) =>
      guarded('read deliveries', async () => {
        const { number, webhookId } = webhookDeliveries;
        const older = before === undefined ? undefined : lt(number, before);
        const rows = await db
          .select()
          .from(webhookDeliveries)
          .where(and(eq(webhookId, id), older))
          .orderBy(desc(number))
          .limit(limit);
        return rows.map(deliveryOf);
      }),

    secrets: ({ id }, now) =>
      guarded('look up a webhook', async () => {
        const [row] = await db.select().from(webhooks).where(eq(webhooks.id, id));
        if (!row) return [];
        const { secret, previousSecret, previousUntil } = row;
        const both = previousSecret && previousUntil && previousUntil.getTime() > now;
        return both ? [secret, previousSecret] : [secret];
      }),

    noteTest: ({ id, vendorId }, attempt, messageId, origin) =>
      change(db, 'note a test', origin, async (tx, note) => {
        const row = { webhookId: id, messageId, type: TEST_TYPE, kind: 'test' };
        await tx.insert(webhookDeliveries).values({ ...row, ...rowOfAttempt(attempt) });
        note({ action: 'webhook.tested', subjects: [id], vendorId });
      }),

    failing: () =>
      guarded('read the webhooks', async () => {
        const rows = await db
          .select({ vendor: vendors.name, url: webhooks.url, since: webhooks.failingSince })
          .from(webhooks)
          .innerJoin(vendors, eq(vendors.id, webhooks.vendorId))
          .where(and(eq(webhooks.enabled, true), isNotNull(webhooks.failingSince)))
          .orderBy(webhooks.failingSince);
        return rows.map(({ vendor, url, since }) => ({
          vendor,
          host: new URL(url).host,
          since: since!.getTime(),
        }));
      }),
  };
}

function writers(
  db: Database,
): Pick<WebhookStore, 'add' | 'edit' | 'remove' | 'rotate' | 'resume'> {
  return {
    add: (webhook, most, origin) =>
      change(db, 'add a webhook', origin, async (tx, note) => {
        const { id, vendorId, url, types } = webhook;
        // The vendor's lock: of two who add the last one at once, one does.
        await tx.select().from(vendors).where(eq(vendors.id, vendorId)).for('update');
        const [held] = await tx
          .select({ all: count() })
          .from(webhooks)
          .where(eq(webhooks.vendorId, vendorId));
        if (held!.all >= most) return false;
        const [head] = await tx.select().from(auditHead);
        const at = new Date(origin.at);
        await tx.insert(webhooks).values({
          ...webhook,
          types: [...types],
          createdAt: at,
          nextAttemptAt: at,
          cursor: head?.sequence ?? 0,
        });
        const facts = { host: new URL(url).host, types: types.length };
        note({ action: 'webhook.added', subjects: [id], vendorId, facts });
        return true;
      }),

    edit: (scope, { id, revision, url, types, enabled }, origin) =>
      change(db, 'edit a webhook', origin, async (tx, note) => {
        const where = and(within(scope, webhooks.vendorId), eq(webhooks.id, id));
        const [held] = await tx.select().from(webhooks).where(where).for('update');
        if (!held) return 'unknown';
        if (held.revision !== revision) return 'conflict';
        const changed = {
          ...(url !== undefined && { url }),
          ...(types !== undefined && { types: [...types] }),
          ...(enabled !== undefined && { enabled }),
        };
        await tx
          .update(webhooks)
          .set({ ...changed, ...afresh(origin.at), revision: revision + 1 })
          .where(eq(webhooks.id, id));
        const { vendorId } = held;
        const host = new URL(url ?? held.url).host;
        const facts = { host, enabled: String(enabled ?? held.enabled) };
        note({ action: 'webhook.changed', subjects: [id], vendorId, facts });
        return 'changed';
      }),

    remove: (scope, id, origin) =>
      change(db, 'remove a webhook', origin, async (tx, note) => {
        const removed = await tx
          .delete(webhooks)
          .where(and(within(scope, webhooks.vendorId), eq(webhooks.id, id)))
          .returning({ vendorId: webhooks.vendorId });
        for (const { vendorId } of removed) {
          note({ action: 'webhook.removed', subjects: [id], vendorId });
        }
        return removed.length > 0;
      }),

    rotate: ({ id, vendorId }, secret, until, origin) =>
      change(db, 'rotate a secret', origin, async (tx, note) => {
        await tx
          .update(webhooks)
          .set({ secret, previousSecret: webhooks.secret, previousUntil: new Date(until) })
          .where(eq(webhooks.id, id));
        note({ action: 'webhook.rotated', subjects: [id], vendorId });
      }),

    resume: ({ id, vendorId }, skip, origin) =>
      change(db, 'resume a webhook', origin, async (tx, note) => {
        const where = eq(webhooks.id, id);
        const [held] = await tx.select().from(webhooks).where(where).for('update');
        const waiting = held && skip ? await nextOf(tx, held) : undefined;
        if (waiting) await passBy(tx, id, waiting);
        await tx.update(webhooks).set(afresh(origin.at)).where(where);
        const subjects = waiting ? [id, messageId(waiting.raw)] : [id];
        note({ action: waiting ? 'webhook.skipped' : 'webhook.resumed', subjects, vendorId });
      }),
  };
}

function replays(db: Database): Pick<WebhookStore, 'sequenceOf' | 'entriesBetween' | 'replay'> {
  return {
    sequenceOf: ({ id }, message) =>
      guarded('look up a delivery', async () => {
        const { webhookId, messageId: known, sequence } = webhookDeliveries;
        const [row] = await db
          .select({ sequence })
          .from(webhookDeliveries)
          .where(and(eq(webhookId, id), eq(known, message)))
          .limit(1);
        return row?.sequence ?? undefined;
      }),

    entriesBetween: ({ vendorId }, from, until) =>
      guarded('read the audit log', async () => {
        const { at, sequence } = auditEntries;
        const times = between(at, new Date(from), new Date(until));
        const [row] = await db
          .select({ from: min(sequence), until: max(sequence) })
          .from(auditEntries)
          .where(and(eq(auditEntries.vendorId, vendorId), times));
        const [first, last] = [row?.from ?? undefined, row?.until ?? undefined];
        return first === undefined || last === undefined ? undefined : { from: first, until: last };
      }),

    replay: ({ id, vendorId }, { from, until }, most, origin) =>
      change(db, 'replay messages', origin, async (tx, note) => {
        await tx.select().from(webhooks).where(eq(webhooks.id, id)).for('update');
        const [held] = await tx
          .select({ all: count() })
          .from(webhookReplays)
          .where(eq(webhookReplays.webhookId, id));
        if (held!.all >= most) return false;
        await tx.insert(webhookReplays).values({ webhookId: id, cursor: from - 1, until });
        note({ action: 'webhook.replayed', subjects: [id], vendorId, facts: { from, until } });
        return true;
      }),
  };
}

/** Nothing of what went wrong before counts any more. */
const afresh = (at: number) => ({
  attempts: 0,
  failedSince: null,
  failingSince: null,
  nextAttemptAt: new Date(at),
});

function deliveryOf(row: typeof webhookDeliveries.$inferSelect): Delivery {
  return {
    number: row.number,
    messageId: row.messageId,
    type: row.type,
    kind: row.kind as Delivery['kind'],
    at: row.at.getTime(),
    durationMs: row.durationMs,
    status: row.status ?? undefined,
    failure: (row.failure as Delivery['failure'] | null) ?? undefined,
  };
}
