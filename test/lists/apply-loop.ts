import { openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import { bundleOf, openListGate } from './gate.ts';
import type { Trust } from './press.ts';

// Applies one version after the other as a gate does, and says so, until it is killed. Started by killed-apply.ts.

export interface LoopStart {
  readonly root: string;
  readonly trust: Trust;
  /** Versions that there are bundles of. */
  readonly first: number;
  readonly last: number;
}

process.once('message', async ({ root, trust, first, last }: LoopStart) => {
  const tell = (message: number) => process.send!(message);
  tell(0);
  const { parts } = openListGate(root, trust);
  const { lists } = await openLists(parts(bundleOf(root, 1)));
  for (let version = first; version <= last; version++) {
    await update(parts(bundleOf(root, version)), lists);
    tell(version);
  }
});
