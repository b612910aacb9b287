import { and, between, eq, sql } from 'drizzle-orm';
import { figuresOf } from '../domain/figures.ts';
import type { PrinterTrouble } from '../domain/gate.ts';
import {
  type JournalStore,
  type Placement,
  peopleOf,
  placeEntries,
  printerTrouble,
  totalUs,
  type UploadedEntry,
  unexplainedCalls,
} from '../domain/journal.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { addFigures } from './figures.ts';
import { keepListNews } from './gate-lists.ts';
import { gates, journalEntries } from './schema.ts';
import { keepMovements } from './ticket-movements.ts';

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

export function journalStore(db: Database): JournalStore {
  return {
    receive: (gateId, entries, at) =>
      guarded('receive a journal upload', () =>
        db.transaction((tx) => receive(tx, gateId, entries, new Date(at))),
      ),
  };
}

async function receive(
  tx: Transaction,
  gateId: string,
  entries: readonly UploadedEntry[],
  at: Date,
): Promise<Placement | undefined> {
  // The row's lock puts uploads of one gate one after the other.
  const [gate] = await tx
    .select({ sequence: gates.lastSequence, hash: gates.lastHash })
    .from(gates)
    .where(eq(gates.id, gateId))
    .for('update');
  if (!gate) return undefined;
  const held = await heldEntries(tx, gateId, gate.sequence, entries);
  const placement = placeEntries(gateId, gate, held, entries);
  if (placement.outcome === 'accepted') await keep(tx, gateId, placement, at);
  else await remember(tx, gateId, placement, at);
  return placement;
}

/** The octets of those entries that the upload repeats. */
async function heldEntries(
  tx: Transaction,
  gateId: string,
  last: number,
  entries: readonly UploadedEntry[],
): Promise<Map<number, Uint8Array>> {
  const first = entries[0]?.entry.sequence;
  if (first === undefined || first > last) return new Map();
  const until = Math.min(last, first + entries.length - 1);
  const rows = await tx
    .select({ sequence: journalEntries.sequence, raw: journalEntries.raw })
    .from(journalEntries)
    .where(and(eq(journalEntries.gateId, gateId), between(journalEntries.sequence, first, until)));
  return new Map(rows.map(({ sequence, raw }) => [sequence, raw]));
}

async function keep(
  tx: Transaction,
  gateId: string,
  { sequence, hash, fresh }: Extract<Placement, { outcome: 'accepted' }>,
  at: Date,
): Promise<void> {
  const rows = fresh.map((uploaded) => toRow(gateId, uploaded, at));
  if (rows.length > 0) await tx.insert(journalEntries).values(rows);
  await addFigures(tx, gateId, figuresOf(fresh));
  await keepListNews(tx, gateId, fresh, at);
  await keepMovements(tx, gateId, fresh);
  const admitted = rows.filter(({ outcome }) => outcome === 'admitted').length;
  const refused = rows.filter(({ outcome }) => outcome === 'refused').length;
  const people = rows.reduce((sum, row) => sum + row.people, 0);
  const unexplained = unexplainedCalls(fresh);
  const printer = printerTrouble(fresh);
  await tx
    .update(gates)
    .set({
      ...(unexplained !== undefined && { unexplainedAt: new Date(unexplained) }),
      ...(printer !== undefined && printerColumns(printer)),
      lastSequence: sequence,
      lastHash: hash,
      lastSeenAt: at,
      admitted: sql`${gates.admitted} + ${admitted}`,
      refused: sql`${gates.refused} + ${refused}`,
      people: sql`${gates.people} + ${people}`,
    })
    .where(eq(gates.id, gateId));
}

function printerColumns(told: PrinterTrouble | 'well') {
  return told === 'well'
    ? { printerFault: null, printerSince: null }
    : { printerFault: told.fault, printerSince: new Date(told.since) };
}

/** A gap is mended by sending again; the first conflict stays until a person has looked at it. */
async function remember(
  tx: Transaction,
  gateId: string,
  placement: Exclude<Placement, { outcome: 'accepted' }>,
  at: Date,
): Promise<void> {
  const conflict =
    placement.outcome === 'conflict'
      ? {
          conflictSequence: sql`coalesce(${gates.conflictSequence}, ${placement.at})`,
          conflictAt: sql`coalesce(${gates.conflictAt}, ${at.toISOString()})`,
        }
      : {};
  await tx
    .update(gates)
    .set({ lastSeenAt: at, ...conflict })
    .where(eq(gates.id, gateId));
}

function toRow(gateId: string, { entry, raw }: UploadedEntry, receivedAt: Date) {
  const decision = entry.kind === 'decision' ? entry : undefined;
  return {
    gateId,
    sequence: entry.sequence,
    at: new Date(entry.at),
    kind: entry.kind,
    // A rehearsal is shown and counts nowhere.
    outcome: decision?.mode === 'rehearsal' ? undefined : decision?.outcome,
    reason: decision?.reason,
    code: decision?.code,
    people: peopleOf(entry),
    totalUs: decision && totalUs(decision.steps),
    listVersion: entry.list?.version,
    receivedAt,
    raw,
  } satisfies typeof journalEntries.$inferInsert;
}
