import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BundleError,
  contentName,
  hashAt,
  MAX_BUCKET_LENGTH,
  type Manifest,
  type PackedManifest,
  sha256,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { requireRoom } from '../storage/lmdb.ts';
import type { BundleSource } from './source.ts';

/** Buckets of the list that the gate has already. */
export interface PresentBuckets {
  readonly hash: Uint8Array;
  readonly manifest: PackedManifest;
  bucket(index: number): Uint8Array;
}

/** Fetched ahead of the one that is needed next: a far source costs a round trip each. */
const AHEAD = 8;
/** What was fetched and not applied yet. */
const FETCHED = 'fetched';
/** Fetched buckets leave the journal its room. */
const SPARED = 16 * 2 ** 20;

/**
 * The buckets of one manifest in their order: from the present list, from what an attempt before had fetched, or
 * from the source. Whichever it is, its hash is the manifest's.
 */
export class BucketFetch implements AsyncIterable<{ index: number; bytes: Uint8Array }> {
  readonly #source: BundleSource;
  readonly #directory: string;
  readonly #manifest: Manifest;
  readonly #present: PresentBuckets | undefined;

  private constructor(
    source: BundleSource,
    directory: string,
    manifest: Manifest,
    present: PresentBuckets | undefined,
  ) {
    this.#source = source;
    this.#directory = directory;
    this.#manifest = manifest;
    // With another number of buckets none is the same.
    this.#present = present?.manifest.bucketBits === manifest.bucketBits ? present : undefined;
  }

  static async open(
    source: BundleSource,
    lists: string,
    manifest: Manifest,
    present: PresentBuckets | undefined,
  ): Promise<BucketFetch> {
    const directory = join(lists, FETCHED);
    if (source.far) await mkdir(directory, { recursive: true });
    return new BucketFetch(source, directory, manifest, present);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<{ index: number; bytes: Uint8Array }> {
    const { buckets } = this.#manifest;
    const pending: Promise<Uint8Array>[] = [];
    const begin = (index: number) => {
      const bytes = this.#bucket(index);
      bytes.catch(() => undefined); // told when its turn comes
      pending.push(bytes);
    };
    const ahead = this.#source.far ? AHEAD : 1;
    for (let index = 0; index < Math.min(ahead, buckets.length); index++) begin(index);
    for (let index = 0; index < buckets.length; index++) {
      const bytes = await pending.shift()!;
      if (index + ahead < buckets.length) begin(index + ahead);
      yield { index, bytes };
    }
  }

  /** The list stands: what was fetched for it is not needed any more. */
  async forget(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #bucket(index: number): Promise<Uint8Array> {
    const hash = this.#manifest.buckets[index]!;
    return (
      this.#fromPresent(index, hash) ?? (await this.#fetched(hash)) ?? this.#fetch(index, hash)
    );
  }

  #fromPresent(index: number, hash: Uint8Array): Uint8Array | undefined {
    if (!this.#present) return undefined;
    if (!equal(hashAt(this.#present.manifest.hashes, index), hash)) return undefined;
    const bytes = this.#present.bucket(index);
    return equal(sha256(bytes), hash) ? bytes : undefined;
  }

  async #fetched(hash: Uint8Array): Promise<Uint8Array | undefined> {
    if (!this.#source.far) return undefined;
    const bytes = await readFile(this.#path(hash)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return bytes && equal(sha256(bytes), hash) ? bytes : undefined;
  }

  async #fetch(index: number, hash: Uint8Array): Promise<Uint8Array> {
    const bytes = await readContent(this.#source, hash, MAX_BUCKET_LENGTH, `bucket ${index}`);
    if (this.#source.far) {
      requireRoom(this.#directory, SPARED + bytes.length);
      // Not synced: whoever reads it again compares it with its hash.
      await writeFile(this.#path(hash), bytes);
    }
    return bytes;
  }

  #path(hash: Uint8Array): string {
    return join(this.#directory, contentName(hash));
  }
}

/** A file whose content is what its name says. */
export async function readContent(
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
