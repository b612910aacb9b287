import { and, eq, gt, isNull, lt, ne, or, sql } from 'drizzle-orm';
import { IDLE_MS, type SessionStore } from '../domain/session.ts';
import { operators, sessions } from './account-schema.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { OPERATOR, operatorOf } from './operators.ts';

export function sessionStore(db: Database): SessionStore {
  // Asked for each request: its text is made once.
  const finding = db
    .select({ ...OPERATOR, session: sessions })
    .from(sessions)
    .innerJoin(operators, eq(operators.id, sessions.operatorId))
    .where(
      and(
        eq(sessions.hash, sql.placeholder('hash')),
        gt(sessions.expiresAt, sql.placeholder('now')),
        gt(sessions.seenAt, sql.placeholder('idle')),
        isNull(operators.disabledAt),
      ),
    )
    .prepare('');
  return {
    begin: ({ hash, operatorId, half, beganAt, expiresAt }, how, origin, instead) =>
      change(db, 'begin a session', origin, async (tx, note) => {
        const at = new Date(beganAt);
        const idle = new Date(beganAt - IDLE_MS);
        await tx.delete(sessions).where(or(lt(sessions.expiresAt, at), lt(sessions.seenAt, idle)));
        if (instead) await tx.delete(sessions).where(eq(sessions.hash, instead));
        const times = { beganAt: at, seenAt: at, expiresAt: new Date(expiresAt) };
        await tx.insert(sessions).values({ hash, operatorId, half, ...times });
        const [row] = await tx.select().from(operators).where(eq(operators.id, operatorId));
        const vendorId = row?.vendorId ?? undefined;
        note({ action: 'session.begun', subjects: [operatorId], vendorId, facts: { how } });
      }),

    find: (hash, now) =>
      guarded('look up a session', async () => {
        const [found] = await finding.execute({
          hash,
          now: new Date(now),
          idle: new Date(now - IDLE_MS),
        });
        if (!found) return undefined;
        const { half, beganAt, seenAt } = found.session;
        const times = { beganAt: beganAt.getTime(), seenAt: seenAt.getTime() };
        return { hash, operator: operatorOf(found), half, ...times };
      }),

    note: (hash, seenAt) =>
      guarded('note a session', async () => {
        await db
          .update(sessions)
          .set({ seenAt: new Date(seenAt) })
          .where(eq(sessions.hash, hash));
      }),

    end: (hash, origin) =>
      change(db, 'end a session', origin, async (tx, note) => {
        const ended = await tx
          .delete(sessions)
          .where(eq(sessions.hash, hash))
          .returning({ id: sessions.operatorId });
        for (const { id } of ended) note({ action: 'session.ended', subjects: [id] });
      }),

    endOthers: (operatorId, but, origin) =>
      change(db, 'end sessions', origin, async (tx, note) => {
        const ended = await tx
          .delete(sessions)
          .where(and(eq(sessions.operatorId, operatorId), ne(sessions.hash, but)))
          .returning({ id: sessions.operatorId });
        if (ended.length > 0) {
          const facts = { count: ended.length };
          note({ action: 'session.others-ended', subjects: [operatorId], facts });
        }
        return ended.length;
      }),
  };
}
