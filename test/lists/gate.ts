import { join } from 'node:path';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import type { FollowParts } from '@pinless-gate/gate-firmware/whitelist/follow';
import { type BundleSource, directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import type { Trust } from './press.ts';

const GATE_ID = new Uint8Array(16).fill(7);

/** A gate's lists and journal below a directory, as far as following lists goes. */
export interface ListGate {
  readonly journal: Journal;
  /** Lists are built in this process. */
  parts(source: BundleSource): FollowParts;
}

export function openListGate(root: string, trust: Trust): ListGate {
  const journal = Journal.open(join(root, 'journal'), GATE_ID);
  const directory = join(root, 'lists');
  const { eventId, eventKeyId, publishers } = trust;
  return {
    journal,
    parts: (source) => ({
      directory,
      source,
      apply: (expected, present) =>
        applyBundle(source, directory, expected, present, { serve: true }),
      publishers,
      eventId,
      eventKeyIds: async () => [eventKeyId],
      journal,
      clock: { now: Date.now, monotonic: () => performance.now() },
    }),
  };
}

export const bundleOf = (root: string, version: number) =>
  directorySource(join(root, 'bundles', String(version)));
