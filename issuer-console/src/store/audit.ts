import { and, asc, desc, eq, gt, lt } from 'drizzle-orm';
import {
  AUDIT_ORIGIN,
  type AuditLog,
  type AuditPosition,
  AuditVerifier,
  type Change,
  decodeAuditEntry,
  encodeAuditEntry,
  hashAuditEntry,
  type Origin,
} from '../domain/audit.ts';
import { auditEntries, auditHead } from './account-schema.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { within } from './scope.ts';

export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

/** Tells the audit log what was changed. */
export type Note = (change: Change) => void;

const PAGE = 500;

/** Who is told, by the database that the entries are in. */
const appended = new WeakMap<Database, Set<() => void>>();

/** One change and its audit entries: both are kept, or neither. */
export async function change<T>(
  db: Database,
  what: string,
  origin: Origin,
  work: (tx: Transaction, note: Note) => Promise<T>,
): Promise<T> {
  const changes: Change[] = [];
  const result = await guarded(what, () =>
    db.transaction(async (tx) => {
      const done = await work(tx, (one) => void changes.push(one));
      // Last, so that the chain's end is locked for as short as can be.
      if (changes.length > 0) await append(tx, origin, changes);
      return done;
    }),
  );
  if (changes.length > 0) for (const tell of appended.get(db) ?? []) tell();
  return result;
}

async function append(
  tx: Transaction,
  { by, at }: Origin,
  changes: readonly Change[],
): Promise<void> {
  let { sequence, hash: previous } = await lockHead(tx);
  const rows = changes.map((one) => {
    sequence += 1;
    const raw = encodeAuditEntry({ by, ...one, at, sequence, previous });
    previous = hashAuditEntry(raw);
    return { sequence, at: new Date(at), vendorId: one.vendorId ?? null, raw, hash: previous };
  });
  await tx.insert(auditEntries).values(rows);
  await tx.update(auditHead).set({ sequence, hash: previous });
}

async function lockHead(tx: Transaction): Promise<AuditPosition> {
  await tx
    .insert(auditHead)
    .values({ only: 1, sequence: 0, hash: AUDIT_ORIGIN })
    .onConflictDoNothing();
  const [head] = await tx.select().from(auditHead).for('update');
  return head!;
}

export function auditLog(db: Database): AuditLog {
  return {
    entries: (scope, { before, limit }) =>
      guarded('read the audit log', async () => {
        const rows = await db
          .select()
          .from(auditEntries)
          .where(
            and(
              within(scope, auditEntries.vendorId),
              before === undefined ? undefined : lt(auditEntries.sequence, before),
            ),
          )
          .orderBy(desc(auditEntries.sequence))
          .limit(limit);
        return rows.map(({ raw, hash }) => ({ entry: decodeAuditEntry(raw), hash }));
      }),

    since: (scope, { after, limit }) =>
      guarded('read the audit log', async () => {
        // The chain's end is locked until commit: whoever sees an entry sees all before it.
        const rows = await db
          .select()
          .from(auditEntries)
          .where(and(within(scope, auditEntries.vendorId), gt(auditEntries.sequence, after)))
          .orderBy(asc(auditEntries.sequence))
          .limit(limit);
        return rows.map(({ raw, hash }) => ({ entry: decodeAuditEntry(raw), hash }));
      }),

    onAppended: (tell) => {
      const told = appended.get(db) ?? new Set();
      appended.set(db, told.add(tell));
      return () => void told.delete(tell);
    },

    verify: (noted) =>
      guarded('verify the audit log', () =>
        // One moment of the database: what is appended meanwhile is not seen.
        db.transaction(async (tx) => verify(tx, new AuditVerifier(noted)), {
          isolationLevel: 'repeatable read',
        }),
      ),
  };
}

async function verify(tx: Transaction, verifier: AuditVerifier): Promise<AuditPosition> {
  const [head] = await tx.select().from(auditHead).where(eq(auditHead.only, 1));
  for (let after = 0; ; ) {
    const rows = await tx
      .select()
      .from(auditEntries)
      .where(gt(auditEntries.sequence, after))
      .orderBy(asc(auditEntries.sequence))
      .limit(PAGE);
    for (const { raw, hash, sequence } of rows) {
      verifier.take(raw, hash);
      after = sequence;
    }
    if (rows.length < PAGE) break;
  }
  return verifier.finish(head ?? { sequence: 0, hash: AUDIT_ORIGIN });
}
