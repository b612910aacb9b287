import type { Event } from './event.ts';
import type { PurchaseState } from './purchase.ts';
import { RefusedError } from './refusal.ts';

/** A purchase in a list: number, state and counts, nothing of a person. Unix milliseconds. */
export interface PurchaseLine {
  readonly purchaseId: string;
  readonly state: PurchaseState;
  readonly tickets: number;
  readonly createdAt: number;
  readonly changedAt: number;
  /** The change of the event that made it what it is: later ones have higher numbers. */
  readonly changeNo: number;
  /** The last export of the feed held it as it is now. */
  readonly exported: boolean;
}

export const LISTINGS = ['no', 'waiting', 'exported'] as const;

/** Whether the last export of the feed held a purchase as it is now. Only what is paid is listed. */
export function listingOf({
  state,
  exported,
}: Pick<PurchaseLine, 'state' | 'exported'>): (typeof LISTINGS)[number] {
  if (state !== 'paid') return 'no';
  return exported ? 'exported' : 'waiting';
}

/** Where a list goes on: after this one. */
export type PurchasePlace = Pick<PurchaseLine, 'changeNo' | 'purchaseId'>;

/** By number, or by what changed: each has an index, and a mixture of both has none. */
export type PurchaseQuery =
  | {
      readonly by: 'number';
      /** The whole number or its beginning. */
      readonly beginning: string;
    }
  | {
      readonly by: 'change';
      readonly state: PurchaseState | undefined;
      /** Changed at this time or later. */
      readonly since: number | undefined;
      readonly newestFirst: boolean;
    };

export interface PurchasePage {
  readonly after: PurchasePlace | undefined;
  readonly limit: number;
}

export interface PurchaseListStore {
  /** In the order of their numbers or changes. The event is one that whoever asks may see. */
  page(event: Event, query: PurchaseQuery, page: PurchasePage): Promise<PurchaseLine[]>;
}

/** What stands in a purchase's number (`purchaseId` of the feed). */
export const NUMBER = /^[\x21-\x7e]{1,64}$/;

/** Says nothing to whoever holds it but where to go on. */
export function formatPlace({ changeNo, purchaseId }: PurchasePlace): string {
  return Buffer.from(`${changeNo} ${purchaseId}`).toString('base64url');
}

export function parsePlace(text: string): PurchasePlace {
  const [, changeNo, purchaseId] =
    /^(\d{1,15}) ([\x21-\x7e]{1,64})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ??
    [];
  if (purchaseId === undefined) {
    throw new RefusedError('invalid', 'ERR_PURCHASE_PLACE', 'cursor: not one that was given');
  }
  return { changeNo: Number(changeNo), purchaseId };
}
