import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeEnrolmentStatement } from '@pinless-gate/protocol/enrolment';
import { decodeGateKey } from '@pinless-gate/protocol/gate-key';
import type { KeyDestruction } from '@pinless-gate/protocol/key-destruction';
import { keyHash } from '@pinless-gate/protocol/signed';
import { and, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm';
import type { Origin } from '../domain/audit.ts';
import {
  envelopeId,
  eventHex,
  isToBeDestroyed,
  type KeyDeliveryStore,
  type KeyRecord,
  type PutEnvelope,
  type Recipient,
  unknownGates,
} from '../domain/keys.ts';
import { change, type Note, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { destructions, gates, keyEnvelopes } from './schema.ts';

export function keyDeliveryStore(db: Database): KeyDeliveryStore {
  return {
    put: (envelopes, origin) =>
      change(db, 'put keys', origin, async (tx, note) => {
        const wanted = [...new Set(envelopes.map(({ envelope }) => toHex(envelope.gateId)))];
        const known = await tx
          .select({ id: gates.id })
          .from(gates)
          .where(and(inArray(gates.id, wanted), isNull(gates.revokedAt)));
        const unknown = wanted.filter((id) => !known.some((gate) => gate.id === id));
        if (unknown.length > 0) throw unknownGates(unknown);
        const rows = envelopes.map((one) => toRow(one, new Date(origin.at)));
        const added = await tx
          .insert(keyEnvelopes)
          .values(rows)
          .onConflictDoNothing()
          .returning({ id: keyEnvelopes.id });
        if (added.length > 0) note({ action: 'keys.put', subjects: added.map(hexOfId) });
        return { put: added.length, known: envelopes.length - added.length };
      }),

    give: (gateId, at) =>
      change(db, 'fetch keys', ofGateAt(gateId, at), async (tx, note) => {
        const open = and(ofGate(gateId), isNull(keyEnvelopes.destroyedAt));
        const fetched = await tx
          .update(keyEnvelopes)
          .set({ fetchedAt: new Date(at) })
          .where(and(open, isNull(keyEnvelopes.fetchedAt)))
          .returning({ id: keyEnvelopes.id });
        if (fetched.length > 0) note({ action: 'keys.fetched', subjects: fetched.map(hexOfId) });
        const rows = await tx
          .select({ ...KEY_COLUMNS, raw: keyEnvelopes.raw })
          .from(keyEnvelopes)
          .innerJoin(gates, eq(gates.id, keyEnvelopes.gateId))
          .where(open)
          .orderBy(keyEnvelopes.generation, keyEnvelopes.putAt);
        return rows.map((row) => ({
          id: toHex(row.envelope.id),
          raw: row.raw,
          taken: row.envelope.takenAt !== null,
          destroy: isToBeDestroyed(record(row), at),
        }));
      }),

    taken: (gateId, id, at) =>
      change(db, 'note a key that was taken', ofGateAt(gateId, at), async (tx, note) => {
        const where = and(ofGate(gateId), eq(keyEnvelopes.id, id));
        const taken = await tx
          .update(keyEnvelopes)
          .set({ takenAt: new Date(at) })
          .where(and(where, isNull(keyEnvelopes.takenAt)))
          .returning({ id: keyEnvelopes.id });
        if (taken.length > 0) note({ action: 'keys.taken', subjects: taken.map(hexOfId) });
        const found = await tx.select({ id: keyEnvelopes.id }).from(keyEnvelopes).where(where);
        return found.length > 0;
      }),

    order: (eventId, origin) =>
      change(db, 'order the destruction of keys', origin, async (tx, note) => {
        const ordered = await tx
          .update(keyEnvelopes)
          .set({ orderedAt: new Date(origin.at) })
          .where(and(eq(keyEnvelopes.eventId, eventId), isNull(keyEnvelopes.orderedAt)))
          .returning({ id: keyEnvelopes.id });
        if (ordered.length > 0) note({ action: 'keys.ordered', subjects: [eventId] });
        return ordered.length;
      }),

    destroyed: (destruction, raw, at) => {
      const origin = ofGateAt(toHex(destruction.gateId), at);
      return change(db, 'keep a record of destruction', origin, (tx, note) =>
        keepDestruction(tx, note, { destruction, raw, at }),
      );
    },

    keepGateKey: (gateId, raw, at) =>
      change(db, "keep a gate's key", ofGateAt(gateId, at), async (tx, note) => {
        const kept = await tx
          .update(gates)
          .set({ gateKey: raw })
          .where(and(eq(gates.id, gateId), or(isNull(gates.gateKey), ne(gates.gateKey, raw))))
          .returning({ id: gates.id });
        if (kept.length > 0) note({ action: 'gate.key-kept', subjects: [gateId] });
      }),

    recipients: () =>
      guarded('read the gates', async () => {
        const rows = await db
          .select()
          .from(gates)
          .where(isNull(gates.revokedAt))
          .orderBy(gates.name, gates.id);
        return rows.map(recipientOf);
      }),

    gates: () =>
      guarded('read the gates', () =>
        db
          .select({
            gateId: gates.id,
            name: gates.name,
            eventIds: gates.eventIds,
            wrappable: sql<boolean>`${gates.gateKey} is not null`,
            compared: sql<boolean>`${gates.comparedAt} is not null`,
          })
          .from(gates)
          .where(isNull(gates.revokedAt))
          .orderBy(gates.name, gates.id),
      ),

    keys: () =>
      guarded('read the keys', async () => {
        const rows = await db
          .select(KEY_COLUMNS)
          .from(keyEnvelopes)
          .innerJoin(gates, eq(gates.id, keyEnvelopes.gateId))
          .orderBy(keyEnvelopes.eventId, keyEnvelopes.generation, gates.name, keyEnvelopes.putAt);
        return rows.map(record);
      }),
  };
}

const ofGate = (gateId: string) => eq(keyEnvelopes.gateId, gateId);
const ofGateAt = (id: string, at: number): Origin => ({ by: { kind: 'gate', id }, at });
const hexOfId = ({ id }: { id: Uint8Array }) => toHex(id);

interface Told {
  readonly destruction: KeyDestruction;
  readonly raw: Uint8Array;
  readonly at: number;
}

async function keepDestruction(
  tx: Transaction,
  note: Note,
  { destruction, raw, at }: Told,
): Promise<void> {
  const gateId = toHex(destruction.gateId);
  const eventId = toHex(destruction.eventId);
  const destroyedAt = new Date(1000 * destruction.destroyedAt);
  const id = envelopeId(raw);
  const added = await tx
    .insert(destructions)
    .values({ id, gateId, eventId, destroyedAt, receivedAt: new Date(at), raw })
    .onConflictDoNothing()
    .returning({ id: destructions.id });
  if (added.length > 0) note({ action: 'keys.destroyed', subjects: [eventId] });
  const keyIds = destruction.keys.map(({ keyId }) => keyId);
  await tx
    .update(keyEnvelopes)
    .set({ destroyedAt })
    .where(
      and(ofGate(gateId), eq(keyEnvelopes.eventId, eventId), inArray(keyEnvelopes.keyId, keyIds)),
    );
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

/** Without the wrapped key, which is as long as all the rest ten times over. */
const KEY_COLUMNS = {
  envelope: {
    id: keyEnvelopes.id,
    eventId: keyEnvelopes.eventId,
    label: keyEnvelopes.label,
    keyId: keyEnvelopes.keyId,
    generation: keyEnvelopes.generation,
    validFrom: keyEnvelopes.validFrom,
    validUntil: keyEnvelopes.validUntil,
    putAt: keyEnvelopes.putAt,
    fetchedAt: keyEnvelopes.fetchedAt,
    takenAt: keyEnvelopes.takenAt,
    orderedAt: keyEnvelopes.orderedAt,
    destroyedAt: keyEnvelopes.destroyedAt,
  },
  gate: { id: gates.id, name: gates.name, revokedAt: gates.revokedAt },
};

interface KeyRow {
  readonly envelope: Pick<typeof keyEnvelopes.$inferSelect, keyof (typeof KEY_COLUMNS)['envelope']>;
  readonly gate: Pick<typeof gates.$inferSelect, 'id' | 'name' | 'revokedAt'>;
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
    keyId: toHex(envelope.keyId),
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

function recipientOf(row: typeof gates.$inferSelect): Recipient {
  const { id, name, eventIds, gateKey, statement } = row;
  const key = gateKey
    ? decodeGateKey(gateKey).transportKey
    : statement && decodeEnrolmentStatement(statement).transportKey;
  return {
    gateId: id,
    name,
    eventIds,
    gateKey: gateKey ? Buffer.from(gateKey).toString('base64') : undefined,
    transportKeyId: key ? toHex(keyHash(key)) : undefined,
  };
}
