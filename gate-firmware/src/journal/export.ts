import { closeSync, openSync, readSync } from 'node:fs';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { FormatError, readOr } from '@pinless-gate/protocol/errors';
import { decodeJournalEntry, hashEntry, JournalError } from '@pinless-gate/protocol/journal';
import type { Checkpoint } from '@pinless-gate/protocol/journal/checkpoint';
import type { JournalItem } from './items.ts';
import { shownCheckpoint, shownEntry } from './shown.ts';

/**
 * A journal as a file that somebody else can verify: one JSON object a line. An entry's line says what its
 * octets say, then their SHA-256, and the octets themselves last; a checkpoint's stands after the entry it
 * is over. The octets hold the conversion value where the card is listed, as the journal does.
 */
export function exportLine(item: JournalItem): string {
  if (item.kind === 'checkpoint') return JSON.stringify(shownCheckpoint(item.checkpoint));
  const { encoded } = item;
  return JSON.stringify({
    ...shownEntry(decodeJournalEntry(encoded).entry),
    hash: toHex(hashEntry(encoded)),
    octets: toHex(encoded),
  });
}

const CHUNK = 1 << 16;
/** Nothing that a gate writes is longer. */
const MAX_LINE = 1 << 20;

/** What an export holds, line by line; throws ERR_JOURNAL_LINE where a line does not say what its octets do. */
export function* readExport(file: string): Generator<JournalItem> {
  let number = 0;
  for (const line of linesOf(file)) {
    number += 1;
    if (line === '') continue;
    const item = readOr(
      () => parseLine(line),
      (cause) => {
        throw new JournalError('ERR_JOURNAL_LINE', `line ${number}: ${cause.message}`, {
          cause,
          hint: 'what is verified is a whole export as NDJSON, without filters',
        });
      },
    );
    yield item;
  }
}

function parseLine(line: string): JournalItem {
  const fields = parseObject(line);
  const item = fields.kind === 'checkpoint' ? checkpointItem(fields) : entryItem(fields);
  const written = parseObject(exportLine(item));
  for (const [name, value] of Object.entries(fields)) {
    if (JSON.stringify(value) === JSON.stringify(written[name])) continue;
    throw new FormatError('ERR_JOURNAL_LINE', `"${name}" is not what its octets say`);
  }
  return item;
}

function entryItem({ octets }: Record<string, unknown>): JournalItem {
  const encoded = octetsOf(octets, 'octets');
  decodeJournalEntry(encoded);
  return { kind: 'entry', encoded };
}

function checkpointItem(fields: Record<string, unknown>): JournalItem {
  const { sequence, atMs } = fields;
  const checkpoint: Checkpoint = {
    gateId: octetsOf(fields.gate, 'gate', 16),
    sequence: uintOf(sequence, 'sequence'),
    hash: octetsOf(fields.hash, 'hash', 32),
    at: uintOf(atMs, 'atMs'),
    signature: octetsOf(fields.signature, 'signature', 64),
  };
  return { kind: 'checkpoint', checkpoint };
}

function octetsOf(value: unknown, what: string, length?: number): Uint8Array {
  if (typeof value !== 'string') throw new FormatError('ERR_JOURNAL_LINE', `no "${what}"`);
  const octets = fromHex(value);
  if (length === undefined || octets.length === length) return octets;
  throw new FormatError('ERR_JOURNAL_LINE', `"${what}" of ${octets.length} octets`);
}

function uintOf(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new FormatError('ERR_JOURNAL_LINE', `"${what}" is no number of that kind`);
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new FormatError('ERR_JOURNAL_LINE', 'no JSON', { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new FormatError('ERR_JOURNAL_LINE', 'no JSON object');
}

function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK);
    let rest = Buffer.alloc(0);
    for (
      let length = readSync(descriptor, chunk);
      length > 0;
      length = readSync(descriptor, chunk)
    ) {
      rest = Buffer.concat([rest, chunk.subarray(0, length)]);
      let begin = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
        yield rest.toString('utf8', begin, end);
        begin = end + 1;
      }
      rest = rest.subarray(begin);
      if (rest.length > MAX_LINE) {
        throw new JournalError('ERR_JOURNAL_LINE', `a line of over ${MAX_LINE} octets`);
      }
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}
