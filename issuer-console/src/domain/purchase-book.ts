import { parseLine } from '@pinless-gate/whitelist-builder/purchase/line';
import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Asker } from './asker.ts';
import type { Change } from './audit.ts';
import type { Seal } from './credential.ts';
import { type Event, type EventStore, noSeal, unknownEvent } from './event.ts';
import { type PurchaseRow, type PurchaseStore, unknownPurchase } from './purchase.ts';
import { openRow, problemOf, rowKeysOf, rowOf } from './purchase-row.ts';
import { editedMeanwhile, RefusedError } from './refusal.ts';

export interface OpenedPurchase {
  readonly purchase: Purchase;
  /** The change of the event that made it what it is. */
  readonly changeNo: number;
}

export interface PurchaseChange {
  /** The change that was seen, 0 for a purchase that is to be new. Left out: whatever is there is replaced. */
  readonly expect?: number;
  /** Audit entries, kept with the purchase or not at all. */
  readonly note: readonly Change[];
}

export interface PurchaseBookDeps {
  readonly events: EventStore;
  readonly purchases: PurchaseStore;
  readonly seal: Seal | undefined;
  readonly now: () => number;
}

/** Purchases one at a time, opened and changed: by the rules of an import, and kept as an import keeps them. */
export class PurchaseBook {
  readonly #deps: PurchaseBookDeps;

  constructor(deps: PurchaseBookDeps) {
    this.#deps = deps;
  }

  /** Throws `ERR_PURCHASE_UNKNOWN`, or `ERR_PURCHASE_SEALED` where it does not open with the key of the console. */
  async open(asker: Asker, event: Event, purchaseId: string): Promise<OpenedPurchase> {
    const { purchases, seal } = this.#deps;
    requireWithin(asker, event);
    if (!seal) throw noSeal();
    const found = NUMBER.test(purchaseId) && (await purchases.sealed(event, purchaseId));
    if (!found) throw unknownPurchase();
    const purchase = openRow(found.sealed, { eventId: event.id, purchaseId, seal });
    if (!purchase) throw sealedOtherwise();
    return { purchase, changeNo: found.changeNo };
  }

  /**
   * Keeps the purchase and its audit entries. One that is there with the same content is left alone, and nothing is
   * noted. Throws `ERR_EDIT_CONFLICT` where there is a later change, `ERR_PURCHASE_FORM` where an import would
   * have rejected it.
   */
  async put(
    asker: Asker,
    event: Event,
    purchase: Purchase,
    { expect, note }: PurchaseChange,
  ): Promise<{ readonly changeNo: number }> {
    const row = await this.row(asker, event, purchase);
    const origin = { by: asker.by, at: this.#deps.now() };
    const outcome = await this.#deps.purchases.put(event, { row, expect, notes: note }, origin);
    if (outcome === 'conflict') throw editedMeanwhile();
    return { changeNo: outcome.changeNo };
  }

  /** Checked and ready to be kept by whoever keeps more with it, in one transaction. */
  async row(asker: Asker, event: Event, purchase: Purchase): Promise<PurchaseRow> {
    requireWithin(asker, event);
    const keys = await rowKeysOf(this.#deps, event);
    const parsed = parseLine(Buffer.from(JSON.stringify(purchase)));
    const problem = parsed.problem ?? problemOf(parsed.purchase, event);
    if (problem) throw malformed(problem);
    return rowOf(parsed.purchase!, event.id, keys);
  }
}

/** What else is asked for is no purchase, and no text that a database takes. */
const NUMBER = /^[\x21-\x7e]{1,64}$/;

function requireWithin({ scope }: Asker, { vendorId }: Event): void {
  if (!scope.holds(vendorId)) throw unknownEvent();
}

const malformed = ({ field, reason }: { readonly field: string; readonly reason: string }) =>
  new RefusedError('invalid', 'ERR_PURCHASE_FORM', `${field}: ${reason}`);

const sealedOtherwise = () =>
  new RefusedError(
    'invalid',
    'ERR_PURCHASE_SEALED',
    'the purchase does not open with the key of seal_key_file',
  );
