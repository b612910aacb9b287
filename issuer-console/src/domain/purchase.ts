import type { Change, Origin } from './audit.ts';
import type { Event } from './event.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';

export const FORMATS = ['ndjson', 'csv', 'json'] as const;
export type ImportFormat = (typeof FORMATS)[number];

export const PURCHASE_STATES = ['paid', 'pending', 'cancelled'] as const;
export type PurchaseState = (typeof PURCHASE_STATES)[number];

export interface ImportCounts {
  /** Purchases that were not there before. */
  readonly accepted: number;
  readonly changed: number;
  /** There already, with the same content: nothing was written. */
  readonly unchanged: number;
  readonly rejected: number;
}

/** One upload and what became of it. Unix milliseconds. */
export interface Import extends ImportCounts {
  readonly id: string;
  readonly eventId: string;
  readonly vendorId: string;
  readonly format: ImportFormat;
  readonly state: 'running' | 'done' | 'failed';
  /** Percent of the upload. */
  readonly progress: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  /** Why it failed. */
  readonly failure: string | undefined;
}

/** As the builder's reject file has them: never what stands in the field. */
export interface Reject {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

/** A purchase that was checked. The hash tells whether it changed. */
export interface PurchaseRow {
  readonly purchaseId: string;
  readonly state: PurchaseState;
  readonly tickets: number;
  readonly hash: Uint8Array;
  /** Called for rows that are written. */
  readonly seal: () => Uint8Array;
}

export interface ImportRow extends PurchaseRow {
  /** Where it stands in the upload. */
  readonly line: number;
}

/** Different purchases each. */
export interface ImportBatch {
  readonly rows: readonly ImportRow[];
  readonly rejects: readonly Reject[];
  readonly progress: number;
}

export type NewImport = Pick<Import, 'id' | 'eventId' | 'vendorId' | 'format'>;

export interface ImportStore {
  list(event: Event, limit: number): Promise<Import[]>;
  find(scope: Scope, id: string): Promise<Import | undefined>;
  rejects(of: Import, page: { readonly after: number; readonly limit: number }): Promise<Reject[]>;
  /** False where one of this event is running. */
  begin(wanted: NewImport, origin: Origin): Promise<boolean>;
  /** Kept whole or not at all. */
  put(of: NewImport, batch: ImportBatch, at: number): Promise<void>;
  finish(of: NewImport, failure: string | undefined, origin: Origin): Promise<void>;
}

/** Where a purchase stands, without card or name. */
export interface PurchaseStanding {
  readonly purchaseId: string;
  readonly eventId: string;
  readonly vendorId: string;
  readonly state: PurchaseState;
  readonly tickets: number;
  readonly createdAt: number;
  readonly changedAt: number;
  /** The last export of the feed held it as it is now. */
  readonly exported: boolean;
  /** The states before, the oldest first. */
  readonly history: readonly { readonly state: PurchaseState; readonly until: number }[];
}

export interface SealedPurchase {
  readonly purchaseId: string;
  readonly sealed: Uint8Array;
}

/** `changeNo`: the change of the event that made it what it is. */
export interface OpenedRow extends SealedPurchase {
  readonly changeNo: number;
}

/** Why a purchase was not put: there is a later change of it than the one that was seen. */
export type PutOutcome = { readonly changeNo: number } | 'conflict';

export interface PurchasePut {
  readonly row: PurchaseRow;
  /** The change that was seen, 0 where there was none; undefined where it does not matter. */
  readonly expect: number | undefined;
  readonly notes: readonly Change[];
}

export interface FeedPart {
  readonly rows: number;
  /** The last change that it holds. */
  readonly changeNo: number;
}

export interface PurchaseStore {
  find(scope: Scope, eventId: string, purchaseId: string): Promise<PurchaseStanding | undefined>;
  sealed(event: Event, purchaseId: string): Promise<OpenedRow | undefined>;
  /** One purchase and its audit entries, or neither; what is there already with this content is left alone. */
  put(event: Event, change: PurchasePut, origin: Origin): Promise<PutOutcome>;
  /**
   * Rows as of one moment that were changed after `since`, all of them where that is 0; notes that the feed was exported
   * once `take` has had them.
   */
  exportFeed(
    event: Event,
    since: number,
    take: (rows: readonly SealedPurchase[]) => Promise<void>,
    origin: Origin,
  ): Promise<FeedPart>;
}

/** A row that is moved to another purchase or event does not open. */
export const boundToPurchase = (eventId: string, purchaseId: string) =>
  `purchase:${eventId}:${purchaseId}`;

/** Longer without a word, and the console that ran it is gone. */
export const IMPORT_SILENT_MS = 10 * 60_000;
export const INTERRUPTED = 'ERR_IMPORT_INTERRUPTED';

export function standingAt(of: Import, now: number): Import {
  const gone = of.state === 'running' && now - of.updatedAt > IMPORT_SILENT_MS;
  return gone ? { ...of, state: 'failed', failure: INTERRUPTED } : of;
}

export async function requireImport(
  imports: ImportStore,
  scope: Scope,
  id: string,
): Promise<Import> {
  const found = await imports.find(scope, id);
  if (found) return found;
  throw new RefusedError('unknown', 'ERR_IMPORT_UNKNOWN', 'there is no such import');
}

export const unknownPurchase = () =>
  new RefusedError('unknown', 'ERR_PURCHASE_UNKNOWN', 'there is no such purchase');
