import { desc, sql } from 'drizzle-orm';
import { check, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { EnrolmentRefusal } from '../domain/enrolment.ts';
import type { PrinterFault } from '../domain/gate.ts';
import { bytes, count, id, moment } from './columns.ts';

/** After a change: `npm exec -- drizzle-kit generate` in this room, and commit what it writes. */

/** The counters are of the entries held: kept in the same transaction, so that no page has to count. */
export const gates = pgTable('gates', {
  id: id('id').primaryKey(),
  name: text('name').notNull(),
  deviceKey: bytes('device_key').notNull(),
  addedAt: moment('added_at').notNull(),
  lastSequence: count('last_sequence').notNull().default(0),
  lastHash: bytes('last_hash').notNull(),
  lastSeenAt: moment('last_seen_at'),
  admitted: count('admitted').notNull().default(0),
  refused: count('refused').notNull().default(0),
  people: count('people').notNull().default(0),
  conflictSequence: count('conflict_sequence'),
  conflictAt: moment('conflict_at'),
  /** When the gate last told of conversion calls that no tap explains, by its own clock. */
  unexplainedAt: moment('unexplained_at'),
  /** What keeps its printer from printing, or will soon, as the gate last told. */
  printerFault: text('printer_fault').$type<PrinterFault>(),
  printerSince: moment('printer_since'),
  /** Of a gate that enrolled itself: what it stated, as it signed it. */
  statement: bytes('statement'),
  /** What an issuer needs to wrap keys for this gate, as the gate signed it. */
  gateKey: bytes('gate_key'),
  eventIds: text('event_ids').array().notNull().default([]),
  enrolledAt: moment('enrolled_at'),
  revokedAt: moment('revoked_at'),
  /** When somebody typed the code that the gate shows, and it was that of the keys held here. */
  comparedAt: moment('compared_at'),
});

/** Exactly one row: who this console is, for tokens that are shown to another one. */
export const identity = pgTable(
  'identity',
  { only: integer('only').primaryKey(), id: id('id').notNull() },
  (table) => [check('identity_only', sql`${table.only} = 1`)],
);

/** One-time tokens, of which only the hash is kept. The gate's id is given with the invitation. */
export const invitations = pgTable('invitations', {
  tokenHash: bytes('token_hash').primaryKey(),
  gateId: id('gate_id').notNull().unique(),
  gateName: text('gate_name').notNull(),
  eventIds: text('event_ids').array().notNull(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
  usedAt: moment('used_at'),
  withdrawnAt: moment('withdrawn_at'),
  /** When a gate last showed this token and was refused, and why. */
  refusedAt: moment('refused_at'),
  refusedFor: text('refused_for').$type<EnrolmentRefusal>(),
});

/** Challenges that were offered and not taken yet. */
export const challenges = pgTable(
  'enrolment_challenges',
  { challenge: bytes('challenge').primaryKey(), expiresAt: moment('expires_at').notNull() },
  (table) => [index('enrolment_challenges_expiry').on(table.expiresAt)],
);

/** Requests of gates that were taken, for as long as their time would let them be taken again. */
export const gateNonces = pgTable(
  'gate_nonces',
  {
    gateId: id('gate_id')
      .notNull()
      .references(() => gates.id),
    nonce: bytes('nonce').notNull(),
    takenAt: moment('taken_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.gateId, table.nonce] }),
    index('gate_nonces_taken').on(table.takenAt),
  ],
);

/** `raw` is the entry as the gate hashed and signed it; tickets and conversion values stand only in there. */
export const journalEntries = pgTable(
  'journal_entries',
  {
    gateId: id('gate_id')
      .notNull()
      .references(() => gates.id),
    sequence: count('sequence').notNull(),
    at: moment('at').notNull(),
    kind: text('kind').notNull(),
    outcome: text('outcome'),
    reason: text('reason'),
    code: text('code'),
    people: integer('people').notNull(),
    totalUs: count('total_us'),
    listVersion: count('list_version'),
    receivedAt: moment('received_at').notNull(),
    raw: bytes('raw').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.gateId, table.sequence] }),
    index('journal_entries_last_taps')
      .on(desc(table.at), table.gateId, desc(table.sequence))
      .where(sql`kind = 'decision'`),
    index('journal_entries_last_acts')
      .on(desc(table.at), table.gateId, desc(table.sequence))
      .where(sql`kind = 'act'`),
  ],
);

/** Keys on their way to gates, wrapped: nobody can open them here. `id` is the SHA-256 of the envelope. */
export const keyEnvelopes = pgTable(
  'key_envelopes',
  {
    id: bytes('id').primaryKey(),
    gateId: id('gate_id')
      .notNull()
      .references(() => gates.id),
    eventId: id('event_id'),
    kind: text('kind').notNull(),
    keyId: bytes('key_id').notNull(),
    label: text('label').notNull(),
    generation: count('generation').notNull(),
    validFrom: moment('valid_from').notNull(),
    validUntil: moment('valid_until').notNull(),
    raw: bytes('raw').notNull(),
    putAt: moment('put_at').notNull(),
    fetchedAt: moment('fetched_at'),
    takenAt: moment('taken_at'),
    orderedAt: moment('ordered_at'),
    destroyedAt: moment('destroyed_at'),
  },
  (table) => [index('key_envelopes_gate').on(table.gateId)],
);

/** What gates said after they destroyed an event's keys, as they signed it. */
export const destructions = pgTable('key_destructions', {
  id: bytes('id').primaryKey(),
  gateId: id('gate_id')
    .notNull()
    .references(() => gates.id),
  eventId: id('event_id').notNull(),
  destroyedAt: moment('destroyed_at').notNull(),
  receivedAt: moment('received_at').notNull(),
  raw: bytes('raw').notNull(),
});
