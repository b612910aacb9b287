import { fromHex } from '@pinless-gate/protocol/bytes';
import { decodeJournalEntry, journalOrigin } from '@pinless-gate/protocol/journal';
import { and, desc, eq, isNotNull, lt } from 'drizzle-orm';
import type { Gate, GateStore, GateSummary } from '../domain/gate.ts';
import type { OverviewStore, StaffAct, Tap } from '../domain/overview.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { gateNonces, gates, journalEntries } from './schema.ts';

export function gateStore(db: Database): GateStore {
  return {
    gate: (id) =>
      guarded('look up a gate', async () => {
        const [row] = await db.select().from(gates).where(eq(gates.id, id));
        const revokedAt = row?.revokedAt?.getTime();
        return row && { id: row.id, name: row.name, deviceKey: row.deviceKey, revokedAt };
      }),

    addGate: (gate, origin) =>
      change(db, 'add a gate', origin, async (tx, note) => {
        const added = await tx
          .insert(gates)
          .values(newGate(gate, origin.at))
          .onConflictDoNothing()
          .returning({ id: gates.id });
        if (added.length > 0) note({ action: 'gate.added', subjects: [gate.id] });
        return added.length > 0;
      }),

    putGate: (gate, origin) =>
      change(db, 'put a gate', origin, async (tx, note) => {
        const { id, name, deviceKey } = gate;
        const [held] = await tx.select().from(gates).where(eq(gates.id, id)).for('update');
        const replaced = held !== undefined && Buffer.compare(held.deviceKey, deviceKey) !== 0;
        if (held && !replaced && held.name === name) return false;
        // What a gate stated of itself was stated by the key that goes, and compared with that.
        const stated = replaced ? { statement: null, enrolledAt: null, comparedAt: null } : {};
        await tx
          .insert(gates)
          .values(newGate(gate, origin.at))
          .onConflictDoUpdate({ target: gates.id, set: { name, deviceKey, ...stated } });
        const what = held ? (replaced ? 'rekeyed' : 'renamed') : 'added';
        note({ action: `gate.${what}`, subjects: [id] });
        return replaced;
      }),

    takeNonce: (gateId, nonce, { at, forget }) =>
      guarded('take a request', async () => {
        await db.delete(gateNonces).where(lt(gateNonces.takenAt, new Date(forget)));
        const taken = await db
          .insert(gateNonces)
          .values({ gateId, nonce, takenAt: new Date(at) })
          .onConflictDoNothing()
          .returning({ gateId: gateNonces.gateId });
        return taken.length > 0;
      }),
  };
}

export function newGate(gate: Gate, at: number): typeof gates.$inferInsert {
  return { ...gate, addedAt: new Date(at), lastHash: journalOrigin(fromHex(gate.id)) };
}

export function overviewStore(db: Database): OverviewStore {
  return {
    gates: () =>
      guarded('read the gates', async () => {
        const found = await db
          .select({ gate: gates, kind: journalEntries.kind, version: journalEntries.listVersion })
          .from(gates)
          .leftJoin(
            journalEntries,
            and(
              eq(journalEntries.gateId, gates.id),
              eq(journalEntries.sequence, gates.lastSequence),
            ),
          )
          .orderBy(gates.name, gates.id);
        return found.map(summary);
      }),

    lastTaps: (limit) =>
      guarded('read the last taps', async () => {
        const found = await db
          .select({ entry: tapColumns, name: gates.name })
          .from(journalEntries)
          .innerJoin(gates, eq(gates.id, journalEntries.gateId))
          .where(and(eq(journalEntries.kind, 'decision'), isNotNull(journalEntries.outcome)))
          .orderBy(desc(journalEntries.at), journalEntries.gateId, desc(journalEntries.sequence))
          .limit(limit);
        return found.map(({ entry, name }): Tap => {
          const { at, outcome, reason, code, listVersion, totalUs } = entry;
          return {
            gateId: entry.gateId,
            gate: name,
            sequence: entry.sequence,
            at: at.getTime(),
            admitted: outcome === 'admitted',
            reason: reason ?? undefined,
            code: code ?? '',
            listVersion: listVersion ?? undefined,
            totalMs: (totalUs ?? 0) / 1000,
          };
        });
      }),

    lastActs: (limit) => guarded('read the last acts', () => lastActs(db, limit)),
  };
}

/** Who and why stand in the entry itself. */
async function lastActs(db: Database, limit: number): Promise<StaffAct[]> {
  const { gateId, at, sequence, kind, raw } = journalEntries;
  const found = await db
    .select({ raw, gateId, name: gates.name })
    .from(journalEntries)
    .innerJoin(gates, eq(gates.id, gateId))
    .where(eq(kind, 'act'))
    .orderBy(desc(at), gateId, desc(sequence))
    .limit(limit);
  return found.flatMap(({ raw: encoded, gateId: id, name }) => {
    const { entry } = decodeJournalEntry(encoded);
    if (entry.kind !== 'act') return [];
    const { act, operator, reason, code, detail } = entry;
    const { sequence: number, at: done } = entry;
    return [
      { gateId: id, gate: name, sequence: number, at: done, act, operator, reason, code, detail },
    ];
  });
}

const tapColumns = {
  gateId: journalEntries.gateId,
  sequence: journalEntries.sequence,
  at: journalEntries.at,
  outcome: journalEntries.outcome,
  reason: journalEntries.reason,
  code: journalEntries.code,
  listVersion: journalEntries.listVersion,
  totalUs: journalEntries.totalUs,
};

interface GateRow {
  readonly gate: typeof gates.$inferSelect;
  readonly kind: string | null;
  readonly version: number | null;
}

function summary({ gate, kind, version }: GateRow): GateSummary {
  const { conflictSequence, conflictAt, printerFault, printerSince } = gate;
  return {
    id: gate.id,
    name: gate.name,
    admitted: gate.admitted,
    refused: gate.refused,
    people: gate.people,
    sequence: gate.lastSequence,
    lastSeenAt: gate.lastSeenAt?.getTime(),
    stopped: kind === 'stop',
    listVersion: version ?? undefined,
    conflict:
      conflictSequence === null || conflictAt === null
        ? undefined
        : { sequence: conflictSequence, at: conflictAt.getTime() },
    unexplainedAt: gate.unexplainedAt?.getTime(),
    printer:
      printerFault === null || printerSince === null
        ? undefined
        : { fault: printerFault, since: printerSince.getTime() },
    revokedAt: gate.revokedAt?.getTime(),
  };
}
