import { eq, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Scope } from '../domain/permission.ts';

/** Rows of the vendor that somebody may see; of all of them where that is so. */
export function within(scope: Scope, vendorId: PgColumn): SQL | undefined {
  return scope.vendorId === undefined ? undefined : eq(vendorId, scope.vendorId);
}
