import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BundleError,
  contentName,
  encodeSignatures,
  formatLatest,
  LATEST_NAME,
  type ManifestSignature,
  signaturesName,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { publishersName } from '@pinless-gate/protocol/publishers';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { replaceFile, syncDirectory, writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { copyBuckets } from './copy-buckets.ts';
import {
  type ManifestFile,
  readLatestManifest,
  readManifest,
  readSignatures,
} from './directory.ts';
import {
  type FollowedSets,
  followSets,
  type PublisherSetFile,
  readPublisherSets,
} from './publisher-sets.ts';
import { dropOld } from './retention.ts';
import { isSigned } from './signing.ts';
import type { Expectations } from './verify.ts';

export interface PublishJob {
  readonly from: string;
  /** A directory that is served, or a stick. */
  readonly to: string;
  /** Those of the gates' configuration, and how many of them. */
  readonly expectations: Expectations;
  /** Sets that follow them, besides what the bundle's directory has. */
  readonly sets: readonly PublisherSetFile[];
  /** Lists that stay, the newest included; all where it is undefined. */
  readonly keep?: number | undefined;
  /** Unix seconds. */
  readonly now: number;
  readonly signal: AbortSignal;
  /** Told of every bucket: how many were looked at, and which part of all that is. */
  readonly progress: (buckets: number, fraction: number) => void;
}

export interface Published extends ManifestFile {
  /** Buckets that the target did not have, and their octets. */
  readonly buckets: number;
  readonly octets: number;
  /** Numbers of the sets of publishers that are new there. */
  readonly sets: readonly number[];
  /** Files that no list that stays needs. */
  readonly dropped: number;
  /** False where the target was as it should be. */
  readonly changed: boolean;
}

/**
 * Makes the newest list of a bundle the newest of another directory. Judged as a gate judges it; what is new is
 * verified, and on the disk before `latest` names it: whenever this ends, the old list is served or the new one.
 */
export async function publishBundle(job: PublishJob): Promise<Published> {
  const latest = await readLatestManifest(job.from);
  await mkdir(job.to, { recursive: true });
  // Of two at once the older list could end in `latest`, or lose buckets that the other drops.
  const unlock = await lockDirectory(job.to);
  try {
    return await publish(job, latest);
  } finally {
    await unlock();
  }
}

async function publish(job: PublishJob, latest: ManifestFile): Promise<Published> {
  const { to } = job;
  const present = await readPresent(to);
  const sets = await followedSets(job, latest);
  const signatures = await readSignatures(job.from, latest.hash);
  verifyManifestSignatures(latest.bytes, signatures, sets.publishers);
  checkFollows(latest, present, sets, job);

  const copied = await copyBuckets(job, latest.manifest, present?.manifest);
  const signed = await putManifest(to, latest, signatures);
  for (const { set, bytes } of sets.added) {
    await replaceFile(join(to, publishersName(set.number)), bytes);
  }
  const newest = present === undefined || !equal(present.hash, latest.hash);
  const changed = newest || signed || copied.buckets > 0 || sets.added.length > 0;
  if (changed) await syncDirectory(to);
  if (newest) await writeFileDurably(join(to, LATEST_NAME), formatLatest(latest.hash));
  const dropped = await dropOld(to, latest, job.keep);
  const added = sets.added.map(({ set }) => set.number);
  return { ...latest, ...copied, sets: added, dropped, changed: changed || dropped > 0 };
}

interface Present extends ManifestFile {
  readonly signatures: readonly ManifestSignature[];
}

async function readPresent(directory: string): Promise<Present | undefined> {
  try {
    const latest = await readLatestManifest(directory);
    return { ...latest, signatures: await signaturesOf(directory, latest.hash) };
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    if (cause.code === 'ERR_BUNDLE_LATEST_MISSING') return undefined;
    throw new BundleError(cause.code, `${directory}: the list that is there: ${cause.message}`, {
      cause,
      hint: 'nobody can tell what it was: publish into an empty directory',
    });
  }
}

/** None where the file is missing: that list holds for nobody. */
async function signaturesOf(directory: string, hash: Uint8Array): Promise<ManifestSignature[]> {
  try {
    return await readSignatures(directory, hash);
  } catch (error) {
    if (error instanceof BundleError) return [];
    throw error;
  }
}

async function followedSets(
  { from, to, expectations, sets }: PublishJob,
  { manifest }: ManifestFile,
): Promise<FollowedSets> {
  const present = await readPublisherSets(to, new Set(await readdir(to)));
  const beside = await readPublisherSets(from, new Set(await readdir(from)));
  const { publishers } = expectations;
  return followSets(publishers, manifest.eventId, present, [...beside, ...sets]);
}

/** What gates that have the list of the target would refuse is not published there. */
function checkFollows(
  { manifest, hash }: ManifestFile,
  present: Present | undefined,
  { publishers, last }: FollowedSets,
  { expectations, to, now }: PublishJob,
): void {
  const { eventId = present?.manifest.eventId ?? manifest.eventId } = expectations;
  for (const other of [eventId, present?.manifest.eventId]) {
    if (other && !equal(manifest.eventId, other)) {
      throw new BundleError('ERR_BUNDLE_EVENT', `${to} is for another event than the bundle`);
    }
  }
  if (manifest.expiresAt <= now) throw new BundleError('ERR_BUNDLE_EXPIRED', 'list has expired');
  if (!present || equal(present.hash, hash)) return;
  // A set that names a floor takes the place of what those published who are no publishers any more.
  const outlawed = !isSigned(present.bytes, present.signatures, publishers);
  const floor = (outlawed ? last?.listFloor : undefined) ?? present.manifest.version;
  if (manifest.version <= floor) {
    throw new BundleError(
      'ERR_BUNDLE_ROLLBACK',
      `list version ${manifest.version} does not follow version ${floor} in ${to}`,
    );
  }
}

/** Signatures are only ever added: two publishers may each have signed a copy. True where anything was missing. */
async function putManifest(
  to: string,
  { hash, bytes }: ManifestFile,
  signatures: readonly ManifestSignature[],
): Promise<boolean> {
  const there = await signaturesOf(to, hash);
  const others = there.filter(({ keyId }) => !signatures.some((one) => equal(one.keyId, keyId)));
  const before = encodeSignatures(there);
  const after = encodeSignatures([...signatures, ...others]);
  const signed = !equal(before, after);
  if (signed) await replaceFile(join(to, signaturesName(hash)), after);
  if (await hasManifest(to, hash)) return signed;
  await replaceFile(join(to, contentName(hash)), bytes);
  return true;
}

async function hasManifest(directory: string, hash: Uint8Array): Promise<boolean> {
  try {
    await readManifest(directory, hash);
    return true;
  } catch (error) {
    if (error instanceof BundleError) return false;
    throw error;
  }
}
