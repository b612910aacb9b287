import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { GateError } from '@pinless-gate/protocol/errors';

/** A feed that cannot be read, or that holds nothing to list. */
export class FeedError extends GateError {}

/** Longer lines are passed over without being held in memory. */
export const MAX_LINE_LENGTH = 1024 * 1024;
const CHUNK_LENGTH = 1024 * 1024;
const NEWLINE = 0x0a;

export interface FeedLine {
  /** From 1. */
  readonly line: number;
  /** Where the line begins in the feed, in octets. */
  readonly offset: number;
  /** Without its end; a view that lives until the next batch. Undefined when over `MAX_LINE_LENGTH`. */
  readonly bytes: Uint8Array | undefined;
}

/** Whole lines in a buffer: the first from `start`, each up to one of the first `count` of `ends`. */
interface Chunk {
  readonly buffer: Buffer;
  readonly start: number;
  readonly ends: Int32Array;
  readonly count: number;
  /** Octets of the first line that were passed over, being too many. */
  readonly passedOver: number;
}

/** Some lines. Each is made when it is asked for: so many that were kept together would outlive collection after collection. */
export class FeedLines implements Iterable<FeedLine> {
  readonly #chunk: Chunk;
  readonly #firstLine: number;
  readonly #base: number;

  /** `base`: where the buffer begins in the feed. */
  constructor(chunk: Chunk, firstLine: number, base: number) {
    this.#chunk = chunk;
    this.#firstLine = firstLine;
    this.#base = base;
  }

  get lastLine(): number {
    return this.#firstLine + this.#chunk.count - 1;
  }

  /** Where the last one ends, in octets. */
  get end(): number {
    return this.#base + this.#chunk.ends[this.#chunk.count - 1]!;
  }

  *[Symbol.iterator](): Generator<FeedLine> {
    for (let i = 0; i < this.#chunk.count; i++) {
      yield { line: this.#firstLine + i, offset: this.#offset(i), bytes: this.#bytes(i) };
    }
  }

  /** The same, for who needs no object of each: of a hundred thousand that is a tenth of the time to hash them. */
  each(use: (line: number, offset: number, bytes: Uint8Array | undefined) => void): void {
    for (let i = 0; i < this.#chunk.count; i++) {
      use(this.#firstLine + i, this.#offset(i), this.#bytes(i));
    }
  }

  #start(i: number): number {
    return i === 0 ? this.#chunk.start : this.#chunk.ends[i - 1]! + 1;
  }

  #offset(i: number): number {
    return this.#base + this.#start(i) - (i === 0 ? this.#chunk.passedOver : 0);
  }

  #bytes(i: number): Uint8Array | undefined {
    const { buffer, ends, passedOver } = this.#chunk;
    const start = this.#start(i);
    const length = ends[i]! - start;
    if (length > MAX_LINE_LENGTH || (i === 0 && passedOver > 0)) return undefined;
    // Not by `subarray`: of a Buffer that takes twice as long.
    return new Uint8Array(buffer.buffer, buffer.byteOffset + start, length);
  }

  /** The same lines, in a feed that has so many lines and octets before them. */
  behind(lines: number, octets: number): FeedLines {
    return new FeedLines(this.#chunk, this.#firstLine + lines, this.#base + octets);
  }
}

/**
 * The feed in batches of lines, a chunk of the file at a time, while the next one is read. A last line without an end
 * counts.
 */
export async function* readLines(file: FileHandle): AsyncGenerator<FeedLines> {
  const chunks = new ChunkReader(file);
  const ends = new Int32Array(CHUNK_LENGTH + 1);
  let passedOver = 0; // octets of the line that the last chunk broke off, which are no longer there
  let lineNumber = 1;
  try {
    for (;;) {
      const { buffer, start, filled, base } = await chunks.next();
      if (filled === CHUNK_START) {
        if (filled - start + passedOver === 0) return;
        ends[0] = filled;
        yield new FeedLines({ buffer, start, ends, count: 1, passedOver }, lineNumber, base);
        return;
      }
      let [rest, count] = [start, 0];
      for (let from = CHUNK_START; ; from = rest) {
        const end = buffer.indexOf(NEWLINE, from);
        if (end < 0 || end >= filled) break;
        ends[count++] = end;
        rest = end + 1;
      }
      if (count > 0) {
        yield new FeedLines({ buffer, start, ends, count, passedOver }, lineNumber, base);
        lineNumber += count;
        passedOver = 0;
      }
      const tooLong = filled - rest > MAX_LINE_LENGTH || passedOver > 0;
      if (tooLong) passedOver += filled - rest;
      chunks.keepFrom(tooLong ? filled : rest);
    }
  } finally {
    await chunks.settled();
  }
}

/** Where a chunk begins in its buffer: before it is room for what the last one broke off. */
const CHUNK_START = MAX_LINE_LENGTH;

interface FilledChunk {
  readonly buffer: Buffer;
  /** What the last chunk broke off begins here, the chunk itself at `CHUNK_START`. */
  readonly start: number;
  /** Where the chunk ends: at `CHUNK_START` once the file has. */
  readonly filled: number;
  /** Where the buffer begins in the file. */
  readonly base: number;
}

/** Two buffers in turns: one is read from while the other is filled. */
class ChunkReader {
  readonly #file: FileHandle;
  #buffer = Buffer.allocUnsafeSlow(CHUNK_START + CHUNK_LENGTH);
  #next = Buffer.allocUnsafeSlow(CHUNK_START + CHUNK_LENGTH);
  #reading: Promise<{ bytesRead: number }>;
  #position = 0;
  #start = CHUNK_START;
  #filled = CHUNK_START;

  constructor(file: FileHandle) {
    this.#file = file;
    this.#reading = this.#read();
  }

  async next(): Promise<FilledChunk> {
    const { bytesRead } = await this.#reading;
    [this.#buffer, this.#next] = [this.#next, this.#buffer];
    const chunk = {
      buffer: this.#buffer,
      start: this.#start,
      filled: CHUNK_START + bytesRead,
      base: this.#position - CHUNK_START,
    };
    this.#filled = chunk.filled;
    this.#position += bytesRead;
    if (bytesRead > 0) this.#reading = this.#read();
    return chunk;
  }

  /** What stands from here on in the last chunk is put before the next one. */
  keepFrom(at: number): void {
    this.#start = CHUNK_START - (this.#filled - at);
    this.#buffer.copy(this.#next, this.#start, at, this.#filled);
  }

  /** Nothing is being read any more. */
  async settled(): Promise<void> {
    await this.#reading.catch(() => {});
  }

  #read(): Promise<{ bytesRead: number }> {
    const reading = this.#file.read(this.#next, CHUNK_START, CHUNK_LENGTH, this.#position);
    reading.catch(() => {}); // told by `next`
    return reading;
  }
}

/** Reads one line again. Synchronous: waiting for a turn costs more than the read. */
export function readLineAt({ fd }: FileHandle, offset: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  if (readSync(fd, bytes, 0, length, offset) !== length) throw feedChanged();
  return bytes;
}

export function feedChanged(): FeedError {
  return new FeedError('ERR_FEED_CHANGED', 'the feed changed while it was read', {
    hint: 'write the feed to the end first, then build',
  });
}
