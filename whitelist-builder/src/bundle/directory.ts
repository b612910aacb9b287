import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BundleError,
  contentName,
  decodeManifest,
  decodeSignatures,
  LATEST_NAME,
  MAX_BUCKET_LENGTH,
  MAX_MANIFEST_LENGTH,
  MAX_SIGNATURES_LENGTH,
  type Manifest,
  type ManifestSignature,
  parseLatest,
  sha256,
  signaturesName,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { type ErrorCode, FormatError } from '@pinless-gate/protocol/errors';

const MAX_LATEST_LENGTH = 1024;

/** A manifest as it stands in a directory: its octets are what is signed. */
export interface ManifestFile {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** The manifest that `latest` names. Its hash is checked, its signatures are not. */
export async function readLatestManifest(directory: string): Promise<ManifestFile> {
  const hash = parseLatest(
    await readBundleFile(directory, LATEST_NAME, MAX_LATEST_LENGTH, 'ERR_BUNDLE_LATEST'),
  );
  return readManifest(directory, hash);
}

/** The manifest of this hash, the newest or an older one. */
export async function readManifest(directory: string, hash: Uint8Array): Promise<ManifestFile> {
  const name = contentName(hash);
  const bytes = await readBundleFile(directory, name, MAX_MANIFEST_LENGTH, 'ERR_BUNDLE_MANIFEST');
  if (!equal(sha256(bytes), hash)) {
    throw new BundleError(
      'ERR_BUNDLE_MANIFEST_HASH',
      `manifest ${name}: content is not what its name says`,
    );
  }
  const manifest = wellFormed('ERR_BUNDLE_MANIFEST', `manifest ${name}`, () =>
    decodeManifest(bytes),
  );
  return { hash, bytes, manifest };
}

export async function readSignatures(
  directory: string,
  manifestHash: Uint8Array,
): Promise<ManifestSignature[]> {
  const name = signaturesName(manifestHash);
  const code = 'ERR_BUNDLE_SIGNATURES';
  const bytes = await readBundleFile(directory, name, MAX_SIGNATURES_LENGTH, code);
  return wellFormed(code, name, () => decodeSignatures(bytes));
}

/** The octets of one bucket, matching its hash. */
export async function readBucket(
  directory: string,
  { buckets }: Manifest,
  bucket: number,
): Promise<Uint8Array> {
  const hash = buckets[bucket]!;
  const name = contentName(hash);
  const bytes = await readBundleFile(directory, name, MAX_BUCKET_LENGTH, 'ERR_BUNDLE_BUCKET');
  if (!equal(sha256(bytes), hash)) {
    const what = `bucket ${bucket} (${name})`;
    throw new BundleError('ERR_BUNDLE_BUCKET_HASH', `${what}: content is not what its name says`);
  }
  return bytes;
}

/** Octets; undefined where there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Throws `code` with `_MISSING`, `_LENGTH` or `_UNREADABLE` appended. */
async function readBundleFile(
  directory: string,
  name: string,
  maxLength: number,
  code: ErrorCode,
): Promise<Uint8Array> {
  try {
    // A named pipe must not hold the reader up.
    const file = await open(join(directory, name), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new BundleError(`${code}_UNREADABLE`, `${name}: not a file`);
      const { size } = stat;
      if (size > maxLength) {
        throw new BundleError(`${code}_LENGTH`, `${name}: ${size} octets, at most ${maxLength}`);
      }
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    if (cause instanceof BundleError || reason === undefined) throw cause;
    if (reason === 'ENOENT')
      throw new BundleError(`${code}_MISSING`, `${name}: missing`, { cause });
    throw new BundleError(`${code}_UNREADABLE`, `${name}: cannot be read (${reason})`, { cause });
  }
}

/** Octets that match their hash and still are not what the format says: the publisher's fault. */
export function wellFormed<T>(code: ErrorCode, what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new BundleError(`${code}_FORMAT`, `${what}: ${cause.message}`, { cause });
  }
}
