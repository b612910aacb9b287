import { sql } from 'drizzle-orm';
import {
  boolean,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { HandoverKind, HandoverState, HandoverStep } from '../domain/handover.ts';
import { bytes, count, id, moment } from './columns.ts';
import { events } from './purchase-schema.ts';
import { gates } from './schema.ts';

/** Tickets that came to other cards, or are to. Their numbers stand sealed. */
export const handovers = pgTable(
  'handovers',
  {
    id: id('id').primaryKey(),
    eventId: id('event_id')
      .notNull()
      .references(() => events.id),
    vendorId: id('vendor_id').notNull(),
    purchaseId: text('purchase_id').notNull(),
    kind: text('kind').$type<HandoverKind>().notNull(),
    state: text('state').$type<HandoverState>().notNull(),
    tickets: integer('tickets').notNull(),
    ticketHash: bytes('ticket_hash').notNull(),
    sealed: bytes('sealed').notNull(),
    begunAt: moment('begun_at').notNull(),
    codeUntil: moment('code_until'),
    endedAt: moment('ended_at'),
    toPurchaseId: text('to_purchase_id'),
    evidenceId: text('evidence_id').unique(),
  },
  (table) => [
    index('handovers_purchase').on(table.eventId, table.purchaseId),
    uniqueIndex('handovers_waiting')
      .on(table.eventId, table.ticketHash)
      .where(sql`state = 'waiting'`),
  ],
);

/** Changes of the list by a handover. */
export const handoverSteps = pgTable(
  'handover_steps',
  {
    handoverId: id('handover_id')
      .notNull()
      .references(() => handovers.id),
    step: text('step').$type<HandoverStep>().notNull(),
    eventId: id('event_id').notNull(),
    askedAt: moment('asked_at').notNull(),
    keptAt: moment('kept_at').notNull(),
    publicationId: id('publication_id'),
  },
  (table) => [
    primaryKey({ columns: [table.handoverId, table.step] }),
    index('handover_steps_event').on(table.eventId, table.keptAt),
  ],
);

/** What holders of an event may do themselves; where there is no row, what goes for every event. */
export const handoverRules = pgTable('handover_rules', {
  eventId: id('event_id')
    .primaryKey()
    .references(() => events.id),
  companions: boolean('companions').notNull(),
  transfer: boolean('transfer').notNull(),
  until: moment('until'),
  feeYen: integer('fee_yen').notNull(),
});

/** Tickets that went in, or whose entry was taken back: found by number, shown by nothing. */
export const ticketMovements = pgTable(
  'ticket_movements',
  {
    gateId: id('gate_id')
      .notNull()
      .references(() => gates.id),
    sequence: count('sequence').notNull(),
    ticketNo: text('ticket_no').notNull(),
    change: integer('change').notNull(),
    at: moment('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.gateId, table.sequence, table.ticketNo] }),
    index('ticket_movements_ticket').on(table.ticketNo, table.at),
  ],
);
