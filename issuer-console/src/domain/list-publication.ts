import type { Author, Origin } from './audit.ts';
import type { Event } from './event.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';

export const WHYS = ['manual', 'schedule', 'resale', 'correction'] as const;
/** What a list was asked for. What a person asks for waits until a person has looked at it. */
export type Why = (typeof WHYS)[number];

export const PUBLICATION_STATES = [
  'queued',
  'building',
  'waiting-approval',
  'published',
  'failed',
  'withdrawn',
] as const;
export type PublicationState = (typeof PUBLICATION_STATES)[number];

export const NEEDS = ['review', 'second', 'loss', 'signatures'] as const;
/**
 * What a list that was built waits for: that a person looks at it, another person than the one who asked, a person who
 * means that it is so much shorter, other publishers' signatures.
 */
export type Need = (typeof NEEDS)[number];

/** The passport of a list that was built. Times in Unix milliseconds. */
export interface BuiltList {
  /** SHA-256 of the manifest, hex. */
  readonly hash: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly entries: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Ids of the keys of publishers that have signed, hex. */
  readonly signers: readonly string[];
}

export interface ListCounts {
  /** Rows that the list was built of. */
  readonly purchases: number;
  /** Entries against those of the list that is published. */
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Entries of the list that is published; 0 where there is none. */
  readonly before: number;
  readonly rejected: number;
  /** Cards of paid purchases that are not listed, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Listed, with a certificate that ends before admission. */
  readonly expiring: number;
  readonly pending: number;
  readonly cancelled: number;
  /** Entries whose cards no list of revoked ones speaks of. */
  readonly unchecked: number;
}

/** One row that a person should know of: never what stands in it. */
export interface ListFinding {
  readonly kind: string;
  readonly purchaseId: string | undefined;
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

/** Unix milliseconds. */
export interface Publication {
  readonly id: string;
  readonly eventId: string;
  readonly vendorId: string;
  readonly why: Why;
  readonly state: PublicationState;
  readonly requestedBy: Author;
  readonly requestedAt: number;
  readonly changeNo: number | undefined;
  readonly builtAt: number | undefined;
  readonly buildMs: number | undefined;
  readonly list: BuiltList | undefined;
  readonly counts: ListCounts | undefined;
  readonly needs: readonly Need[];
  readonly approvedBy: Author | undefined;
  readonly approvedAt: number | undefined;
  readonly publishedAt: number | undefined;
  readonly atGatesAt: number | undefined;
  readonly endedAt: number | undefined;
  /** A code: why it failed, or `superseded` by a later one. */
  readonly failure: string | undefined;
}

export type NewPublication = Pick<Publication, 'id' | 'eventId' | 'vendorId' | 'why'>;

/** What a build tells. */
export interface BuildOutcome {
  readonly list: BuiltList;
  readonly counts: ListCounts;
  readonly findings: readonly ListFinding[];
  readonly changeNo: number;
  readonly buildMs: number;
}

/** Each change of state is one that the state allows, or false is given and nothing is changed. */
export interface PublicationStore {
  find(scope: Scope, id: string): Promise<Publication | undefined>;
  list(event: Event, limit: number): Promise<Publication[]>;
  findings(of: Publication, page: FindingPage): Promise<ListFinding[]>;
  /** Those that are queued, or built and waiting, the oldest first. */
  open(): Promise<Publication[]>;
  /** Of each event the last that ended, where that one failed. */
  failing(): Promise<FailedPublication[]>;
  /** The event's last change. */
  changeNo(eventId: string): Promise<number>;
  lastPublished(eventId: string): Promise<Publication | undefined>;
  /** Its id, or that of one which is queued for the same reason. */
  add(wanted: NewPublication, origin: Origin): Promise<string>;
  begin(id: string): Promise<boolean>;
  built(id: string, outcome: BuildOutcome, needs: readonly Need[], at: number): Promise<boolean>;

  settle(of: Publication, settled: Settled, origin: Origin): Promise<boolean>;
  /** Others of its event that wait are superseded by it. */
  published(of: Publication, list: BuiltList, origin: Origin): Promise<boolean>;
  failed(of: Publication, code: string, origin: Origin): Promise<void>;
  withdraw(of: Publication, origin: Origin): Promise<boolean>;
  /** What was being built when the console ended is built again. */
  resume(): Promise<void>;
  atGates(of: Publication, gates: number, origin: Origin): Promise<boolean>;
}

export interface FailedPublication {
  /** The event's name. */
  readonly event: string;
  readonly code: string;
  /** Unix milliseconds. */
  readonly since: number;
}

export interface FindingPage {
  /** A number; the first has 1. */
  readonly after: number;
  readonly limit: number;
}

/** Needs that are met now. */
export interface Settled {
  readonly met: readonly Need[];
  readonly signers?: readonly string[] | undefined;
}

export const SUPERSEDED = 'superseded';

export async function requirePublication(
  store: Pick<PublicationStore, 'find'>,
  scope: Scope,
  id: string,
): Promise<Publication> {
  const found = /^[0-9a-f]{32}$/.test(id) ? await store.find(scope, id) : undefined;
  if (found) return found;
  throw new RefusedError('unknown', 'ERR_PUBLICATION_UNKNOWN', 'there is no such publication');
}

/** Percent of the published entries that are not in this list. */
export function lossOf({ before, removed }: ListCounts): number {
  return before === 0 ? 0 : (100 * removed) / before;
}
