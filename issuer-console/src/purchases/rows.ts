import type { Feed } from '@pinless-gate/whitelist-builder/purchase/feed';
import type { Event } from '../domain/event.ts';
import type { ImportBatch, ImportRow, Reject } from '../domain/purchase.ts';
import { problemOf, type RowKeys, rowOf, rulesOf } from '../domain/purchase-row.ts';

const BATCH = 500;

export interface RowReaderDeps extends RowKeys {
  readonly event: Event;
}

/** Checks a feed as the builder does, as far as the event is known here; in batches without a purchase twice. */
export async function* batchesOf(
  feed: Feed,
  { event, ...keys }: RowReaderDeps,
): AsyncGenerator<ImportBatch> {
  const rules = rulesOf(event);
  let rows = new Map<string, ImportRow>();
  let rejects: Reject[] = [];
  const batch = (offset: number): ImportBatch => {
    const progress = Math.floor((99 * offset) / Math.max(1, feed.length));
    const taken = { rows: [...rows.values()], rejects, progress };
    [rows, rejects] = [new Map(), []];
    return taken;
  };
  for await (const lines of feed.rows()) {
    // The octets live until the next lines are read: a batch may be kept meanwhile.
    for (const { line: number, offset, bytes } of lines) {
      const { purchase, problem } = bytes ? feed.parse(number, bytes) : TOO_LONG;
      const refused = problem ?? problemOf(purchase!, event, rules);
      const { line } = feed.placeOf(number);
      if (refused) {
        rejects.push({ line, ...refused, field: printable(refused.field) });
      } else {
        // Of one purchase twice, the later holds: as with daily files.
        if (rows.has(purchase!.purchaseId)) yield batch(offset);
        rows.set(purchase!.purchaseId, { ...rowOf(purchase!, event.id, keys), line });
      }
      if (rows.size + rejects.length >= BATCH) yield batch(offset);
    }
  }
  yield batch(feed.length);
}

const TOO_LONG = { purchase: undefined, problem: { field: '', reason: 'too long' } } as const;

/** The name of a column that is not ours may hold anything; the database holds no NUL. */
function printable(field: string): string {
  return field.replaceAll(/\p{C}/gu, '\ufffd');
}
