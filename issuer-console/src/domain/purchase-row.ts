import { createHmac } from 'node:crypto';
import { cardsOf, type TicketRules } from '@pinless-gate/whitelist-builder/purchase/cards';
import { type LineProblem, parseLine } from '@pinless-gate/whitelist-builder/purchase/line';
import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Seal } from './credential.ts';
import { boundToEvent, type Event, type EventStore, noSeal } from './event.ts';
import { boundToPurchase, type PurchaseRow } from './purchase.ts';

/** What rows of one event are sealed and hashed with. */
export interface RowKeys {
  readonly seal: Seal;
  readonly hashKey: Uint8Array;
}

/** Throws `ERR_IMPORT_SEAL` where there is no key for it. */
export async function rowKeysOf(
  {
    events,
    seal,
  }: { readonly events: Pick<EventStore, 'hashKey'>; readonly seal: Seal | undefined },
  event: Event,
): Promise<RowKeys> {
  const sealed = seal && (await events.hashKey(event));
  const hashKey = sealed && seal.open(sealed, boundToEvent(event.id));
  if (!seal || !hashKey) throw noSeal();
  return { seal, hashKey };
}

/** Why the builder would turn this purchase away, as far as the event is known here. */
export function problemOf(
  purchase: Purchase,
  event: Event,
  rules = rulesOf(event),
): LineProblem | undefined {
  const cards = cardsOf(purchase, rules);
  if (cards.problem) return cards.problem;
  const stranger = cards.cards.find(
    ({ holder }) => 'issuer' in holder && !event.issuers.includes(holder.issuer),
  );
  return stranger && { field: `${stranger.field}.issuer`, reason: 'not an issuer of event.toml' };
}

export function rulesOf({ gates, admission: { from, until } }: Event): TicketRules {
  const admission = { from: Math.floor(from / 1000), until: Math.floor(until / 1000) };
  return { gates: new Set(gates), admission };
}

/** What is kept of a purchase that was checked. */
export function rowOf(
  purchase: Purchase,
  eventId: string,
  { seal, hashKey }: RowKeys,
): PurchaseRow {
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

/** The purchase of a row; undefined where it was sealed with another key, or for another purchase. */
export function openRow(
  sealed: Uint8Array,
  { eventId, purchaseId, seal }: OpenRow,
): Purchase | undefined {
  const row = seal.open(sealed, boundToPurchase(eventId, purchaseId));
  return row && parseLine(row).purchase;
}

interface OpenRow {
  readonly eventId: string;
  readonly purchaseId: string;
  readonly seal: Seal;
}
