import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BundleError,
  contentName,
  decodeBucket,
  decodeManifest,
  decodeSignatures,
  LATEST_NAME,
  MAX_LATEST_LENGTH,
  MAX_MANIFEST_LENGTH,
  MAX_SIGNATURES_LENGTH,
  type Manifest,
  parseLatest,
  signaturesName,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { syncDirectory } from '@pinless-gate/runtime/durable-file';
import { openForBuilding, requireRoom } from '../storage/lmdb.ts';
import {
  DIGEST_FILE,
  digestOf,
  FINGERPRINTS_FILE,
  identityOf,
  MANIFEST_FILE,
  noteChecked,
  SIGNATURES_FILE,
} from './copy.ts';
import { checkManifest, type Expectations } from './expectations.ts';
import { BucketFetch, type PresentBuckets, readContent } from './fetch.ts';
import { encodeFingerprints, type Fingerprint, openFingerprint } from './fingerprints.ts';
import type { BundleSource } from './source.ts';

/** Some keys of LMDB's own beside each entry. */
const ENTRY_OVERHEAD = 64;
/** A list leaves the journal its room. */
const SPARED = 16 * 2 ** 20;
const PUTS_PER_TRANSACTION = 1000;

/**
 * Fetches the newest bundle and builds the gate's own copy of it beside the others. Returns its directory, or
 * undefined where `present` is that list. A bundle that breaks any rule of protocol.md 5 leaves nothing behind but
 * buckets that are whole: the next attempt does not fetch them again.
 */
export async function stageBundle(
  source: BundleSource,
  directory: string,
  expected: Expectations,
  present: PresentBuckets | undefined,
): Promise<string | undefined> {
  const hash = parseLatest(await source.read(LATEST_NAME, MAX_LATEST_LENGTH));
  if (present && equal(hash, present.hash)) return undefined;
  const encoded = await readContent(source, hash, MAX_MANIFEST_LENGTH, 'manifest');
  const signatures = await source.read(signaturesName(hash), MAX_SIGNATURES_LENGTH);
  verifyManifestSignatures(encoded, decodeSignatures(signatures), expected.publishers);
  const manifest = decodeManifest(encoded);
  checkManifest(manifest, expected);

  const target = join(directory, contentName(hash));
  const beside = `${target}.building`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true });
  const buckets = await BucketFetch.open(source, directory, manifest, present);
  try {
    const fingerprints = await build(buckets, manifest, beside);
    await writeFile(join(beside, FINGERPRINTS_FILE), encodeFingerprints(fingerprints));
    await writeFile(join(beside, MANIFEST_FILE), encoded);
    await writeFile(join(beside, SIGNATURES_FILE), signatures);
    await writeFile(join(beside, DIGEST_FILE), await digestOf(beside));
    await noteChecked(beside, await identityOf(beside));
    await syncFiles(beside);
    await rm(target, { recursive: true, force: true });
    await rename(beside, target);
    await syncDirectory(directory);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
  await buckets.forget();
  return target;
}

/** Buckets come in the order of their entries, so that LMDB can append. Returns the fingerprint of each. */
async function build(
  buckets: BucketFetch,
  manifest: Manifest,
  directory: string,
): Promise<Uint8Array[]> {
  requireRoom(directory, SPARED);
  const fingerprint: Fingerprint = await openFingerprint();
  const environment = openForBuilding(directory);
  const fingerprints: Uint8Array[] = [];
  let count = 0;
  let batch: { conversionValue: Uint8Array; sealed: Uint8Array }[] = [];
  const flush = () => {
    const length = batch.reduce((sum, { sealed }) => sum + sealed.length + ENTRY_OVERHEAD, 0);
    requireRoom(directory, SPARED + 2 * length);
    environment.transactionSync(() => {
      for (const { conversionValue, sealed } of batch) {
        environment.putSync(conversionValue, sealed, { append: true });
      }
    });
    batch = [];
  };
  try {
    for await (const { index, bytes } of buckets) {
      fingerprints.push(fingerprint(bytes));
      const entries = decodeBucket(bytes, index, manifest.bucketBits);
      count += entries.length;
      batch.push(...entries);
      if (batch.length >= PUTS_PER_TRANSACTION) flush();
    }
    flush();
  } finally {
    await environment.close();
  }
  if (count !== manifest.entryCount) {
    throw new BundleError(
      'ERR_BUNDLE_COUNT',
      `buckets hold ${count} entries, the manifest says ${manifest.entryCount}`,
    );
  }
  return fingerprints;
}

async function syncFiles(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = await open(join(directory, name));
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await syncDirectory(directory);
}
