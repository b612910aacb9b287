import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import type { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import {
  type BucketEntry,
  contentName,
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  LATEST_NAME,
  type Publishers,
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

/** A bundle in a directory, and what a gate must expect to apply it. */
export interface PublishedList {
  readonly directory: string;
  readonly eventId: Uint8Array;
  readonly eventKeyId: Uint8Array;
  readonly publishers: Publishers;
  /** Publishes the next version, in which the first bucket has other entries, as many as before. */
  readonly publishNext: (entries: readonly BucketEntry[]) => void;
}

/** Writes entries as a signed bundle, one bucket after the other: it need not fit into memory. */
export function publishList(content: ListContent, directory: string): PublishedList {
  const { eventId, eventKeyId, bucketBits } = content;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  mkdirSync(directory);
  const write = (name: string, octets: Uint8Array) => writeFileSync(join(directory, name), octets);
  const writeBucket = (entries: readonly BucketEntry[]) => {
    const bytes = encodeBucket(entries);
    const hash = sha256(bytes);
    write(contentName(hash), bytes);
    return hash;
  };
  let entryCount = 0;
  const buckets = Array.from(content.buckets, (entries) => {
    entryCount += entries.length;
    return writeBucket(entries);
  });
  let version = 0;
  const publish = () => {
    const now = Math.floor(Date.now() / 1000);
    const manifest = encodeManifest({
      eventId,
      event: { name: 'bench', place: 'bench', startsAt: now },
      version: ++version,
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
    const signature = sign('sha256', manifest, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    write(contentName(hash), manifest);
    write(signaturesName(hash), encodeSignatures([{ keyId: sha256(spki), signature }]));
    write(LATEST_NAME, formatLatest(hash));
  };
  publish();
  const publishNext = (entries: readonly BucketEntry[]) => {
    buckets[0] = writeBucket(entries);
    publish();
  };
  const publishers = { keys: [spki], threshold: 1 };
  return { directory, eventId, eventKeyId, publishers, publishNext };
}

/** Applies it as a gate does: verified, built, synced. */
export async function applyPublished(
  { directory, eventId, eventKeyId, publishers }: PublishedList,
  lists: string,
): Promise<Whitelist> {
  mkdirSync(lists, { recursive: true });
  const list = await applyBundle(
    directorySource(directory),
    lists,
    { eventId, eventKeyIds: [eventKeyId], publishers, floor: 0, now: Date.now() / 1000 },
    undefined,
  );
  return list!;
}

export async function applyList(content: ListContent, directory: string): Promise<Whitelist> {
  const bundle = `${directory}.bundle`;
  const list = await applyPublished(publishList(content, bundle), directory);
  rmSync(bundle, { recursive: true });
  return list;
}
