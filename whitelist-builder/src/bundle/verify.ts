import {
  BundleError,
  decodeBucket,
  type Publishers,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import {
  type ManifestFile,
  readBucket,
  readLatestManifest,
  readSignatures,
  wellFormed,
} from './directory.ts';

/** What a bundle is checked against. */
export interface Expectations {
  readonly publishers: Publishers;
  /** The event it must be for, where the caller knows. */
  readonly eventId?: Uint8Array | undefined;
}

/** The newest manifest, signed by enough publishers and for the right event. Buckets are not read. */
export async function readVerifiedManifest(
  directory: string,
  { publishers, eventId }: Expectations,
): Promise<ManifestFile> {
  const latest = await readLatestManifest(directory);
  const signatures = await readSignatures(directory, latest.hash);
  verifyManifestSignatures(latest.bytes, signatures, publishers);
  if (eventId && !equal(latest.manifest.eventId, eventId)) {
    throw new BundleError('ERR_BUNDLE_EVENT', 'the bundle is for another event');
  }
  return latest;
}

/** As `readVerifiedManifest`, and reads every bucket: hash, order, count. `checked` is told the progress. */
export async function verifyBundle(
  directory: string,
  expectations: Expectations,
  checked: (entries: number, fraction: number) => void = () => {},
): Promise<ManifestFile> {
  const latest = await readVerifiedManifest(directory, expectations);
  const { manifest } = latest;
  let entries = 0;
  for (let bucket = 0; bucket < manifest.buckets.length; bucket++) {
    const bytes = await readBucket(directory, manifest, bucket);
    entries += wellFormed('ERR_BUNDLE_BUCKET', `bucket ${bucket}`, () =>
      decodeBucket(bytes, bucket, manifest.bucketBits),
    ).length;
    checked(entries, (bucket + 1) / manifest.buckets.length);
  }
  if (entries !== manifest.entryCount) {
    throw new BundleError(
      'ERR_BUNDLE_COUNT',
      `${entries} entries in the buckets, ${manifest.entryCount} in the manifest`,
    );
  }
  return latest;
}
