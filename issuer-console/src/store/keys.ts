import { toHex } from '@pinless-gate/protocol/bytes';
import { and, eq, inArray, isNull } from 'drizzle-orm';
import {
  envelopeId,
  eventHex,
  isToBeDestroyed,
  type KeyDeliveryStore,
  type KeyRecord,
  type PutEnvelope,
  unknownGates,
} from '../domain/keys.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { destructions, gates, keyEnvelopes } from './schema.ts';

export function keyDeliveryStore(db: Database): KeyDeliveryStore {
  const ofGate = (gateId: string) => eq(keyEnvelopes.gateId, gateId);
  return {
    put: (envelopes, at) =>
      guarded('put keys', () =>
        db.transaction(async (tx) => {
          const wanted = [...new Set(envelopes.map(({ envelope }) => toHex(envelope.gateId)))];
          const known = await tx
            .select({ id: gates.id })
            .from(gates)
            .where(and(inArray(gates.id, wanted), isNull(gates.revokedAt)));
          const unknown = wanted.filter((id) => !known.some((gate) => gate.id === id));
          if (unknown.length > 0) throw unknownGates(unknown);
          const rows = envelopes.map((one) => toRow(one, new Date(at)));
          const added = await tx
            .insert(keyEnvelopes)
            .values(rows)
            .onConflictDoNothing()
            .returning({ id: keyEnvelopes.id });
          return { put: added.length, known: envelopes.length - added.length };
        }),
      ),

    give: (gateId, at) =>
      guarded('fetch keys', async () => {
        const open = and(ofGate(gateId), isNull(keyEnvelopes.destroyedAt));
        await db
          .update(keyEnvelopes)
          .set({ fetchedAt: new Date(at) })
          .where(and(open, isNull(keyEnvelopes.fetchedAt)));
        const rows = await db
          .select({ envelope: keyEnvelopes, gate: gates })
          .from(keyEnvelopes)
          .innerJoin(gates, eq(gates.id, keyEnvelopes.gateId))
          .where(open)
          .orderBy(keyEnvelopes.generation, keyEnvelopes.putAt);
        return rows.map((row) => ({
          id: toHex(row.envelope.id),
          raw: row.envelope.raw,
          taken: row.envelope.takenAt !== null,
          destroy: isToBeDestroyed(record(row), at),
        }));
      }),

    taken: (gateId, id, at) =>
      guarded('note a key that was taken', async () => {
        const where = and(ofGate(gateId), eq(keyEnvelopes.id, id));
        await db
          .update(keyEnvelopes)
          .set({ takenAt: new Date(at) })
          .where(and(where, isNull(keyEnvelopes.takenAt)));
        const found = await db.select({ id: keyEnvelopes.id }).from(keyEnvelopes).where(where);
        return found.length > 0;
      }),

    order: (eventId, at) =>
      guarded('order the destruction of keys', async () => {
        const ordered = await db
          .update(keyEnvelopes)
          .set({ orderedAt: new Date(at) })
          .where(and(eq(keyEnvelopes.eventId, eventId), isNull(keyEnvelopes.orderedAt)))
          .returning({ id: keyEnvelopes.id });
        return ordered.length;
      }),

    destroyed: (destruction, raw, at) =>
      guarded('keep a record of destruction', () =>
        db.transaction(async (tx) => {
          const gateId = toHex(destruction.gateId);
          const eventId = toHex(destruction.eventId);
          const destroyedAt = new Date(1000 * destruction.destroyedAt);
          await tx
            .insert(destructions)
            .values({
              id: envelopeId(raw),
              gateId,
              eventId,
              destroyedAt,
              receivedAt: new Date(at),
              raw,
            })
            .onConflictDoNothing();
          await tx
            .update(keyEnvelopes)
            .set({ destroyedAt })
            .where(
              and(
                ofGate(gateId),
                eq(keyEnvelopes.eventId, eventId),
                inArray(
                  keyEnvelopes.keyId,
                  destruction.keys.map(({ keyId }) => keyId),
                ),
              ),
            );
        }),
      ),

    keepGateKey: (gateId, raw) =>
      guarded("keep a gate's key", async () => {
        await db.update(gates).set({ gateKey: raw }).where(eq(gates.id, gateId));
      }),

    recipients: () =>
      guarded('read the gates', async () => {
        const rows = await db
          .select()
          .from(gates)
          .where(isNull(gates.revokedAt))
          .orderBy(gates.name, gates.id);
        return rows.map(({ id, name, eventIds, gateKey }) => ({
          gateId: id,
          name,
          eventIds,
          gateKey: gateKey ? Buffer.from(gateKey).toString('base64') : undefined,
        }));
      }),

    keys: () =>
      guarded('read the keys', async () => {
        const rows = await db
          .select({ envelope: keyEnvelopes, gate: gates })
          .from(keyEnvelopes)
          .innerJoin(gates, eq(gates.id, keyEnvelopes.gateId))
          .orderBy(keyEnvelopes.eventId, keyEnvelopes.generation, gates.name, keyEnvelopes.putAt);
        return rows.map(record);
      }),
  };
}

function toRow({ id, envelope, raw }: PutEnvelope, putAt: Date): typeof keyEnvelopes.$inferInsert {
  const { kind, keyId, label, generation, validFrom, validUntil } = envelope;
  return {
    id,
    gateId: toHex(envelope.gateId),
    eventId: eventHex(envelope.eventId) ?? null,
    kind,
    keyId,
    label,
    generation,
    validFrom: new Date(1000 * validFrom),
    validUntil: new Date(1000 * validUntil),
    raw,
    putAt,
  };
}

interface KeyRow {
  readonly envelope: typeof keyEnvelopes.$inferSelect;
  readonly gate: typeof gates.$inferSelect;
}

function record({ envelope, gate }: KeyRow): KeyRecord {
  const { label, generation } = envelope;
  return {
    id: toHex(envelope.id),
    gateId: gate.id,
    gate: gate.name,
    gateRevoked: gate.revokedAt !== null,
    eventId: envelope.eventId ?? undefined,
    label,
    generation,
    validFrom: envelope.validFrom.getTime(),
    validUntil: envelope.validUntil.getTime(),
    putAt: envelope.putAt.getTime(),
    fetchedAt: envelope.fetchedAt?.getTime(),
    takenAt: envelope.takenAt?.getTime(),
    orderedAt: envelope.orderedAt?.getTime(),
    destroyedAt: envelope.destroyedAt?.getTime(),
  };
}
