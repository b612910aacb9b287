import {
  LATEST_NAME,
  MAX_LATEST_LENGTH,
  type Publishers,
  parseLatest,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import type { NoteEntry } from '@pinless-gate/protocol/journal';
import type { Journal } from '../journal/journal.ts';
import { type ApplyList, makeCurrent, openCurrent } from './apply.ts';
import { checkManifest } from './expectations.ts';
import { Lists } from './lists.ts';
import {
  fetchPublishers,
  type PublisherChain,
  readPublishers,
  requireTaken,
} from './publishers.ts';
import type { BundleSource } from './source.ts';
import type { Whitelist } from './store.ts';

export interface FollowParts {
  readonly directory: string;
  readonly source: BundleSource | undefined;
  /** Builds the gate's copy of what the source has. */
  readonly apply: ApplyList;
  /** Those of the configuration; sets that follow them lie beside the lists. */
  readonly publishers: Publishers;
  readonly eventId: Uint8Array;
  /** Of the keys that may be used now; asked at each attempt: keys come and go, and the HSM may be away. */
  readonly eventKeyIds: () => Promise<readonly Uint8Array[]>;
  readonly journal: Journal;
  /** Unix and monotonic milliseconds. */
  readonly clock: { now(): number; monotonic(): number };
}

/** Opens the list that was current, if there is one that still holds. The error says why not. */
export async function openLists(
  parts: FollowParts,
): Promise<{ lists: Lists; error: GateError | undefined }> {
  try {
    const { publishers } = takePublishers(parts, await presentPublishers(parts));
    const list = await openCurrent(parts.directory, publishers, { serve: true });
    if (list) await checkCurrent(parts, publishers, list);
    return { lists: new Lists(list), error: undefined };
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return { lists: new Lists(undefined), error };
  }
}

/** Somebody may have put an older list there, or one of another event. Its expiry is asked at each tap. */
async function checkCurrent(
  parts: FollowParts,
  publishers: Publishers,
  list: Whitelist,
): Promise<void> {
  const { eventId, journal } = parts;
  try {
    const floor = journal.listFloor(eventId) - 1;
    const eventKeyIds = await parts.eventKeyIds();
    checkManifest(list.manifest, { eventId, eventKeyIds, publishers, floor, now: 0 });
    noteApplied(parts, list);
  } catch (error) {
    await list.close();
    throw error;
  }
}

/** Looks for a newer bundle once. Returns the list that is now in force, or undefined where nothing changed. */
export async function update(parts: FollowParts, lists: Lists): Promise<Whitelist | undefined> {
  const { source, directory, eventId, journal, clock } = parts;
  if (!source) return undefined;
  const hash = parseLatest(await source.read(LATEST_NAME, MAX_LATEST_LENGTH));
  const { current } = lists;
  if (current && !current.damage && equal(hash, current.hash)) return undefined;
  const present = await presentPublishers(parts);
  const chain = await fetchPublishers(source, directory, present, eventId);
  const { publishers } = takePublishers(parts, chain);
  try {
    const eventKeyIds = await parts.eventKeyIds();
    // Where the list on the disk is lost, the version applied last may be fetched again; lower ones never.
    const lost = !current || current.damage !== undefined;
    const last = journal.listFloor(eventId);
    const floor = lost && last > 0 ? last - 1 : last;
    const now = clock.now() / 1000;
    const next = await parts.apply({ eventId, eventKeyIds, publishers, floor, now }, current);
    if (next) await putInForce(parts, lists, next);
    return next;
  } catch (error) {
    // What only publishers of before would sign may be what made them go.
    if (lists.current?.isSignedBy(publishers) === false) await lists.replace(undefined);
    throw error;
  }
}

async function putInForce(parts: FollowParts, lists: Lists, next: Whitelist): Promise<void> {
  try {
    await makeCurrent(parts.directory, next);
    noteApplied(parts, next);
  } catch (error) {
    await next.close();
    throw error;
  }
  await lists.replace(next);
}

function presentPublishers({ directory, publishers, eventId }: FollowParts) {
  return readPublishers(directory, publishers, eventId);
}

/** Notes sets that are new to the journal; what it noted must be there. */
function takePublishers(parts: FollowParts, chain: PublisherChain): PublisherChain {
  const { journal, eventId } = parts;
  const taken = journal.publishersFloor(eventId);
  requireTaken(chain, taken);
  for (const { number, listFloor } of chain.sets.slice(taken)) {
    journal.takePublishers(
      { eventId, number, listFloor },
      { ...note(parts), detail: `publishers ${number}` },
    );
  }
  return chain;
}

/**
 * After the list was made current: whoever dies between the two finds it at the start and notes it then. The
 * other way round the floor would keep the gate from the very list that it had not made current.
 */
function noteApplied(parts: FollowParts, { manifest, passport }: Whitelist) {
  const { version } = manifest;
  const { journal, eventId } = parts;
  if (version === journal.listFloor(eventId)) return;
  const list = { version, fingerprint: passport.fingerprint };
  journal.raiseListFloor(eventId, version, { ...note(parts), list, detail: 'applied' });
}

function note({ clock }: FollowParts): Omit<NoteEntry, 'sequence' | 'gateId' | 'detail'> {
  return { kind: 'list', at: clock.now(), monotonicMs: Math.round(clock.monotonic()) };
}
