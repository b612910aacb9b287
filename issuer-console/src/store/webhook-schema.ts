import { bigint, boolean, index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { vendors } from './account-schema.ts';
import { bytes, count, id, moment } from './columns.ts';

/** The audit log is the queue: of a webhook only the place up to which it was told is kept. */
export const webhooks = pgTable(
  'webhooks',
  {
    id: id('id').primaryKey(),
    vendorId: id('vendor_id')
      .notNull()
      .references(() => vendors.id),
    url: text('url').notNull(),
    types: text('types').array().notNull(),
    enabled: boolean('enabled').notNull().default(true),
    createdAt: moment('created_at').notNull(),
    revision: integer('revision').notNull().default(1),
    /** Sealed, as the one before. */
    secret: bytes('secret').notNull(),
    previousSecret: bytes('previous_secret'),
    previousUntil: moment('previous_until'),
    /** Entries up to here are delivered, or not of its types. */
    cursor: count('cursor').notNull(),
    deliveredAt: moment('delivered_at'),
    attempts: integer('attempts').notNull().default(0),
    failedSince: moment('failed_since'),
    nextAttemptAt: moment('next_attempt_at').notNull(),
    failingSince: moment('failing_since'),
    /** Which process delivers, and until when nobody else does. */
    holder: id('holder'),
    heldUntil: moment('held_until'),
  },
  (table) => [index('webhooks_vendor').on(table.vendorId)],
);

/** Entries that are to be sent again, when nothing new waits. */
export const webhookReplays = pgTable(
  'webhook_replays',
  {
    number: bigint('number', { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey(),
    webhookId: id('webhook_id')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    /** Up to here it is done. */
    cursor: count('cursor').notNull(),
    until: count('until').notNull(),
  },
  (table) => [index('webhook_replays_webhook').on(table.webhookId, table.number)],
);

/** Each attempt: what was sent is in the audit log, what came back is not kept. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    number: bigint('number', { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey(),
    webhookId: id('webhook_id')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    messageId: text('message_id').notNull(),
    /** Of the audit log; null of a test. */
    sequence: count('sequence'),
    type: text('type').notNull(),
    kind: text('kind').notNull(),
    at: moment('at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    status: integer('status'),
    failure: text('failure'),
  },
  (table) => [
    index('webhook_deliveries_webhook').on(table.webhookId, table.number),
    index('webhook_deliveries_message').on(table.webhookId, table.messageId),
    index('webhook_deliveries_at').on(table.at),
  ],
);
