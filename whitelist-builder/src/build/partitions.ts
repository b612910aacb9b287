import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const PARTITION_TARGET_LENGTH = 8 * 1024 * 1024;
const MAX_PARTITION_BITS = 7;
const BUFFER_LENGTH = 64 * 1024;

/** So many leading bits that the records made of a feed of this length come in pieces of about 8 MiB. */
export function partitionBitsFor(feedLength: number): number {
  const pieces = (1.5 * feedLength) / PARTITION_TARGET_LENGTH;
  return Math.min(MAX_PARTITION_BITS, Math.max(0, Math.ceil(Math.log2(pieces || 1))));
}

interface Partition {
  readonly path: string;
  readonly file: FileHandle;
  /** The first `waitingLength` octets wait to be written. Records are copied: kept one by one they cost more. */
  waiting: Buffer;
  waitingLength: number;
}

/** Records set down on disk by the leading bits of their key, to be sorted a partition at a time. */
export class Partitions {
  readonly #bits: number;
  readonly #partitions: readonly Partition[];

  private constructor(bits: number, partitions: readonly Partition[]) {
    this.#bits = bits;
    this.#partitions = partitions;
  }

  static async create(directory: string, name: string, bits: number): Promise<Partitions> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    const partitions: Partition[] = [];
    for (let i = 0; i < 2 ** bits; i++) {
      const path = join(directory, `${name}-${i}`);
      const file = await open(path, flags, 0o600);
      partitions.push({ path, file, waiting: Buffer.alloc(BUFFER_LENGTH), waitingLength: 0 });
    }
    return new Partitions(bits, partitions);
  }

  get count(): number {
    return this.#partitions.length;
  }

  /** Takes a copy. The record must begin with its key. */
  append(record: Uint8Array): void {
    const partition = this.#partitions[record[0]! >>> (8 - this.#bits)]!;
    const length = partition.waitingLength + record.length;
    if (length > partition.waiting.length) {
      partition.waiting = Buffer.concat([partition.waiting], 2 * length);
    }
    partition.waiting.set(record, partition.waitingLength);
    partition.waitingLength = length;
  }

  /** Writes what has gathered. Awaited between batches, so that memory stays bounded. */
  async drain(): Promise<void> {
    for (const partition of this.#partitions) {
      if (partition.waitingLength >= BUFFER_LENGTH / 2) await write(partition);
    }
  }

  /** The whole of one partition, in the order of `append`. */
  async read(index: number): Promise<Buffer> {
    const partition = this.#partitions[index]!;
    await write(partition);
    return readFile(partition.path);
  }

  async close(): Promise<void> {
    for (const { file } of this.#partitions) await file.close();
  }
}

async function write(partition: Partition): Promise<void> {
  if (partition.waitingLength === 0) return;
  // A copy: the next batch may append while this one is being written.
  const gathered = Buffer.from(partition.waiting.subarray(0, partition.waitingLength));
  partition.waitingLength = 0;
  await partition.file.appendFile(gathered);
}
