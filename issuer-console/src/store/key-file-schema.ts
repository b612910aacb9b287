import { pgTable, text } from 'drizzle-orm/pg-core';
import { bytes, count, moment } from './columns.ts';

/** What came from the machine with the module. Ids are SHA-256 of the octets; nothing in here is secret. */

export const keyRequests = pgTable('key_requests', {
  id: bytes('id').primaryKey(),
  layout: text('layout').notNull(),
  keyHash: bytes('key_hash').notNull(),
  holder: text('holder'),
  raw: bytes('raw').notNull(),
  receivedAt: moment('received_at').notNull(),
});

export const keyChains = pgTable('key_chains', {
  id: bytes('id').primaryKey(),
  layout: text('layout').notNull(),
  keyHash: bytes('key_hash').notNull(),
  holder: text('holder').notNull(),
  issuer: text('issuer').notNull(),
  expiresAt: moment('expires_at'),
  raw: bytes('raw').notNull(),
  receivedAt: moment('received_at').notNull(),
});

/** One for each ceremony, the longest that was brought; its id is the hash of its first line. */
export const ceremonyLogs = pgTable('ceremony_logs', {
  id: bytes('id').primaryKey(),
  lines: count('lines').notNull(),
  raw: bytes('raw').notNull(),
  receivedAt: moment('received_at').notNull(),
});
