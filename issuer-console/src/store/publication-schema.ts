import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { ListCounts, Need, PublicationState, Why } from '../domain/list-publication.ts';
import { bytes, count, id, moment } from './columns.ts';
import { events } from './purchase-schema.ts';
import { gates } from './schema.ts';

/** Lists from the console: what was asked for, what was built, who let it go, where it arrived. */

export const publications = pgTable(
  'publications',
  {
    id: id('id').primaryKey(),
    eventId: id('event_id')
      .notNull()
      .references(() => events.id),
    vendorId: id('vendor_id').notNull(),
    why: text('why').$type<Why>().notNull(),
    state: text('state').$type<PublicationState>().notNull(),
    requestedKind: text('requested_kind').notNull(),
    requestedBy: text('requested_by').notNull(),
    requestedAt: moment('requested_at').notNull(),
    /** Of the event, up to which the feed went. */
    changeNo: count('change_no'),
    builtAt: moment('built_at'),
    buildMs: integer('build_ms'),
    /** SHA-256 of the manifest. */
    hash: bytes('hash'),
    version: count('version'),
    fingerprint: text('fingerprint'),
    entries: count('entries'),
    issuedAt: moment('issued_at'),
    expiresAt: moment('expires_at'),
    /** Ids of the publishers' keys. */
    signers: text('signers').array(),
    counts: jsonb('counts').$type<ListCounts>(),
    needs: text('needs').array().$type<Need[]>().notNull().default([]),
    approvedKind: text('approved_kind'),
    approvedBy: text('approved_by'),
    approvedAt: moment('approved_at'),
    lossConfirmed: boolean('loss_confirmed').notNull().default(false),
    publishedAt: moment('published_at'),
    /** When every gate that is heard of had it. */
    atGatesAt: moment('at_gates_at'),
    endedAt: moment('ended_at'),
    failure: text('failure'),
  },
  (table) => [
    index('publications_event').on(table.eventId, table.requestedAt),
    index('publications_state').on(table.state),
  ],
);

/** For which reasons lists of an event wait for a second person, besides those of the console's file. */
export const publicationRules = pgTable('publication_rules', {
  eventId: id('event_id')
    .primaryKey()
    .references(() => events.id),
  secondApproval: text('second_approval').array().$type<Why[]>().notNull(),
});

/** Rows of the feed that a person should know of: never what stands in them. */
export const publicationFindings = pgTable(
  'publication_findings',
  {
    publicationId: id('publication_id')
      .notNull()
      .references(() => publications.id),
    number: integer('number').notNull(),
    kind: text('kind').notNull(),
    purchaseId: text('purchase_id'),
    line: count('line').notNull(),
    field: text('field').notNull(),
    reason: text('reason').notNull(),
  },
  (table) => [primaryKey({ columns: [table.publicationId, table.number] })],
);

/** Which list came into force at a gate when, as its journal says. */
export const gateLists = pgTable(
  'gate_lists',
  {
    gateId: id('gate_id')
      .notNull()
      .references(() => gates.id),
    version: count('version').notNull(),
    /** By the gate's clock. */
    at: moment('at').notNull(),
    receivedAt: moment('received_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.gateId, table.version] })],
);

/** Why a gate last refused a list, until it has one that is newer. */
export const gateListRefusals = pgTable('gate_list_refusals', {
  gateId: id('gate_id')
    .primaryKey()
    .references(() => gates.id),
  code: text('code').notNull(),
  /** By the gate's clock. */
  at: moment('at').notNull(),
});
