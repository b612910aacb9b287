import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { bytes, count, id, moment } from './columns.ts';

/** Every row of a vendor carries its `vendor_id`; `revision` rises with each change that a person makes. */

export const vendors = pgTable('vendors', {
  id: id('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: moment('created_at').notNull(),
  revision: integer('revision').notNull().default(1),
});

/** `vendor_id` is null for those who work for the issuer. No secret stands here in the clear. */
export const operators = pgTable(
  'operators',
  {
    id: id('id').primaryKey(),
    name: text('name').notNull().unique(),
    role: text('role').notNull(),
    vendorId: id('vendor_id').references(() => vendors.id),
    createdAt: moment('created_at').notNull(),
    disabledAt: moment('disabled_at'),
    revision: integer('revision').notNull().default(1),
    /** argon2id, in its own text form. */
    passwordHash: text('password_hash').notNull(),
    /** Of a password that was given out: it has to be changed, and is good until then. */
    passwordUntil: moment('password_until'),
    /** Sealed, so that a copy of the database does not hold it. */
    totp: bytes('totp'),
    /** The last time step whose code was taken: none is taken twice. */
    totpStep: count('totp_step'),
  },
  (table) => [index('operators_vendor').on(table.vendorId)],
);

export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    operatorId: id('operator_id')
      .notNull()
      .references(() => operators.id),
    hash: bytes('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.operatorId, table.hash] })],
);

export const passkeys = pgTable(
  'passkeys',
  {
    /** SHA-256 of the credential id, which may be long. */
    id: bytes('id').primaryKey(),
    credentialId: bytes('credential_id').notNull(),
    operatorId: id('operator_id')
      .notNull()
      .references(() => operators.id),
    name: text('name').notNull(),
    publicKey: bytes('public_key').notNull(),
    counter: count('counter').notNull(),
    createdAt: moment('created_at').notNull(),
    lastUsedAt: moment('last_used_at'),
  },
  (table) => [index('passkeys_operator').on(table.operatorId)],
);

/** Challenges for passkeys that were given out and not answered yet. */
export const passkeyChallenges = pgTable(
  'passkey_challenges',
  { hash: bytes('hash').primaryKey(), expiresAt: moment('expires_at').notNull() },
  (table) => [index('passkey_challenges_expiry').on(table.expiresAt)],
);

/** Of a session only the hash of its token is kept. */
export const sessions = pgTable(
  'sessions',
  {
    hash: bytes('hash').primaryKey(),
    operatorId: id('operator_id')
      .notNull()
      .references(() => operators.id),
    /** The password was right, the second factor is still to come. */
    half: boolean('half').notNull(),
    beganAt: moment('began_at').notNull(),
    seenAt: moment('seen_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [
    index('sessions_operator').on(table.operatorId),
    index('sessions_expiry').on(table.expiresAt),
  ],
);

/** Of a key only the hash is kept, and the beginning by which one that leaked is found. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: id('id').primaryKey(),
    vendorId: id('vendor_id')
      .notNull()
      .references(() => vendors.id),
    name: text('name').notNull(),
    prefix: text('prefix').notNull(),
    hash: bytes('hash').notNull(),
    scopes: text('scopes').array().notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    lastUsedAt: moment('last_used_at'),
    revokedAt: moment('revoked_at'),
    /** The key that this one takes the place of. */
    replaces: id('replaces'),
  },
  (table) => [
    uniqueIndex('api_keys_hash').on(table.hash),
    index('api_keys_vendor').on(table.vendorId),
  ],
);

/** Each entry as it is hashed, and what it is looked up by. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    sequence: count('sequence').primaryKey(),
    at: moment('at').notNull(),
    vendorId: id('vendor_id'),
    raw: bytes('raw').notNull(),
    hash: bytes('hash').notNull(),
  },
  (table) => [index('audit_entries_vendor').on(table.vendorId, table.sequence)],
);

/** Exactly one row: the end of the chain. Its lock puts changes in order. */
export const auditHead = pgTable(
  'audit_head',
  {
    only: integer('only').primaryKey(),
    sequence: count('sequence').notNull(),
    hash: bytes('hash').notNull(),
  },
  (table) => [check('audit_head_only', sql`${table.only} = 1`)],
);
