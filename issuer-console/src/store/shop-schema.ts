import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { vendors } from './account-schema.ts';
import { bytes, id, moment } from './columns.ts';
import { events } from './purchase-schema.ts';

/** What vendors offer here, who applied for it, and what was paid. */

const vendorId = () =>
  id('vendor_id')
    .notNull()
    .references(() => vendors.id);
const eventId = () =>
  id('event_id')
    .notNull()
    .references(() => events.id);

export const offers = pgTable(
  'offers',
  {
    id: id('id').primaryKey(),
    eventId: eventId(),
    vendorId: vendorId(),
    category: text('category').notNull(),
    priceYen: integer('price_yen').notNull(),
    perCard: integer('per_card').notNull(),
    method: text('method').notNull(),
    kazashi: boolean('kazashi').notNull(),
    saleFrom: moment('sale_from').notNull(),
    saleUntil: moment('sale_until').notNull(),
    payWithinHours: integer('pay_within_hours').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [index('offers_event').on(table.eventId)],
);

export const applications = pgTable(
  'applications',
  {
    id: id('id').primaryKey(),
    purchaseId: text('purchase_id').notNull(),
    eventId: eventId(),
    vendorId: vendorId(),
    state: text('state').notNull(),
    language: text('language').notNull(),
    method: text('method').notNull(),
    kazashi: boolean('kazashi').notNull(),
    totalYen: integer('total_yen').notNull(),
    payWithinHours: integer('pay_within_hours').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    linkedAt: moment('linked_at'),
    dueAt: moment('due_at'),
    paidAt: moment('paid_at'),
    slip: text('slip').unique(),
    evidenceId: text('evidence_id'),
    stated: bytes('stated'),
    /** Of the card, under the event's key: for the limit of each card. */
    cardMark: bytes('card_mark'),
  },
  (table) => [
    unique('applications_purchase').on(table.eventId, table.purchaseId),
    index('applications_event').on(table.eventId, table.createdAt),
    index('applications_card').on(table.eventId, table.cardMark),
    index('applications_living').on(table.expiresAt).where(sql`state in ('open', 'pending')`),
  ],
);

/** Of an application while it holds them: seats of those that are over are nobody's. */
export const offerSeats = pgTable(
  'offer_seats',
  {
    offerId: id('offer_id')
      .notNull()
      .references(() => offers.id),
    place: integer('place').notNull(),
    gate: text('gate').notNull(),
    block: text('block'),
    row: text('row'),
    number: text('number'),
    applicationId: id('application_id').references(() => applications.id),
  },
  (table) => [
    primaryKey({ columns: [table.offerId, table.place] }),
    index('offer_seats_application').on(table.applicationId),
    index('offer_seats_free').on(table.offerId, table.place).where(sql`application_id is null`),
  ],
);

export const evidence = pgTable('evidence', {
  id: text('id').primaryKey(),
  eventId: eventId(),
  vendorId: vendorId(),
  purchaseId: text('purchase_id').notNull(),
  at: moment('at').notNull(),
  sealed: bytes('sealed').notNull(),
});

export const paymentSecrets = pgTable(
  'payment_secrets',
  {
    id: text('id').primaryKey(),
    vendorId: vendorId(),
    sealed: bytes('sealed').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at'),
  },
  (table) => [index('payment_secrets_vendor').on(table.vendorId)],
);

export const payments = pgTable(
  'payments',
  {
    id: id('id').primaryKey(),
    vendorId: vendorId(),
    paymentId: text('payment_id').notNull(),
    slip: text('slip').notNull(),
    amountYen: integer('amount_yen').notNull(),
    paidAt: moment('paid_at').notNull(),
    receivedAt: moment('received_at').notNull(),
    outcome: text('outcome').notNull(),
    applicationId: id('application_id'),
    settled: text('settled'),
    settledAt: moment('settled_at'),
  },
  (table) => [
    unique('payments_of_vendor').on(table.vendorId, table.paymentId),
    index('payments_received').on(table.receivedAt),
  ],
);
