import type { Manifest, Passport } from '@pinless-gate/protocol/bundle';
import type { ErrorCode } from '@pinless-gate/protocol/errors';

/** The newest list in the bundle directory. */
export type PublishedList =
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable'; readonly code: ErrorCode }
  | { readonly state: 'published'; readonly passport: Passport; readonly manifest: Manifest };

export type ListCondition = 'current' | 'stale' | 'expired' | 'not-yet';

/** Green, amber or red by the publishers' own policy. `now` in Unix milliseconds. */
export function listCondition({ manifest }: PublishedManifest, now: number): ListCondition {
  const second = now / 1000;
  const age = second - manifest.issuedAt;
  if (second >= manifest.expiresAt || age >= manifest.policy.refuseAfterS) return 'expired';
  if (second < manifest.notBefore) return 'not-yet';
  return age >= manifest.policy.staleAfterS ? 'stale' : 'current';
}

export type PublishedManifest = Extract<PublishedList, { state: 'published' }>;

/** When the list stopped, or will stop, being good: its expiry or the policy's age, whichever is first. Unix milliseconds. */
export function goodUntil({ manifest }: PublishedManifest): number {
  return Math.min(manifest.expiresAt, manifest.issuedAt + manifest.policy.refuseAfterS) * 1000;
}

/** The files of a bundle, and what the newest of them says. */
export interface BundleFiles {
  /** Undefined where there is no file of that name. `name` has been checked against `bundleName`. */
  open(name: string): Promise<BundleFile | undefined>;
  list(): Promise<PublishedList>;
  /** When the newest list changes. */
  readonly latest: NewestList;
}

/** The files of an event whose lists are built here. */
export interface EventBundle {
  /** 32 hex digits. */
  readonly eventId: string;
  readonly name: string;
  readonly files: BundleFiles;
}

/** The newest list of one event. */
export interface EventList extends Pick<EventBundle, 'eventId' | 'name'> {
  readonly list: PublishedList;
}

export interface NewestList {
  /** The name of the newest manifest; undefined where there is none. */
  newest(): Promise<string | undefined>;
  /** Resolves when the newest is not `known`, or after that time; false where nobody can be kept waiting now. */
  wait(known: string, milliseconds: number, signal: AbortSignal): Promise<boolean>;
  /** Lets everybody go. */
  close(): void;
}

export interface BundleFile {
  readonly length: number;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

export interface RevocationCondition {
  readonly condition: 'stale' | 'refused';
  /** When it became so; Unix milliseconds. */
  readonly since: number;
}

/** How old the oldest check of a holder is, by the same policy; undefined where that is in order, or no matter. */
export function revocationCondition(
  { manifest }: PublishedManifest,
  now: number,
): RevocationCondition | undefined {
  const { policy, issuedAt, revocationCheckedAt } = manifest;
  const passed = (limit: number | undefined): number | undefined => {
    if (limit === undefined) return undefined;
    const since =
      (revocationCheckedAt === undefined ? issuedAt : revocationCheckedAt + limit) * 1000;
    return now > since ? since : undefined;
  };
  const refused = passed(policy.revocationRefuseAfterS);
  if (refused !== undefined) return { condition: 'refused', since: refused };
  const stale = passed(policy.revocationStaleAfterS);
  return stale === undefined ? undefined : { condition: 'stale', since: stale };
}
