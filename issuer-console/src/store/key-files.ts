import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { desc, eq } from 'drizzle-orm';
import { judgeLog } from '../domain/ceremony.ts';
import type { KeyFileStore } from '../domain/key-desk.ts';
import type { CvcLayout } from '../domain/key-file.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { ceremonyLogs, keyChains, keyRequests } from './key-file-schema.ts';

export function keyFileStore(db: Database): KeyFileStore {
  return {
    keepRequests: (requests, origin) =>
      change(db, 'keep requests for certificates', origin, async (tx, note) => {
        const rows = requests.map(({ id, layout, keyHash, holder, raw }) => ({
          id: fromHex(id),
          layout,
          keyHash: fromHex(keyHash),
          holder: holder ?? null,
          raw,
          receivedAt: new Date(origin.at),
        }));
        const added = await tx
          .insert(keyRequests)
          .values(rows)
          .onConflictDoNothing()
          .returning({ id: keyRequests.id });
        if (added.length > 0) {
          note({ action: 'institution.requested', subjects: added.map(({ id }) => toHex(id)) });
        }
        return added.length;
      }),

    keepChain: ({ id, keyHash, expiresAt, ...chain }, origin) =>
      change(db, 'keep CV certificates', origin, async (tx, note) => {
        const added = await tx
          .insert(keyChains)
          .values({
            ...chain,
            id: fromHex(id),
            keyHash: fromHex(keyHash),
            expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
            receivedAt: new Date(origin.at),
          })
          .onConflictDoNothing()
          .returning({ id: keyChains.id });
        if (added.length > 0) note({ action: 'institution.certified', subjects: [id] });
        return added.length;
      }),

    keepLog: ({ id, lines, head, raw }, origin) =>
      change(db, 'keep a ceremony log', origin, async (tx, note) => {
        const key = fromHex(id);
        const [held] = await tx
          .select({ raw: ceremonyLogs.raw })
          .from(ceremonyLogs)
          .where(eq(ceremonyLogs.id, key))
          .for('update');
        const verdict = judgeLog(held?.raw, raw);
        if (verdict !== 'new' && verdict !== 'grown') return verdict;
        const row = { lines, raw, receivedAt: new Date(origin.at) };
        await tx
          .insert(ceremonyLogs)
          .values({ id: key, ...row })
          .onConflictDoUpdate({ target: ceremonyLogs.id, set: row });
        // With the head, this log itself witnesses how far that one went.
        note({ action: 'ceremony.kept', subjects: [id, head], facts: { lines } });
        return verdict;
      }),

    requests: () =>
      guarded('read requests for certificates', async () => {
        const rows = await db.select().from(keyRequests).orderBy(desc(keyRequests.receivedAt));
        return rows.map(({ id, layout, keyHash, holder, raw, receivedAt }) => ({
          id: toHex(id),
          layout: layout as CvcLayout,
          keyHash: toHex(keyHash),
          holder: holder ?? undefined,
          raw,
          receivedAt: receivedAt.getTime(),
        }));
      }),

    chains: () =>
      guarded('read CV certificates', async () => {
        const rows = await db.select().from(keyChains).orderBy(desc(keyChains.receivedAt));
        return rows.map((row) => ({
          ...row,
          id: toHex(row.id),
          layout: row.layout as CvcLayout,
          keyHash: toHex(row.keyHash),
          expiresAt: row.expiresAt?.getTime(),
          receivedAt: row.receivedAt.getTime(),
        }));
      }),

    logs: () =>
      guarded('read ceremony logs', async () => {
        const rows = await db.select().from(ceremonyLogs).orderBy(desc(ceremonyLogs.receivedAt));
        return rows.map(({ id, raw, receivedAt }) => ({
          id: toHex(id),
          raw,
          receivedAt: receivedAt.getTime(),
        }));
      }),
  };
}
