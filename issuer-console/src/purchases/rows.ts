import { createHmac } from 'node:crypto';
import { cardsOf, type TicketRules } from '@pinless-gate/whitelist-builder/purchase/cards';
import type { Feed } from '@pinless-gate/whitelist-builder/purchase/feed';
import type { LineProblem } from '@pinless-gate/whitelist-builder/purchase/line';
import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Seal } from '../domain/credential.ts';
import type { Event } from '../domain/event.ts';
import {
  boundToPurchase,
  type ImportBatch,
  type ImportRow,
  type Reject,
} from '../domain/purchase.ts';

const BATCH = 500;

export interface RowReaderDeps {
  readonly event: Event;
  readonly seal: Seal;
  readonly hashKey: Uint8Array;
}

/** Checks a feed as the builder does, as far as the event is known here; in batches without a purchase twice. */
export async function* batchesOf(
  feed: Feed,
  { event, seal, hashKey }: RowReaderDeps,
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
    for (const { line, offset, bytes } of lines) {
      const { purchase, problem } = bytes ? feed.parse(line, bytes) : TOO_LONG;
      const refused = problem ?? problemOf(purchase!, event, rules);
      if (refused) {
        rejects.push({
          line: feed.placeOf(line).line,
          ...refused,
          field: printable(refused.field),
        });
      } else {
        // Of one purchase twice, the later holds: as with daily files.
        if (rows.has(purchase!.purchaseId)) yield batch(offset);
        rows.set(purchase!.purchaseId, rowOf(purchase!, event.id, seal, hashKey));
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

function rulesOf({ gates, admission: { from, until } }: Event): TicketRules {
  const admission = { from: Math.floor(from / 1000), until: Math.floor(until / 1000) };
  return { gates: new Set(gates), admission };
}

function problemOf(
  purchase: Purchase,
  { issuers }: Event,
  rules: TicketRules,
): LineProblem | undefined {
  const cards = cardsOf(purchase, rules);
  if (cards.problem) return cards.problem;
  const stranger = cards.cards.find(
    ({ holder }) => 'issuer' in holder && !issuers.includes(holder.issuer),
  );
  return stranger && { field: `${stranger.field}.issuer`, reason: 'not an issuer of event.toml' };
}

function rowOf(purchase: Purchase, eventId: string, seal: Seal, hashKey: Uint8Array): ImportRow {
  const { purchaseId, status, tickets, companions = [] } = purchase;
  // In the order of the schema, whatever the order or form it came in.
  const text = JSON.stringify(purchase);
  const numbers = new Set([...tickets, ...companions].map(({ ticketNo }) => ticketNo));
  return {
    purchaseId,
    state: status,
    tickets: numbers.size,
    hash: new Uint8Array(createHmac('sha256', hashKey).update(text).digest()),
    seal: () => seal.seal(Buffer.from(text), boundToPurchase(eventId, purchaseId)),
  };
}
