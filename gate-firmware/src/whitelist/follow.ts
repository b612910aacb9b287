import type { Publishers } from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Journal } from '../journal/journal.ts';
import { applyBundle, checkManifest, makeCurrent, openCurrent } from './apply.ts';
import { Lists } from './lists.ts';
import type { BundleSource } from './source.ts';
import type { Whitelist } from './store.ts';

export interface FollowParts {
  readonly directory: string;
  readonly source: BundleSource | undefined;
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
    const list = await openCurrent(parts.directory, parts.publishers, { serve: true });
    if (list) await checkCurrent(parts, list);
    return { lists: new Lists(list), error: undefined };
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return { lists: new Lists(undefined), error };
  }
}

/** Somebody may have put an older list there, or one of another event. Its expiry is asked at each tap. */
async function checkCurrent(parts: FollowParts, list: Whitelist): Promise<void> {
  const { eventId, publishers, journal } = parts;
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
  const { source, directory, publishers, eventId, journal, clock } = parts;
  if (!source) return undefined;
  const floor = journal.listFloor(eventId);
  const eventKeyIds = await parts.eventKeyIds();
  const expected = { eventId, eventKeyIds, publishers, floor, now: clock.now() / 1000 };
  // Where the list on the disk is lost, the version applied last may be fetched again; lower ones never.
  const lost = !lists.current || lists.current.damage;
  const lowest = { ...expected, floor: lost && floor > 0 ? floor - 1 : floor };
  const next = await applyBundle(source, directory, lowest, lists.current, { serve: true });
  if (!next) return undefined;
  try {
    await makeCurrent(directory, next);
    noteApplied(parts, next);
  } catch (error) {
    await next.close();
    throw error;
  }
  await lists.replace(next);
  return next;
}

/**
 * After the list was made current: whoever dies between the two finds it at the start and notes it then. The
 * other way round the floor would keep the gate from the very list that it had not made current.
 */
function noteApplied({ journal, eventId, clock }: FollowParts, { manifest, passport }: Whitelist) {
  const { version } = manifest;
  if (version === journal.listFloor(eventId)) return;
  journal.raiseListFloor(eventId, version, {
    kind: 'list',
    at: clock.now(),
    monotonicMs: Math.round(clock.monotonic()),
    list: { version, fingerprint: passport.fingerprint },
    detail: 'applied',
  });
}

/** Looks again and again; an attempt that fails changes nothing and is told once per reason. */
export class Follower {
  readonly #parts: FollowParts;
  readonly #lists: Lists;
  readonly #pollMs: number;
  readonly #onUpdate: (list: Whitelist) => void;
  readonly #onState: (error: GateError | undefined) => void;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    parts: FollowParts,
    lists: Lists,
    pollMs: number,
    onUpdate: (list: Whitelist) => void,
    onState: (error: GateError | undefined) => void,
  ) {
    const { source } = parts;
    this.#parts = { ...parts, source: source && abortable(source, this.#abort.signal) };
    this.#lists = lists;
    this.#pollMs = pollMs;
    this.#onUpdate = onUpdate;
    this.#onState = onState;
  }

  /** The first attempt is over when this resolves; a source that does not answer takes its time. */
  start(): Promise<void> {
    this.#running = this.#attempt();
    return this.#running;
  }

  /** An attempt under way ends at its next file. */
  async close(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #attempt(): Promise<void> {
    try {
      const next = await update(this.#parts, this.#lists);
      this.#onState(undefined);
      if (next) this.#onUpdate(next);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#onState(
        error instanceof GateError
          ? error
          : new GateError(
              'ERR_LIST_STORAGE',
              `list cannot be stored: ${(error as Error).message}`,
              {
                cause: error,
                hint: 'check the disk; the list in force stays',
              },
            ),
      );
    }
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#attempt();
    }, this.#pollMs);
  }
}

function abortable(source: BundleSource, signal: AbortSignal): BundleSource {
  return {
    name: source.name,
    read: async (file, maxLength) => {
      signal.throwIfAborted();
      return source.read(file, maxLength, signal);
    },
  };
}
