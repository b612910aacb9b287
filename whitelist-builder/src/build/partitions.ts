import { type Cipher, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { runThrough, Scratch } from './cipher-chunks.ts';

const PARTITION_TARGET_LENGTH = 8 * 1024 * 1024;
const MAX_PARTITION_BITS = 8;
const IN_MEMORY = 16 * 1024 * 1024;
const CIPHER = 'aes-256-ctr';

/** So many leading bits that the records made of a feed of this length come in pieces of about 8 MiB. */
export function partitionBitsFor(feedLength: number): number {
  const pieces = (1.5 * feedLength) / PARTITION_TARGET_LENGTH;
  return Math.min(MAX_PARTITION_BITS, Math.max(0, Math.ceil(Math.log2(pieces || 1))));
}

interface Partition {
  readonly path: string;
  readonly iv: Buffer;
  /** Opened when there is something to write for the first time. */
  file: FileHandle | undefined;
  cipher: Cipher | undefined;
  /** The first `waitingLength` octets wait to be written. Records are copied: kept one by one they cost more. */
  waiting: Buffer;
  waitingLength: number;
  /** Octets in the file. */
  written: number;
}

export interface PartitionSizes {
  readonly inMemory?: number;
  readonly expected?: number;
}

/** Where a record goes that was made room for. */
export interface Slot {
  readonly octets: Buffer;
  readonly at: number;
}

/**
 * Records by the leading bits of their key, to be sorted a partition at a time: in memory while they are few,
 * then on disk. What is on disk is encrypted with a key that this object alone has: what a killed program leaves
 * behind says nothing.
 */
export class Partitions {
  readonly #shift: number;
  readonly #partitions: readonly Partition[];
  readonly #inMemory: number;
  readonly #initial: number;
  readonly #key = randomBytes(32);
  readonly #sealed = new Scratch();
  readonly #plain = new Scratch();
  #waiting = 0;

  /** Octets: `inMemory` from which on `drain` writes, and as many as are `expected` in all. */
  constructor(
    directory: string,
    name: string,
    bits: number,
    { inMemory = IN_MEMORY, expected = 0 }: PartitionSizes = {},
  ) {
    this.#shift = 8 - bits;
    this.#inMemory = inMemory;
    this.#initial = Math.ceil((1.2 * Math.min(expected, inMemory)) / 2 ** bits);
    this.#partitions = Array.from({ length: 2 ** bits }, (_, i) => {
      const iv = Buffer.alloc(16);
      iv.writeUInt32BE(i); // the rest counts blocks
      const waiting = Buffer.alloc(0);
      const path = join(directory, `${name}-${i}`);
      return {
        path,
        iv,
        file: undefined,
        cipher: undefined,
        waiting,
        waitingLength: 0,
        written: 0,
      };
    });
  }

  get count(): number {
    return this.#partitions.length;
  }

  /** Takes a copy. The record must begin with its key. */
  append(record: Uint8Array): void {
    const { octets, at } = this.reserve(record[0]!, record.length);
    octets.set(record, at);
  }

  /** Room for a record whose key begins with this octet; to be filled before anything else is done here. */
  reserve(first: number, length: number): Slot {
    const partition = this.#partitions[first >>> this.#shift]!;
    const at = partition.waitingLength;
    const end = at + length;
    if (end > partition.waiting.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, this.#initial, Math.ceil(1.5 * end)));
      larger.set(partition.waiting.subarray(0, at));
      partition.waiting = larger;
    }
    partition.waitingLength = end;
    this.#waiting += length;
    return { octets: partition.waiting, at };
  }

  /** Writes what has gathered, where it is much. Awaited between batches, so that memory stays bounded. */
  async drain(): Promise<void> {
    if (this.#waiting < this.#inMemory) return;
    for (const partition of this.#partitions) await this.#write(partition);
  }

  /** The whole of one partition, in the order of `append`; a view that lives until the next is read. */
  async read(index: number): Promise<Buffer> {
    const { file, iv, waiting, waitingLength } = this.#partitions[index]!;
    const rest = waiting.subarray(0, waitingLength);
    if (!file) return rest;
    const { size } = await file.stat();
    const written = this.#sealed.take(size);
    await file.read(written, 0, size, 0);
    const whole = this.#plain.take(size + rest.length);
    runThrough(createDecipheriv(CIPHER, this.#key, iv), written, whole, 0);
    whole.set(rest, size);
    return whole;
  }

  async close(): Promise<void> {
    this.#key.fill(0);
    for (const { file } of this.#partitions) await file?.close();
  }

  async #write(partition: Partition): Promise<void> {
    if (partition.waitingLength === 0) return;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    partition.file ??= await open(partition.path, flags, 0o600);
    partition.cipher ??= createCipheriv(CIPHER, this.#key, partition.iv);
    // A copy: the next batch may append while this one is being written.
    const gathered = this.#sealed.take(partition.waitingLength);
    const waiting = partition.waiting.subarray(0, partition.waitingLength);
    runThrough(partition.cipher, waiting, gathered, 0);
    this.#waiting -= partition.waitingLength;
    partition.waitingLength = 0;
    await partition.file.write(gathered, 0, gathered.length, partition.written);
    partition.written += gathered.length;
  }
}
