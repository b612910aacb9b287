import { EMPTY, equal } from '@pinless-gate/protocol/bytes';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Event } from '../domain/event.ts';
import type {
  ImportCounts,
  ImportRow,
  NewImport,
  PurchasePut,
  PurchaseRow,
  Reject,
} from '../domain/purchase.ts';
import type { Transaction } from './audit.ts';
import { anyOf, putRows } from './purchase-batch.ts';
import { events, purchaseHistory, purchases } from './purchase-schema.ts';

type Place = Pick<NewImport, 'eventId' | 'vendorId'>;
type Known = Pick<
  typeof purchases.$inferSelect,
  'purchaseId' | 'hash' | 'importedHash' | 'state' | 'changeNo'
>;
type KnownRows = ReadonlyMap<string, Known>;

export interface Imported extends Omit<ImportCounts, 'rejected'> {
  /** Rows whose purchase was changed here since an import brought it. */
  readonly refused: readonly Reject[];
}

const CHANGED_HERE = 'changed in the console since it was imported: change it there';

/**
 * Rows of an import. What was changed here since stands against the row that was imported before, and is replaced
 * by another one only where that gives the purchase back.
 */
export async function importRows(
  tx: Transaction,
  of: Place,
  rows: readonly ImportRow[],
  at: Date,
): Promise<Imported> {
  const none = { accepted: 0, changed: 0, unchanged: 0, refused: [] };
  if (rows.length === 0) return none;
  const known = await knownRows(tx, of, rows);
  const fresh = rows.filter((row) => !isKnown(known.get(row.purchaseId), row));
  const [taken, refused] = apart(fresh, (row) => mayReplace(known.get(row.purchaseId), row));
  if (taken.length > 0) {
    const written = taken.map(({ line: _, ...row }) => ({ ...row, importedHash: row.hash }));
    await write(tx, of, { rows: written, known, at });
  }
  await noteAsImported(tx, of, rows, known);
  const changed = taken.filter((row) => known.has(row.purchaseId)).length;
  return {
    accepted: taken.length - changed,
    changed,
    unchanged: rows.length - fresh.length,
    refused: refused.map(({ line }) => ({ line, field: 'purchaseId', reason: CHANGED_HERE })),
  };
}

const isKnown = (before: Known | undefined, { hash }: PurchaseRow) =>
  before !== undefined && (equal(before.hash, hash) || equal(before.importedHash ?? EMPTY, hash));

/** What was changed here and now comes as it is from outside too: from here on imports change it again. */
async function noteAsImported(
  tx: Transaction,
  { eventId }: Place,
  rows: readonly ImportRow[],
  known: KnownRows,
): Promise<void> {
  const ids = rows.flatMap((row) => {
    const before = known.get(row.purchaseId);
    return before && equal(before.hash, row.hash) && wasChangedHere(before) ? row.purchaseId : [];
  });
  if (ids.length === 0) return;
  await tx
    .update(purchases)
    .set({ importedHash: sql`${purchases.hash}` })
    .where(and(eq(purchases.eventId, eventId), inArray(purchases.purchaseId, ids)));
}

const wasChangedHere = ({ hash, importedHash }: Known) => !equal(hash, importedHash ?? EMPTY);

function mayReplace(before: Known | undefined, { state }: PurchaseRow): boolean {
  return !before || state === 'cancelled' || !wasChangedHere(before);
}

export type Put =
  | {
      readonly changeNo: number /** False where it was there as it is. */;
      readonly written: boolean;
    }
  | 'conflict';

/** One purchase, changed here. The caller's transaction may hold what belongs to it. */
export async function putPurchase(
  tx: Transaction,
  { id: eventId, vendorId }: Pick<Event, 'id' | 'vendorId'>,
  { row, expect }: Pick<PurchasePut, 'row' | 'expect'>,
  at: Date,
): Promise<Put> {
  const of = { eventId, vendorId };
  const known = await knownRows(tx, of, [row]);
  const before = known.get(row.purchaseId);
  if (expect !== undefined && (before?.changeNo ?? 0) !== expect) return 'conflict';
  if (before && equal(before.hash, row.hash)) return { changeNo: before.changeNo, written: false };
  const kept = { ...row, importedHash: before?.importedHash ?? null };
  const changeNo = await write(tx, of, { rows: [kept], known, at });
  return { changeNo, written: true };
}

/** What is held of these purchases, which nobody else changes until the transaction ends. */
async function knownRows(
  tx: Transaction,
  { eventId }: Place,
  rows: readonly PurchaseRow[],
): Promise<KnownRows> {
  // The event's lock puts imports, single changes and exports in order.
  await tx.select({ id: events.id }).from(events).where(eq(events.id, eventId)).for('update');
  const { purchaseId, hash, importedHash, state, changeNo } = purchases;
  const ids = rows.map((row) => row.purchaseId);
  const found = await tx
    .select({ purchaseId, hash, importedHash, state, changeNo })
    .from(purchases)
    .where(and(eq(purchases.eventId, eventId), sql`${purchaseId} = ${anyOf(ids)}`));
  return new Map(found.map((row) => [row.purchaseId, row]));
}

interface Writing {
  readonly rows: readonly (PurchaseRow & { readonly importedHash: Uint8Array | null })[];
  readonly known: KnownRows;
  readonly at: Date;
}

/** The number of the change. */
async function write(
  tx: Transaction,
  { eventId, vendorId }: Place,
  { rows, known, at }: Writing,
): Promise<number> {
  const [{ changeNo } = { changeNo: 0 }] = await tx
    .update(events)
    .set({ changeNo: sql`${events.changeNo} + 1` })
    .where(eq(events.id, eventId))
    .returning({ changeNo: events.changeNo });
  const values = rows.map(({ seal, ...row }) => ({ ...row, sealed: seal() }));
  await putRows(tx, values, { eventId, vendorId, at, changeNo });
  const past = rows.flatMap(({ purchaseId, state }) => {
    const before = known.get(purchaseId);
    if (!before || before.state === state) return [];
    return [{ eventId, purchaseId, changeNo, state: before.state, until: at }];
  });
  if (past.length > 0) await tx.insert(purchaseHistory).values(past);
  return changeNo;
}

function apart<T>(items: readonly T[], is: (item: T) => boolean): [yes: T[], no: T[]] {
  const yes = items.filter(is);
  const chosen = new Set(yes);
  return [yes, items.filter((item) => !chosen.has(item))];
}
