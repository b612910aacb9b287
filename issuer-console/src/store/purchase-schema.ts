import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { vendors } from './account-schema.ts';
import { bytes, count, id, moment, octetText } from './columns.ts';

/** Events of vendors, their purchases, and the uploads that brought them. */

export const events = pgTable(
  'events',
  {
    id: id('id').primaryKey(),
    vendorId: id('vendor_id')
      .notNull()
      .references(() => vendors.id),
    name: text('name').notNull(),
    startsAt: moment('starts_at').notNull(),
    admissionFrom: moment('admission_from').notNull(),
    admissionUntil: moment('admission_until').notNull(),
    gates: text('gates').array().notNull(),
    issuers: text('issuers').array().notNull(),
    createdAt: moment('created_at').notNull(),
    /** Sealed. Hashes of rows are keyed: serial numbers are few enough to try them all. */
    hashKey: bytes('hash_key').notNull(),
    /** Rises with each batch that changes something; its lock puts batches and exports in order. */
    changeNo: count('change_no').notNull().default(0),
    /** Up to which change the feed was exported. */
    exportedNo: count('exported_no').notNull().default(0),
    /** Of its purchases, kept by triggers: whoever writes a row, no page has to count. */
    paid: count('paid').notNull().default(0),
    pending: count('pending').notNull().default(0),
    cancelled: count('cancelled').notNull().default(0),
    /** Changed after `exportedNo`. */
    waiting: count('waiting').notNull().default(0),
    revision: integer('revision').notNull().default(1),
    archivedAt: moment('archived_at'),
  },
  (table) => [index('events_vendor').on(table.vendorId)],
);

/** Of the row nothing stands in the clear but what is counted and looked up. */
export const purchases = pgTable(
  'purchases',
  {
    eventId: id('event_id')
      .notNull()
      .references(() => events.id),
    purchaseId: octetText('purchase_id').notNull(),
    vendorId: id('vendor_id').notNull(),
    state: text('state').notNull(),
    tickets: integer('tickets').notNull(),
    hash: bytes('hash').notNull(),
    /** Of the row that an import brought last; null where none did. Differs from `hash` where it was changed here. */
    importedHash: bytes('imported_hash'),
    sealed: bytes('sealed').notNull(),
    createdAt: moment('created_at').notNull(),
    changedAt: moment('changed_at').notNull(),
    changeNo: count('change_no').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.eventId, table.purchaseId] }),
    index('purchases_changes').on(table.eventId, table.changeNo, table.purchaseId),
    index('purchases_state_changes').on(
      table.eventId,
      table.state,
      table.changeNo,
      table.purchaseId,
    ),
  ],
);

/** States that purchases had before. */
export const purchaseHistory = pgTable(
  'purchase_history',
  {
    eventId: id('event_id').notNull(),
    purchaseId: text('purchase_id').notNull(),
    changeNo: count('change_no').notNull(),
    state: text('state').notNull(),
    until: moment('until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.purchaseId, table.changeNo] })],
);

export const imports = pgTable(
  'imports',
  {
    id: id('id').primaryKey(),
    eventId: id('event_id')
      .notNull()
      .references(() => events.id),
    vendorId: id('vendor_id').notNull(),
    format: text('format').notNull(),
    state: text('state').notNull(),
    progress: integer('progress').notNull().default(0),
    startedAt: moment('started_at').notNull(),
    updatedAt: moment('updated_at').notNull(),
    accepted: count('accepted').notNull().default(0),
    changed: count('changed').notNull().default(0),
    unchanged: count('unchanged').notNull().default(0),
    rejected: count('rejected').notNull().default(0),
    failure: text('failure'),
  },
  (table) => [index('imports_event').on(table.eventId, table.startedAt)],
);

export const importRejects = pgTable(
  'import_rejects',
  {
    importId: id('import_id')
      .notNull()
      .references(() => imports.id),
    line: count('line').notNull(),
    field: text('field').notNull(),
    reason: text('reason').notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.line] })],
);
