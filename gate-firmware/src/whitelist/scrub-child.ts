import { constants, setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { equal } from '@pinless-gate/protocol/bytes';
import { serveIsolated } from '@pinless-gate/runtime/isolated-process';
import { openReadOnly } from '../storage/lmdb.ts';
import { readBucket } from './buckets.ts';
import { openFingerprint, readFingerprints } from './fingerprints.ts';

/** A list to be read whole. */
export interface ScrubJob {
  readonly directory: string;
  readonly bucketBits: number;
}

// Reads a list from its disk, started by scrub.ts: a page that cannot be read kills this process, not the gate.
serveIsolated(async (init) => {
  const { directory, bucketBits } = init as ScrubJob;
  setPriority(constants.priority.PRIORITY_LOW);
  const buckets = 2 ** bucketBits;
  const fingerprint = await openFingerprint();
  return {
    /** The buckets that are not what they were when the list was applied; undefined where nobody can tell. */
    scrub: async (): Promise<number[] | undefined> => {
      const expected = await readFingerprints(directory, buckets);
      if (!expected) return undefined;
      const environment = await openReadOnly(directory);
      try {
        const changed: number[] = [];
        for (const [index, wanted] of expected.entries()) {
          await setImmediate();
          const octets = readBucket(environment, index, bucketBits);
          if (!equal(fingerprint(octets), wanted)) changed.push(index);
        }
        return changed;
      } finally {
        await environment.close();
      }
    },
  };
});
