import { and, eq, gt, isNull } from 'drizzle-orm';
import type { ApiKey, ApiKeyStore, NewApiKey } from '../domain/api-key.ts';
import type { Permission } from '../domain/permission.ts';
import { apiKeys } from './account-schema.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { within } from './scope.ts';

/** A key in steady use is not written to at each request. */
const USE_NOTED_MS = 60_000;

export function apiKeyStore(db: Database): ApiKeyStore {
  return {
    list: (scope) =>
      guarded('read the API keys', async () => {
        const rows = await db
          .select()
          .from(apiKeys)
          .where(within(scope, apiKeys.vendorId))
          .orderBy(apiKeys.vendorId, apiKeys.createdAt, apiKeys.id);
        return rows.map(keyOf);
      }),

    find: (scope, id) =>
      guarded('look up an API key', async () => {
        const [row] = await db
          .select()
          .from(apiKeys)
          .where(and(within(scope, apiKeys.vendorId), eq(apiKeys.id, id)));
        return row && keyOf(row);
      }),

    add: (key, origin) =>
      change(db, 'add an API key', origin, async (tx, note) => {
        await tx.insert(apiKeys).values(rowOf(key, origin.at));
        const { id, vendorId, prefix } = key;
        note({ action: 'api-key.given', subjects: [id], vendorId, facts: { prefix } });
      }),

    rotate: (key, oldUntil, origin) =>
      change(db, 'rotate an API key', origin, async (tx, note) => {
        const at = new Date(origin.at);
        // The row's lock: of two who rotate at once, one does.
        const [old] = await tx
          .select()
          .from(apiKeys)
          .where(and(eq(apiKeys.id, key.replaces), eq(apiKeys.vendorId, key.vendorId)))
          .for('update');
        const [successor] = await tx
          .select({ id: apiKeys.id })
          .from(apiKeys)
          .where(eq(apiKeys.replaces, key.replaces));
        if (!old || successor || old.revokedAt || old.expiresAt <= at) return false;
        const expiresAt = new Date(Math.min(old.expiresAt.getTime(), oldUntil));
        await tx.update(apiKeys).set({ expiresAt }).where(eq(apiKeys.id, old.id));
        // Of three, the oldest goes at once.
        const eldest = and(eq(apiKeys.id, old.replaces ?? old.id), gt(apiKeys.expiresAt, at));
        if (old.replaces) await tx.update(apiKeys).set({ expiresAt: at }).where(eldest);
        await tx.insert(apiKeys).values(rowOf(key, origin.at));
        const { id, vendorId, prefix, replaces } = key;
        note({ action: 'api-key.rotated', subjects: [replaces, id], vendorId, facts: { prefix } });
        return true;
      }),

    revoke: (scope, id, origin) =>
      change(db, 'revoke an API key', origin, async (tx, note) => {
        const where = and(within(scope, apiKeys.vendorId), eq(apiKeys.id, id));
        const revoked = await tx
          .update(apiKeys)
          .set({ revokedAt: new Date(origin.at) })
          .where(and(where, isNull(apiKeys.revokedAt)))
          .returning({ vendorId: apiKeys.vendorId });
        for (const { vendorId } of revoked) {
          note({ action: 'api-key.revoked', subjects: [id], vendorId });
        }
        const found = await tx.select({ id: apiKeys.id }).from(apiKeys).where(where);
        return found.length > 0;
      }),

    use: (hash, now) =>
      guarded('look up an API key', async () => {
        const at = new Date(now);
        const [row] = await db
          .select()
          .from(apiKeys)
          .where(and(eq(apiKeys.hash, hash), isNull(apiKeys.revokedAt), gt(apiKeys.expiresAt, at)));
        if (!row) return undefined;
        const noted = row.lastUsedAt !== null && now - row.lastUsedAt.getTime() < USE_NOTED_MS;
        if (!noted) {
          await db.update(apiKeys).set({ lastUsedAt: at }).where(eq(apiKeys.id, row.id));
        }
        return keyOf(row);
      }),
  };
}

function rowOf(key: NewApiKey, at: number): typeof apiKeys.$inferInsert {
  return {
    ...key,
    scopes: [...key.scopes],
    createdAt: new Date(at),
    expiresAt: new Date(key.expiresAt),
    replaces: key.replaces ?? null,
  };
}

function keyOf({ hash: _, ...row }: typeof apiKeys.$inferSelect): ApiKey {
  return {
    ...row,
    scopes: row.scopes as Permission[],
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    lastUsedAt: row.lastUsedAt?.getTime(),
    revokedAt: row.revokedAt?.getTime(),
    replaces: row.replaces ?? undefined,
  };
}
