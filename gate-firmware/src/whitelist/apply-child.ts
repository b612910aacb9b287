import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { decodePackedManifest, sha256 } from '@pinless-gate/protocol/bundle';
import { serveIsolated } from '@pinless-gate/runtime/isolated-process';
import { type Environment, openReadOnly } from '../storage/lmdb.ts';
import { readBucket } from './buckets.ts';
import { MANIFEST_FILE } from './copy.ts';
import type { Expectations } from './expectations.ts';
import type { PresentBuckets } from './fetch.ts';
import { openSource, type SourceName } from './source.ts';
import { stageBundle } from './stage.ts';

export interface ApplyInit {
  readonly source: SourceName;
  /** Where the lists lie. */
  readonly directory: string;
}

export interface ApplyCall {
  readonly expected: Expectations;
  /** Directory of the list in force. */
  readonly present: string | undefined;
}

// Fetches, verifies and builds lists, started by apply-isolated.ts: a bundle of any size or shape holds up no tap.
serveIsolated(async (init) => {
  const { source, directory } = init as ApplyInit;
  // Taps come first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const opened = openSource(source);
  return {
    /** The directory of the list that was built; undefined where the present one is the newest. */
    stage: async ({ expected, present }: ApplyCall): Promise<string | undefined> => {
      const environment = present === undefined ? undefined : await openReadOnly(present);
      try {
        const buckets = environment && (await presentBuckets(present!, environment));
        return await stageBundle(opened, directory, expected, buckets);
      } finally {
        await environment?.close();
      }
    },
  };
});

async function presentBuckets(
  directory: string,
  environment: Environment,
): Promise<PresentBuckets> {
  const encoded = await readFile(join(directory, MANIFEST_FILE));
  const manifest = decodePackedManifest(encoded);
  const bucket = (index: number) => readBucket(environment, index, manifest.bucketBits);
  return { hash: sha256(encoded), manifest, bucket };
}
