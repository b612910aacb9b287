import { existsSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BUCKET_TARGET_LENGTH,
  type BucketEntry,
  bucketOf,
  contentName,
  encodeBucket,
  MAX_BUCKET_BITS,
  sha256,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { syncDirectory } from '@pinless-gate/runtime/durable-file';

/** More than the threads that write: the disk settles those together that wait for it. */
const WRITES_AT_ONCE = 64;

/** The least power of two, as an exponent, for which a bucket holds no more than about 64 KiB. */
export function bucketBitsFor(totalLength: number): number {
  const buckets = totalLength / BUCKET_TARGET_LENGTH;
  return Math.min(MAX_BUCKET_BITS, Math.max(0, Math.round(Math.log2(buckets || 1))));
}

interface BucketFile {
  readonly name: string;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/**
 * Entries in order become bucket files beside the bundle; `publish` moves them in. Files that the bundle
 * already has are left as they are.
 */
export class BucketFiles {
  readonly #staging: string;
  readonly #bundle: string;
  readonly #bits: number;
  readonly #hashes: Uint8Array[] = [];
  readonly #staged = new Set<string>();
  #entries: BucketEntry[] = [];
  #waiting: BucketFile[] = [];
  #writing: Promise<void> = Promise.resolve();
  #entryCount = 0;

  constructor(staging: string, bundle: string, bits: number) {
    this.#staging = staging;
    this.#bundle = bundle;
    this.#bits = bits;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  /** Entries come sorted by conversion value, and live until the next `drain`. */
  add({ conversionValue, sealed }: BucketEntry): void {
    const bucket = bucketOf(conversionValue, this.#bits);
    while (this.#hashes.length < bucket) this.#close();
    this.#entries.push({ conversionValue, sealed });
    this.#entryCount++;
  }

  /** The hashes of all buckets, once every one of them is on the disk. */
  async end(): Promise<readonly Uint8Array[]> {
    while (this.#hashes.length < 2 ** this.#bits) {
      this.#close();
      if (this.#waiting.length >= WRITES_AT_ONCE) await this.drain();
    }
    await this.drain();
    await this.#writing;
    return this.#hashes;
  }

  /** Moves the new files into the bundle, durably. Before this nothing of the bundle has changed. */
  async publish(): Promise<void> {
    for (const name of this.#staged)
      await rename(join(this.#staging, name), join(this.#bundle, name));
    await syncDirectory(this.#bundle);
  }

  /**
   * Begins to put full buckets on the disk that are not there yet, once those of the drain before are: the disk is
   * slow, and the next ones can be made meanwhile. Takes copies of the entries of the bucket that is open.
   */
  async drain(): Promise<void> {
    await this.#writing;
    this.#writing = this.#storeAll(this.#waiting);
    this.#writing.catch(() => {}); // told by whoever awaits it next
    this.#waiting = [];
    this.#entries = this.#entries.map(({ conversionValue, sealed }) => ({
      conversionValue: new Uint8Array(conversionValue),
      sealed: new Uint8Array(sealed),
    }));
  }

  /** After a failure too: nothing is written any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#writing]);
  }

  async #storeAll(files: readonly BucketFile[]): Promise<void> {
    for (let i = 0; i < files.length; i += WRITES_AT_ONCE) {
      const some = files.slice(i, i + WRITES_AT_ONCE);
      // All of them end before the first failure is told: the caller then removes the directory.
      for (const write of await Promise.allSettled(some.map((file) => this.#store(file)))) {
        if (write.status === 'rejected') throw write.reason;
      }
    }
  }

  #close(): void {
    const bytes = encodeBucket(this.#entries);
    const hash = sha256(bytes);
    this.#entries = [];
    this.#hashes.push(hash);
    this.#waiting.push({ name: contentName(hash), hash, bytes });
  }

  async #store({ name, hash, bytes }: BucketFile): Promise<void> {
    if (this.#staged.has(name)) return;
    this.#staged.add(name);
    if (await holds(join(this.#bundle, name), hash)) this.#staged.delete(name);
    else await stage(join(this.#staging, name), bytes);
  }
}

async function stage(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** True where the file is there and whole. */
async function holds(path: string, hash: Uint8Array): Promise<boolean> {
  return existsSync(path) && equal(sha256(await readFile(path)), hash);
}
