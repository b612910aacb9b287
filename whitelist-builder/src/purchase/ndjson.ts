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

/** The feed in batches of lines, a chunk of the file at a time. A last line without an end counts. */
export async function* readLines(file: FileHandle): AsyncGenerator<FeedLine[]> {
  const buffer = Buffer.allocUnsafe(CHUNK_LENGTH + MAX_LINE_LENGTH);
  let held = 0; // octets at the front of the buffer: the line that the last chunk broke off
  let position = 0;
  let lineNumber = 1;
  let tooLongFrom: number | undefined;
  for (;;) {
    const { bytesRead } = await file.read(buffer, held, CHUNK_LENGTH, position);
    if (bytesRead === 0) break;
    const filled = held + bytesRead;
    const base = position - held; // offset in the feed of buffer[0]
    const lines: FeedLine[] = [];
    let start = 0;
    for (;;) {
      const end = buffer.indexOf(NEWLINE, start);
      if (end < 0 || end >= filled) break;
      // Not by `subarray`: of a Buffer that takes twice as long.
      const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset + start, end - start);
      const whole = tooLongFrom === undefined && bytes.length <= MAX_LINE_LENGTH;
      lines.push({
        line: lineNumber++,
        offset: tooLongFrom ?? base + start,
        bytes: whole ? bytes : undefined,
      });
      tooLongFrom = undefined;
      start = end + 1;
    }
    if (lines.length > 0) yield lines;
    position += bytesRead;
    held = filled - start;
    if (held > MAX_LINE_LENGTH || tooLongFrom !== undefined) {
      tooLongFrom ??= base + start;
      held = 0;
    }
    buffer.copyWithin(0, start, start + held);
  }
  if (tooLongFrom !== undefined)
    yield [{ line: lineNumber, offset: tooLongFrom, bytes: undefined }];
  else if (held > 0) {
    yield [{ line: lineNumber, offset: position - held, bytes: buffer.subarray(0, held) }];
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
