import { join } from 'node:path';
import { publishBundle } from '@pinless-gate/whitelist-builder/bundle/publish';
import type { LoopStart } from './apply-loop.ts';

// Publishes one version after the other into one directory, and says so, until it is killed. Started by
// killed-publish.ts.

process.once('message', async ({ root, trust, first, last }: LoopStart) => {
  const tell = (message: number) => process.send!(message);
  tell(0);
  for (let version = first; version <= last; version++) {
    await publishBundle({
      from: join(root, 'bundles', String(version)),
      to: join(root, 'served'),
      expectations: trust,
      sets: [],
      keep: 2,
      now: Math.floor(Date.now() / 1000),
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    tell(version);
  }
});
