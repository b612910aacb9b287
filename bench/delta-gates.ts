import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openIsolatedApply } from '@pinless-gate/gate-firmware/whitelist/apply-isolated';
import {
  checkManifest,
  type Expectations,
} from '@pinless-gate/gate-firmware/whitelist/expectations';
import { readContent } from '@pinless-gate/gate-firmware/whitelist/fetch';
import { type FollowParts, openLists } from '@pinless-gate/gate-firmware/whitelist/follow';
import { Follower } from '@pinless-gate/gate-firmware/whitelist/follower';
import { openSource } from '@pinless-gate/gate-firmware/whitelist/source';
import {
  contentName,
  decodeManifest,
  decodeSignatures,
  LATEST_NAME,
  MAX_BUCKET_LENGTH,
  MAX_LATEST_LENGTH,
  MAX_MANIFEST_LENGTH,
  MAX_SIGNATURES_LENGTH,
  type Manifest,
  parseLatest,
  signaturesName,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { openListGate } from '@pinless-gate/test/lists/gate';
import type { Trust } from '@pinless-gate/test/lists/press';

// Gates that follow a server, in a process of their own; started by whitelist-delta.ts. Whole ones build their copy as
// a gate does; the others do everything but that, for a hundred copies on one disk are not what a hundred gates do.

export interface GatesStart {
  readonly root: string;
  readonly url: string;
  readonly trust: Trust;
  readonly count: number;
  readonly whole: boolean;
}

/** A gate has the list of this version: in force, or fetched and verified. */
export interface GateTold {
  readonly version: number;
}

const POLL_MS = 60_000;

process.once('message', async ({ root, url, trust, count, whole }: GatesStart) => {
  const tell = (version: number) => process.send!({ version } satisfies GateTold);
  for (let i = 0; i < count; i++) {
    const directory = join(root, String(i));
    mkdirSync(directory, { recursive: true });
    const { parts } = openListGate(directory, trust);
    const follow = parts(openSource({ url }));
    await (whole ? followWhole(follow, url, tell) : followLight(follow, tell));
  }
});

async function followWhole(parts: FollowParts, url: string, tell: (version: number) => void) {
  const { directory } = parts;
  const { apply } = await openIsolatedApply({ source: { url }, directory });
  const { lists } = await openLists(parts);
  const follower = new Follower({ ...parts, apply }, lists, {
    pollMs: POLL_MS,
    onUpdate: ({ passport }) => tell(passport.version),
    onState: throwIt,
  });
  await follower.start();
}

/** Fetches what a gate fetches, and verifies it. */
async function followLight(parts: FollowParts, tell: (version: number) => void) {
  const { lists } = await openLists(parts);
  let manifest: Manifest | undefined;
  const apply = async (expected: Expectations) => {
    manifest = await fetchChanged(parts, expected, manifest);
    tell(manifest.version);
    return undefined;
  };
  const follower = new Follower({ ...parts, apply }, lists, {
    pollMs: POLL_MS,
    onUpdate: () => undefined,
    onState: throwIt,
  });
  await follower.start();
}

async function fetchChanged(
  { source }: FollowParts,
  expected: Expectations,
  present: Manifest | undefined,
): Promise<Manifest> {
  const hash = parseLatest(await source!.read(LATEST_NAME, MAX_LATEST_LENGTH));
  const encoded = await readContent(source!, hash, MAX_MANIFEST_LENGTH, 'manifest');
  const signatures = await source!.read(signaturesName(hash), MAX_SIGNATURES_LENGTH);
  verifyManifestSignatures(encoded, decodeSignatures(signatures), expected.publishers);
  const manifest = decodeManifest(encoded);
  checkManifest(manifest, expected);
  const known = new Set(present?.buckets.map(contentName));
  // What it had before the bench began is not what is asked.
  const changed = present ? manifest.buckets.filter((one) => !known.has(contentName(one))) : [];
  await Promise.all(changed.map((one) => readContent(source!, one, MAX_BUCKET_LENGTH, 'bucket')));
  return manifest;
}

function throwIt(error: Error | undefined): void {
  if (error) throw error;
}
