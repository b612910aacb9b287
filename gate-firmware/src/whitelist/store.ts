import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import {
  BundleError,
  contentName,
  decodeManifest,
  decodeSignatures,
  encodeBucket,
  type Manifest,
  type Passport,
  type Publishers,
  passportOf,
  sha256,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { DATA_FILE, type Environment, openReadOnly } from '../storage/lmdb.ts';

export const MANIFEST_FILE = 'manifest';
export const SIGNATURES_FILE = 'signatures';
export const DIGEST_FILE = 'digest';

/** SHA-256 of the LMDB file, hex: tells damage before LMDB maps it, since a damaged map kills the process. */
export async function digestOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(directory, DATA_FILE)), hash);
  return hash.digest('hex');
}

/** A list on the gate's own disk, read-only while it serves. Every answer is from this one version. */
export class Whitelist {
  readonly manifest: Manifest;
  readonly hash: Uint8Array;
  readonly passport: Passport;
  readonly #environment: Environment;

  private constructor(manifest: Manifest, hash: Uint8Array, environment: Environment) {
    this.manifest = manifest;
    this.hash = hash;
    this.passport = passportOf(manifest, hash);
    this.#environment = environment;
  }

  /**
   * Opens the list in a directory named by its manifest's hash, and believes nothing on the disk: the
   * signatures are verified again, and every bucket is rebuilt and compared with the manifest, since LMDB
   * has no checksums and somebody may have edited the file.
   */
  static async open(directory: string, publishers: Publishers): Promise<Whitelist> {
    const [encoded, signatures, digest, data] = await Promise.all([
      readFile(join(directory, MANIFEST_FILE)),
      readFile(join(directory, SIGNATURES_FILE)),
      readFile(join(directory, DIGEST_FILE), 'latin1'),
      digestOf(directory),
    ]).catch((cause: NodeJS.ErrnoException) => {
      throw corrupt(`a file of the list on the disk cannot be read (${cause.code})`, cause);
    });
    const hash = sha256(encoded);
    if (contentName(hash) !== basename(directory)) {
      throw new BundleError('ERR_LIST_MANIFEST', 'the list on the disk has another manifest');
    }
    verifyManifestSignatures(encoded, decodeSignatures(signatures), publishers);
    if (data !== digest) throw corrupt('the list on the disk is damaged');
    const list = new Whitelist(decodeManifest(encoded), hash, await openReadOnly(directory));
    try {
      await list.#verifyBuckets();
    } catch (error) {
      await list.close();
      throw error;
    }
    return list;
  }

  /** The sealed record of a card, or undefined where it is not listed. */
  find(conversionValue: Uint8Array): Uint8Array | undefined {
    return this.#environment.get(conversionValue);
  }

  /** One bucket as it was published: what an update does not change need not be fetched again. */
  bucket(index: number): Uint8Array {
    const shift = 24 - this.manifest.bucketBits;
    const start = prefix(index << shift);
    const next = (index + 1) << shift;
    const end = next <= 0xff_ffff ? { end: prefix(next) } : {};
    const entries = this.#environment.getRange({ start, ...end });
    return encodeBucket(
      Array.from(entries, ({ key, value }) => ({ conversionValue: key, sealed: value })),
    );
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }

  async #verifyBuckets(): Promise<void> {
    const { buckets, bucketBits } = this.manifest;
    for (const [index, expected] of buckets.entries()) {
      // A lane may be serving another list meanwhile: a tap waits for one bucket at most.
      await setImmediate();
      if (!equal(sha256(this.bucket(index)), expected)) {
        throw corrupt(`bucket ${index} of 2^${bucketBits} on the disk differs from the manifest`);
      }
    }
  }
}

function corrupt(message: string, cause?: unknown): BundleError {
  const hint = 'the gate fetches the list again; if it comes back, suspect the disk';
  return new BundleError('ERR_LIST_CORRUPT', message, { hint, cause });
}

function prefix(value: number): Buffer {
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
}
