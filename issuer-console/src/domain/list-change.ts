import type { Publication } from './list-publication.ts';

/** What became of a purchase from one list to the next: its number, and how many tickets; no person. */
export interface ChangedPurchase {
  readonly purchaseId: string;
  /** `unlisted`: neither before nor now. */
  readonly kind: 'added' | 'removed' | 'changed' | 'unlisted';
  readonly tickets: number;
}

export interface ChangedPurchases {
  /** There was no list before. */
  readonly first: boolean;
  readonly total: number;
  /** The first of them, by their numbers. */
  readonly shown: readonly ChangedPurchase[];
}

export interface ListChangeStore {
  /** Between the list that was published before and this one. */
  changed(of: Publication, limit: number): Promise<ChangedPurchases>;
}

export function kindOf(was: boolean, is: boolean): ChangedPurchase['kind'] {
  if (was) return is ? 'changed' : 'removed';
  return is ? 'added' : 'unlisted';
}
