import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BundleError,
  contentName,
  decodeBucket,
  decodeManifest,
  decodeSignatures,
  LATEST_NAME,
  MAX_BUCKET_LENGTH,
  MAX_MANIFEST_LENGTH,
  MAX_SIGNATURES_LENGTH,
  type Manifest,
  type Publishers,
  parseLatest,
  sha256,
  signaturesName,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { syncDirectory, writeFileDurably } from '@pinless-gate/runtime/durable-file';
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
import { encodeFingerprints, openFingerprint } from './fingerprints.ts';
import type { BundleSource } from './source.ts';
import { type OpenOptions, Whitelist } from './store.ts';

/** What a bundle must be for this gate to apply it. */
export interface Expectations {
  readonly eventId: Uint8Array;
  /** What the gate's own event keys are called that it may use now; the list must be converted with one of them. */
  readonly eventKeyIds: readonly Uint8Array[];
  readonly publishers: Publishers;
  /** The highest version applied so far, 0 for none. */
  readonly floor: number;
  /** Unix seconds. */
  readonly now: number;
}

const CURRENT_FILE = 'current';
const MAX_LATEST_LENGTH = 256;
/** Each blocks the lane for a few milliseconds. */
const PUTS_PER_TRANSACTION = 1000;
const ENTRY_OVERHEAD = 64;
/** A list leaves the journal its room. */
const SPARED = 16 * 2 ** 20;

/**
 * Fetches the newest bundle and builds the gate's own copy beside the present one, or returns undefined
 * when it has it already. A bundle that breaks any rule of protocol.md 5 changes nothing.
 */
export async function applyBundle(
  source: BundleSource,
  directory: string,
  expected: Expectations,
  present: Whitelist | undefined,
  options: OpenOptions = {},
): Promise<Whitelist | undefined> {
  const hash = parseLatest(await source.read(LATEST_NAME, MAX_LATEST_LENGTH));
  if (present && !present.damage && equal(hash, present.hash)) return undefined;
  const encoded = await readContent(source, hash, MAX_MANIFEST_LENGTH, 'manifest');
  const signatures = await source.read(signaturesName(hash), MAX_SIGNATURES_LENGTH);
  verifyManifestSignatures(encoded, decodeSignatures(signatures), expected.publishers);
  const manifest = decodeManifest(encoded);
  checkManifest(manifest, expected);

  const target = join(directory, contentName(hash));
  const beside = `${target}.building`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true });
  try {
    const whole = present?.damage ? undefined : present;
    const fingerprints = await build(source, manifest, beside, whole);
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
  return Whitelist.open(target, expected.publishers, options);
}

/** Makes the list the one that the gate starts with, and drops lists older than the one before it. */
export async function makeCurrent(directory: string, list: Whitelist): Promise<void> {
  const name = contentName(list.hash);
  const before = await readCurrent(directory);
  await writeFileDurably(join(directory, CURRENT_FILE), `${name}\n`);
  const keep = new Set([CURRENT_FILE, name, before ?? name]);
  for (const entry of await readdir(directory)) {
    if (!keep.has(entry)) await rm(join(directory, entry), { recursive: true, force: true });
  }
}

/** The list that was current when the gate stopped; undefined when there was none. */
export async function openCurrent(
  directory: string,
  publishers: Publishers,
  options: OpenOptions = {},
): Promise<Whitelist | undefined> {
  await mkdir(directory, { recursive: true });
  const name = await readCurrent(directory);
  if (name === undefined) return undefined;
  return Whitelist.open(join(directory, name), publishers, options);
}

async function readCurrent(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, CURRENT_FILE), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  const name = text?.trim();
  return name !== undefined && /^[0-9a-f]{64}$/.test(name) ? name : undefined;
}

/** The rules of protocol.md 5 that need the manifest alone. */
export function checkManifest(manifest: Manifest, expected: Expectations): void {
  if (!equal(manifest.eventId, expected.eventId)) {
    throw new BundleError(
      'ERR_BUNDLE_EVENT',
      `list is for event ${toHex(manifest.eventId)}, this gate serves ${toHex(expected.eventId)}`,
    );
  }
  if (!expected.eventKeyIds.some((keyId) => equal(manifest.eventKeyId, keyId))) {
    throw new BundleError('ERR_BUNDLE_EVENT_KEY', 'list was converted with another event key', {
      hint: "the gate's HSM needs the event key that the list was built with, inside its window",
    });
  }
  if (manifest.version <= expected.floor) {
    throw new BundleError(
      'ERR_BUNDLE_ROLLBACK',
      `list version ${manifest.version}, version ${expected.floor} was applied before`,
    );
  }
  if (manifest.expiresAt <= expected.now) {
    throw new BundleError('ERR_BUNDLE_EXPIRED', 'list has expired', {
      hint: "publish a new version, or check the gate's clock",
    });
  }
}

async function readContent(
  source: BundleSource,
  hash: Uint8Array,
  maxLength: number,
  what: string,
): Promise<Uint8Array> {
  const bytes = await source.read(contentName(hash), maxLength);
  if (!equal(sha256(bytes), hash)) {
    throw new BundleError('ERR_BUNDLE_HASH', `${what} differs from its hash`);
  }
  return bytes;
}

/** Buckets come in the order of their entries, so that LMDB can append. Returns the fingerprint of each. */
async function build(
  source: BundleSource,
  manifest: Manifest,
  directory: string,
  present: Whitelist | undefined,
): Promise<Uint8Array[]> {
  const fingerprint = await openFingerprint();
  const fingerprints: Uint8Array[] = [];
  requireRoom(directory, SPARED);
  const environment = openForBuilding(directory);
  try {
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
    for (const [index, hash] of manifest.buckets.entries()) {
      const bytes =
        presentBucket(present, manifest, index) ??
        (await readContent(source, hash, MAX_BUCKET_LENGTH, `bucket ${index}`));
      fingerprints.push(fingerprint(bytes));
      const entries = decodeBucket(bytes, index, manifest.bucketBits);
      count += entries.length;
      batch.push(...entries);
      if (batch.length >= PUTS_PER_TRANSACTION) flush();
    }
    flush();
    if (count !== manifest.entryCount) {
      throw new BundleError(
        'ERR_BUNDLE_COUNT',
        `buckets hold ${count} entries, the manifest says ${manifest.entryCount}`,
      );
    }
    return fingerprints;
  } finally {
    await environment.close();
  }
}

/** What the present list has already, read from it, so that it is not fetched again. */
function presentBucket(
  present: Whitelist | undefined,
  manifest: Manifest,
  index: number,
): Uint8Array | undefined {
  if (present?.manifest.bucketBits !== manifest.bucketBits) return undefined;
  const hash = manifest.buckets[index]!;
  if (!equal(present.manifest.buckets[index]!, hash)) return undefined;
  const bytes = present.bucket(index);
  return equal(sha256(bytes), hash) ? bytes : undefined;
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
