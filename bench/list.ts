import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import type { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import {
  type BucketEntry,
  contentName,
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  LATEST_NAME,
  sha256,
  signaturesName,
} from '@pinless-gate/protocol/bundle';

export interface ListContent {
  readonly eventId: Uint8Array;
  readonly eventKeyId: Uint8Array;
  readonly bucketBits: number;
  /** Each bucket's entries, sorted. */
  readonly buckets: Iterable<readonly BucketEntry[]>;
}

const DAY_S = 86_400;

/** Publishes entries as a bundle and applies it: verified, built, synced and verified again as at a gate. */
export async function applyList(content: ListContent, directory: string): Promise<Whitelist> {
  const { eventId, eventKeyId, bucketBits } = content;
  const publisher = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = new Uint8Array(publisher.publicKey.export({ format: 'der', type: 'spki' }));
  const now = Math.floor(Date.now() / 1000);
  const files = new Map<string, Uint8Array>();
  let entryCount = 0;
  const buckets = Array.from(content.buckets, (entries) => {
    entryCount += entries.length;
    const bytes = encodeBucket(entries);
    const hash = sha256(bytes);
    files.set(contentName(hash), bytes);
    return hash;
  });
  const manifest = encodeManifest({
    eventId,
    event: { name: 'bench', place: 'bench', startsAt: now },
    version: 1,
    issuedAt: now,
    notBefore: now,
    expiresAt: now + DAY_S,
    entryCount,
    bucketBits,
    buckets,
    policy: { gates: ['A'], toleranceS: 600, staleAfterS: DAY_S, refuseAfterS: DAY_S },
    eventKeyId,
  });
  const hash = sha256(manifest);
  const signature = sign('sha256', manifest, {
    key: publisher.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  files.set(contentName(hash), manifest);
  files.set(signaturesName(hash), encodeSignatures([{ keyId: sha256(spki), signature }]));
  files.set(LATEST_NAME, formatLatest(hash));

  mkdirSync(directory);
  const publishers = { keys: [spki], threshold: 1 };
  const source = { name: 'memory', read: async (name: string) => files.get(name)! };
  const list = await applyBundle(
    source,
    directory,
    { eventId, eventKeyId, publishers, floor: 0, now },
    undefined,
  );
  return list!;
}
