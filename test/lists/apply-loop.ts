import { openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import { bundleOf, openListGate } from './gate.ts';
import type { Trust } from './press.ts';

// Applies one version after the other as a gate does, and says so, until it is killed. Started by killed-apply.ts.

export interface LoopStart {
  readonly root: string;
  readonly trust: Trust;
  /** The last version that there is a bundle of. */
  readonly last: number;
}

process.once('message', async ({ root, trust, last }: LoopStart) => {
  const tell = (message: number) => process.send!(message);
  tell(0);
  const { journal, parts } = openListGate(root, trust);
  const { lists } = await openLists(parts(bundleOf(root, 1)));
  for (let version = journal.listFloor(trust.eventId) + 1; version <= last; version++) {
    await update(parts(bundleOf(root, version)), lists);
    tell(version);
  }
});
