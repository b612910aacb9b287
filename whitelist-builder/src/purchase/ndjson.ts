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
    const { buffer, ends, count, passedOver } = this.#chunk;
    let { start } = this.#chunk;
    for (let i = 0; i < count; i++) {
      const length = ends[i]! - start;
      const before = i === 0 ? passedOver : 0;
      const whole = before === 0 && length <= MAX_LINE_LENGTH;
      // Not by `subarray`: of a Buffer that takes twice as long.
      const bytes = whole
        ? new Uint8Array(buffer.buffer, buffer.byteOffset + start, length)
        : undefined;
      yield { line: this.#firstLine + i, offset: this.#base + start - before, bytes };
      start = ends[i]! + 1;
    }
  }

  /** The same lines, in a feed that has so many lines and octets before them. */
  behind(lines: number, octets: number): FeedLines {
    return new FeedLines(this.#chunk, this.#firstLine + lines, this.#base + octets);
  }
}

/** The feed in batches of lines, a chunk of the file at a time. A last line without an end counts. */
export async function* readLines(file: FileHandle): AsyncGenerator<FeedLines> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_LENGTH + MAX_LINE_LENGTH);
  const ends = new Int32Array(CHUNK_LENGTH + 1);
  let held = 0; // octets at the front of the buffer: the line that the last chunk broke off
  let passedOver = 0; // octets of that line which are no longer there
  let position = 0;
  let lineNumber = 1;
  for (;;) {
    const { bytesRead } = await file.read(buffer, held, CHUNK_LENGTH, position);
    if (bytesRead === 0) break;
    const filled = held + bytesRead;
    const base = position - held; // offset in the feed of buffer[0]
    let [start, count] = [0, 0];
    for (;;) {
      const end = buffer.indexOf(NEWLINE, start);
      if (end < 0 || end >= filled) break;
      ends[count++] = end;
      start = end + 1;
    }
    if (count > 0) {
      yield new FeedLines({ buffer, start: 0, ends, count, passedOver }, lineNumber, base);
      lineNumber += count;
      passedOver = 0;
    }
    position += bytesRead;
    held = filled - start;
    if (held > MAX_LINE_LENGTH || passedOver > 0) {
      passedOver += held;
      held = 0;
    }
    buffer.copyWithin(0, start, start + held);
  }
  if (held + passedOver === 0) return;
  ends[0] = held;
  const rest = { buffer, start: 0, ends, count: 1, passedOver };
  yield new FeedLines(rest, lineNumber, position - held);
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
