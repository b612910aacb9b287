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
