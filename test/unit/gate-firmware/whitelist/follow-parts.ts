import { join } from 'node:path';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import type { FollowParts } from '@pinless-gate/gate-firmware/whitelist/follow';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { onTestFinished } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { EVENT_ID, GATE_ID, publishers } from '../fixture.ts';

/** A gate under `root` that follows the bundle in `root/bundle`, in this process. */
export async function followParts(root: string, store: FakeKeyStore): Promise<FollowParts> {
  const journal = Journal.open(join(root, 'journal'), GATE_ID);
  onTestFinished(() => journal.close());
  const directory = join(root, 'lists');
  const source = directorySource(join(root, 'bundle'));
  return {
    directory,
    source,
    apply: (expected, present) => applyBundle(source, directory, expected, present),
    publishers: await publishers(store),
    eventId: EVENT_ID,
    eventKeyIds: async () => [await new Converter(store, 'event').eventKeyId(EVENT_ID)],
    journal,
    clock: { now: Date.now, monotonic: () => performance.now() },
  };
}
