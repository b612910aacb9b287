import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { count, id, moment } from './columns.ts';
import { events } from './purchase-schema.ts';
import { gates } from './schema.ts';

/** What charts are drawn of. Counted where it happens, so that no chart has to: five minutes a row, or an hour. */

const gate = () =>
  id('gate_id')
    .notNull()
    .references(() => gates.id);

export const peopleFigures = pgTable(
  'people_figures',
  { gateId: gate(), slot: moment('slot').notNull(), people: integer('people').notNull() },
  (table) => [primaryKey({ columns: [table.slot, table.gateId] })],
);

export const refusalFigures = pgTable(
  'refusal_figures',
  {
    gateId: gate(),
    slot: moment('slot').notNull(),
    reason: text('reason').notNull(),
    taps: integer('taps').notNull(),
  },
  (table) => [primaryKey({ columns: [table.slot, table.gateId, table.reason] })],
);

/** How many taps took about how long: `bin` counts eighths of powers of two of milliseconds. */
export const durationFigures = pgTable(
  'duration_figures',
  {
    gateId: gate(),
    slot: moment('slot').notNull(),
    bin: integer('bin').notNull(),
    taps: integer('taps').notNull(),
  },
  (table) => [primaryKey({ columns: [table.slot, table.gateId, table.bin] })],
);

/** How many purchases more were in each state at the hour's end than at its beginning. Kept by triggers. */
export const purchaseFigures = pgTable(
  'purchase_figures',
  {
    eventId: id('event_id')
      .notNull()
      .references(() => events.id),
    hour: moment('hour').notNull(),
    paid: count('paid').notNull(),
    pending: count('pending').notNull(),
    cancelled: count('cancelled').notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.hour] })],
);
