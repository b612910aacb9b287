import { index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { bytes, id, moment } from './columns.ts';

/** Codes of people without an account: of each its hash alone. */
export const visitorTokens = pgTable(
  'visitor_tokens',
  {
    hash: bytes('hash').primaryKey(),
    purpose: text('purpose').notNull(),
    eventId: id('event_id').notNull(),
    vendorId: id('vendor_id').notNull(),
    subject: text('subject').notNull(),
    issuedAt: moment('issued_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    usesLeft: integer('uses_left').notNull(),
    withdrawnAt: moment('withdrawn_at'),
    request: bytes('request'),
    requestExpiresAt: moment('request_expires_at'),
    answer: text('answer'),
    answeredAt: moment('answered_at'),
  },
  (table) => [
    index('visitor_tokens_subject').on(table.eventId, table.subject),
    index('visitor_tokens_expiry').on(table.expiresAt),
  ],
);
