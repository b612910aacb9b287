import type { Publishers } from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Journal } from '../journal/journal.ts';
import { applyBundle, makeCurrent, openCurrent } from './apply.ts';
import { Lists } from './lists.ts';
import type { BundleSource } from './source.ts';
import type { Whitelist } from './store.ts';

export interface FollowParts {
  readonly directory: string;
  readonly source: BundleSource | undefined;
  readonly publishers: Publishers;
  readonly eventId: Uint8Array;
  /** Asked at each attempt: the HSM may be away. */
  readonly eventKeyId: () => Promise<Uint8Array>;
  readonly journal: Journal;
  /** Unix and monotonic milliseconds. */
  readonly clock: { now(): number; monotonic(): number };
}

/** Opens the list that was current, if there is one that still holds. The error says why not. */
export async function openLists({
  directory,
  publishers,
}: FollowParts): Promise<{ lists: Lists; error: GateError | undefined }> {
  try {
    return { lists: new Lists(await openCurrent(directory, publishers)), error: undefined };
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return { lists: new Lists(undefined), error };
  }
}

/** Looks for a newer bundle once. Returns the list that is now in force, or undefined where nothing changed. */
export async function update(parts: FollowParts, lists: Lists): Promise<Whitelist | undefined> {
  const { source, directory, publishers, eventId, journal, clock } = parts;
  if (!source) return undefined;
  const now = clock.now();
  const floor = journal.listFloor(eventId);
  const eventKeyId = await parts.eventKeyId();
  const expected = { eventId, eventKeyId, publishers, floor, now: now / 1000 };
  // Without a list on the disk the version applied last may be fetched again; lower ones never.
  const lost = lists.current === undefined && floor > 0 ? floor - 1 : floor;
  const next = await applyBundle(source, directory, { ...expected, floor: lost }, lists.current);
  if (!next) return undefined;
  const { version } = next.manifest;
  journal.raiseListFloor(eventId, version, {
    kind: 'list',
    at: now,
    monotonicMs: Math.round(clock.monotonic()),
    list: { version, fingerprint: next.passport.fingerprint },
    detail: 'applied',
  });
  await makeCurrent(directory, next);
  await lists.replace(next);
  return next;
}

/** Looks again and again; an attempt that fails changes nothing and is told once per reason. */
export class Follower {
  readonly #parts: FollowParts;
  readonly #lists: Lists;
  readonly #pollMs: number;
  readonly #onUpdate: (list: Whitelist) => void;
  readonly #onState: (error: GateError | undefined) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    parts: FollowParts,
    lists: Lists,
    pollMs: number,
    onUpdate: (list: Whitelist) => void,
    onState: (error: GateError | undefined) => void,
  ) {
    this.#parts = parts;
    this.#lists = lists;
    this.#pollMs = pollMs;
    this.#onUpdate = onUpdate;
    this.#onState = onState;
  }

  /** The first attempt is over when this resolves. */
  async start(): Promise<void> {
    await this.#attempt();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #attempt(): Promise<void> {
    try {
      const next = await update(this.#parts, this.#lists);
      this.#onState(undefined);
      if (next) this.#onUpdate(next);
    } catch (error) {
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
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#attempt();
    }, this.#pollMs);
  }
}
