import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { kazashi } from './card/profiles/kazashi.ts';
import type { GateConfig } from './config.ts';
import type { ProfileInUse } from './lane/tap.ts';
import { openTerminals } from './terminals.ts';

/** Every profile that the configuration names, plastic cards of today first. `at` in Unix milliseconds. */
export async function profilesInUse(
  store: KeyStore,
  { labels, surface, terminals }: Pick<GateConfig, 'labels' | 'surface' | 'terminals'>,
  at: number,
): Promise<ProfileInUse[]> {
  const withKey =
    terminals.size === 0 ? [] : await openTerminals(store, labels.institution, terminals, at);
  return surface ? [{ profile: kazashi, surface }, ...withKey] : withKey;
}
