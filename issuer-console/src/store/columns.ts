import { bigint, customType, timestamp } from 'drizzle-orm/pg-core';

export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  toDriver: (value) => Buffer.from(value),
  fromDriver: (value) => new Uint8Array(value),
});

/** A UUID in SQL, 32 hex digits everywhere else. */
export const id = customType<{ data: string; driverData: string }>({
  dataType: () => 'uuid',
  fromDriver: (value) => value.replaceAll('-', ''),
});

/** Text by its octets, whatever the server's language: searched by its beginning, and in one order everywhere. */
export const octetText = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
export const count = (name: string) => bigint(name, { mode: 'number' });
