import type { GateConfig } from '../config.ts';
import { openCurrent } from './apply.ts';
import { fetchPublishers, readPublishers, requireTaken } from './publishers.ts';
import { openSource } from './source.ts';
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

/**
 * As far as the sets of publishers go that this gate has, or `fresh`ly fetches beyond them from where it gets its lists:
 * a gate that is new after a change has none. `taken`: the number of those that its journal noted. Throws
 * ERR_LIST_PUBLISHERS where one does not hold, or is nowhere any more.
 */
export async function keySenders(
  { whitelist, eventId }: GateConfig,
  { taken, fresh }: { readonly taken: number; readonly fresh: boolean },
): Promise<KeySenders> {
  const { directory, publishers: configured, source } = whitelist;
  let chain = await readPublishers(directory, configured, eventId);
  if (source && (fresh || chain.number < taken)) {
    chain = await fetchPublishers(openSource(source), directory, chain, eventId);
  }
  requireTaken(chain, taken);
  const before = [configured, ...chain.sets.map((set) => set.publishers)];
  return { now: chain.publishers.keys, ever: before.flatMap(({ keys }) => keys) };
}
