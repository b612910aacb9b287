import type { GateConfig } from '../config.ts';
import { openCurrent } from './apply.ts';
import { readPublishers } from './publishers.ts';
import type { Whitelist } from './store.ts';

/** The list in force under the publishers in force, to look at; undefined where there is none yet. */
export async function openPresent({
  whitelist,
  eventId,
}: GateConfig): Promise<Whitelist | undefined> {
  const { directory, publishers: configured } = whitelist;
  const { publishers } = await readPublishers(directory, configured, eventId);
  return openCurrent(directory, publishers);
}

/** SubjectPublicKeyInfo of those whose envelopes of keys count at this gate. */
export interface KeySenders {
  /** The publishers in force: only they send keys. */
  readonly now: readonly Uint8Array[];
  /** With those before them: a key that came while its sender was in force stays. */
  readonly ever: readonly Uint8Array[];
}

/** As far as the sets of publishers on the disk go. Throws ERR_LIST_PUBLISHERS where one does not hold. */
export async function keySenders({ whitelist, eventId }: GateConfig): Promise<KeySenders> {
  const { directory, publishers: configured } = whitelist;
  const { publishers, sets } = await readPublishers(directory, configured, eventId);
  const before = [configured, ...sets.map((set) => set.publishers)];
  return { now: publishers.keys, ever: before.flatMap(({ keys }) => keys) };
}
