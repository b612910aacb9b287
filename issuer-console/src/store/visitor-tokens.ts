import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import type {
  NewVisitorToken,
  VisitorPurpose,
  VisitorToken,
  VisitorTokenStore,
} from '../domain/visitor-token.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { visitorTokens } from './visitor-schema.ts';

/** What has expired is of no use to anybody after this long. */
const KEPT_MS = 30 * 86_400_000;

export function visitorTokenStore(db: Database): VisitorTokenStore {
  return {
    add: (token) =>
      guarded('keep a code', () => db.transaction((tx) => addVisitorToken(tx, token))),

    give: (token, origin) =>
      change(db, 'give a code', origin, async (tx, note) => {
        await addVisitorToken(tx, token);
        const { subject, eventId, vendorId, purpose } = token;
        note({ action: 'code.given', subjects: [subject, eventId], vendorId, facts: { purpose } });
      }),

    find: (hash) =>
      guarded('look up a code', async () => {
        const [row] = await db.select().from(visitorTokens).where(eq(visitorTokens.hash, hash));
        return row && tokenOf(row);
      }),

    ask: (hash, { request, expiresAt }) =>
      guarded('keep a request', async () => {
        await db
          .update(visitorTokens)
          .set({ request, requestExpiresAt: new Date(expiresAt) })
          .where(eq(visitorTokens.hash, hash));
      }),

    answer: (hash, word, at) =>
      guarded('keep an answer', async () => {
        await db
          .update(visitorTokens)
          .set({ answer: word, answeredAt: new Date(at) })
          .where(eq(visitorTokens.hash, hash));
      }),
  };
}

/** With whatever the code is for, in one transaction. */
export async function addVisitorToken(tx: Transaction, token: NewVisitorToken): Promise<void> {
  const { issuedAt, expiresAt, ...more } = token;
  await tx.delete(visitorTokens).where(lt(visitorTokens.expiresAt, new Date(issuedAt - KEPT_MS)));
  await tx
    .insert(visitorTokens)
    .values({ ...more, issuedAt: new Date(issuedAt), expiresAt: new Date(expiresAt) });
}

/** False where it was used as often as it may be, has expired or was withdrawn: of many at once, one is true. */
export async function useVisitorToken(
  tx: Transaction,
  hash: Uint8Array,
  at: number,
): Promise<boolean> {
  const used = await tx
    .update(visitorTokens)
    .set({ usesLeft: sql`${visitorTokens.usesLeft} - 1` })
    .where(
      and(
        eq(visitorTokens.hash, hash),
        gt(visitorTokens.usesLeft, 0),
        gt(visitorTokens.expiresAt, new Date(at)),
        isNull(visitorTokens.withdrawnAt),
      ),
    )
    .returning({ hash: visitorTokens.hash });
  return used.length === 1;
}

/** Every code of this purpose and subject opens nothing from here on. */
export async function withdrawVisitorTokens(
  tx: Transaction,
  of: Pick<VisitorToken, 'eventId' | 'subject' | 'purpose'>,
  at: number,
): Promise<void> {
  await tx
    .update(visitorTokens)
    .set({ withdrawnAt: new Date(at) })
    .where(
      and(
        eq(visitorTokens.eventId, of.eventId),
        eq(visitorTokens.subject, of.subject),
        eq(visitorTokens.purpose, of.purpose),
        isNull(visitorTokens.withdrawnAt),
      ),
    );
}

function tokenOf(row: typeof visitorTokens.$inferSelect): VisitorToken {
  const { hash, eventId, vendorId, subject, usesLeft } = row;
  return {
    hash,
    eventId,
    vendorId,
    subject,
    usesLeft,
    purpose: row.purpose as VisitorPurpose,
    issuedAt: row.issuedAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    withdrawnAt: row.withdrawnAt?.getTime(),
    asked:
      row.request && row.requestExpiresAt
        ? { request: row.request, expiresAt: row.requestExpiresAt.getTime() }
        : undefined,
    answer:
      row.answer !== null && row.answeredAt
        ? { word: row.answer, at: row.answeredAt.getTime() }
        : undefined,
  };
}
