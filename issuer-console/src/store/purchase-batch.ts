import { type SQL, sql } from 'drizzle-orm';
import type { Transaction } from './audit.ts';
import { purchases } from './purchase-schema.ts';

/** A row as it is kept, but for what all rows of a batch have in common. */
export interface KeptRow {
  readonly purchaseId: string;
  readonly state: string;
  readonly tickets: number;
  readonly hash: Uint8Array;
  readonly importedHash: Uint8Array | null;
  readonly sealed: Uint8Array;
}

export interface BatchOrigin {
  readonly eventId: string;
  readonly vendorId: string;
  readonly at: Date;
  readonly changeNo: number;
}

/**
 * Inserts rows, or puts them in the place of those of their numbers. Two parameters hold them, however many there
 * are: a list as JSON, and their octets one after another. A parameter for each column of each row took half of
 * the time of an import.
 */
export async function putRows(
  tx: Transaction,
  rows: readonly KeptRow[],
  { eventId, vendorId, at, changeNo }: BatchOrigin,
): Promise<void> {
  const { list, octets } = packed(rows);
  const moment = at.toISOString();
  await tx.execute(sql`
    insert into ${purchases} (event_id, vendor_id, created_at, changed_at, change_no,
      purchase_id, state, tickets, hash, imported_hash, sealed)
    select ${eventId}::uuid, ${vendorId}::uuid, ${moment}::timestamptz, ${moment}::timestamptz,
      ${changeNo}::bigint, id, state, tickets,
      substring(octets from start for hash),
      substring(octets from start + hash for imported),
      substring(octets from start + hash + coalesce(imported, 0) for sealed)
    from json_to_recordset(${list}::json) as given (id text, state text, tickets integer,
        start integer, hash integer, imported integer, sealed integer),
      (select ${octets}::bytea as octets) as packed
    on conflict (event_id, purchase_id) do update set
      state = excluded.state, tickets = excluded.tickets, hash = excluded.hash,
      imported_hash = excluded.imported_hash, sealed = excluded.sealed,
      changed_at = excluded.changed_at, change_no = excluded.change_no`);
}

/** Of each row where its octets begin, counted from 1 as SQL does, and how long each part is. */
function packed(rows: readonly KeptRow[]): { readonly list: string; readonly octets: Buffer } {
  const parts: Uint8Array[] = [];
  let start = 1;
  const list = rows.map(({ purchaseId: id, state, tickets, hash, importedHash, sealed }) => {
    const lengths = { hash: hash.length, imported: importedHash?.length, sealed: sealed.length };
    const line = { id, state, tickets, start, ...lengths };
    parts.push(hash, ...(importedHash ? [importedHash] : []), sealed);
    start += hash.length + (importedHash?.length ?? 0) + sealed.length;
    return line;
  });
  return { list: JSON.stringify(list), octets: Buffer.concat(parts) };
}

/** For `= any(…)`: one parameter, however many there are. */
export function anyOf(texts: readonly string[]): SQL {
  return sql`any(array(select json_array_elements_text(${JSON.stringify(texts)}::json)))`;
}
