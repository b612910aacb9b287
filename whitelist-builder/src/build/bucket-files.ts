import {
  closeSync,
  existsSync,
  fsync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

/** Files that wait for the disk, before more are made: each is open until then. */
const MOST_SETTLING = 256;

/** The least power of two, as an exponent, for which a bucket holds no more than about 64 KiB. */
export function bucketBitsFor(totalLength: number): number {
  const buckets = totalLength / BUCKET_TARGET_LENGTH;
  return Math.min(MAX_BUCKET_BITS, Math.max(0, Math.round(Math.log2(buckets || 1))));
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
  /** Of files that were written, the oldest first. */
  readonly #settling: Promise<void>[] = [];
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

  /** The next bucket as a whole, where no entries were added one by one. */
  addBucket(bytes: Uint8Array, entryCount: number): void {
    this.#entryCount += entryCount;
    this.#store(bytes);
  }

  /** The next bucket, which the bundle has. */
  addStored(hash: Uint8Array, entryCount: number): void {
    this.#entryCount += entryCount;
    this.#hashes.push(hash);
  }

  /** The hashes of all buckets, once every one of them is on the disk. */
  async end(): Promise<readonly Uint8Array[]> {
    while (this.#hashes.length < 2 ** this.#bits) {
      this.#close();
    }
    await Promise.all(this.#settling);
    return this.#hashes;
  }

  /** Moves the new files into the bundle, where they last once it is synced. Before this nothing of it has changed. */
  publish(): void {
    // Synchronous: of hundreds, waiting for a turn costs more than the rename.
    for (const name of this.#staged)
      renameSync(join(this.#staging, name), join(this.#bundle, name));
  }

  /**
   * Waits for the disk where it is far behind: what was written last settles while the next buckets are made. Takes copies of
   * the entries of the bucket that is open.
   */
  async drain(): Promise<void> {
    this.#entries = this.#entries.map(({ conversionValue, sealed }) => ({
      conversionValue: new Uint8Array(conversionValue),
      sealed: new Uint8Array(sealed),
    }));
    while (this.#settling.length > MOST_SETTLING) await this.#settling.shift();
  }

  /** After a failure too: no file is open any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#settling);
  }

  #close(): void {
    const bytes = encodeBucket(this.#entries);
    this.#entries = [];
    this.#store(bytes);
  }

  #store(bytes: Uint8Array): void {
    const hash = sha256(bytes);
    const name = contentName(hash);
    this.#hashes.push(hash);
    if (this.#staged.has(name) || holds(join(this.#bundle, name), hash)) return;
    this.#staged.add(name);
    const settling = writeSettling(join(this.#staging, name), bytes);
    settling.catch(() => {}); // told by whoever awaits it next
    this.#settling.push(settling);
  }
}

/** Written when this returns, on the disk and closed when it has ended: to wait for a turn before would cost more. */
function writeSettling(path: string, bytes: Uint8Array): Promise<void> {
  const file = openSync(path, 'wx', 0o644);
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return fsyncAsync(file).finally(() => closeSync(file));
}

const fsyncAsync = promisify(fsync);

/** True where the file is there and whole. */
function holds(path: string, hash: Uint8Array): boolean {
  return existsSync(path) && equal(sha256(readFileSync(path)), hash);
}
