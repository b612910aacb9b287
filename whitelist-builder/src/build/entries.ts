import { randomBytes } from 'node:crypto';
import { compare } from '@pinless-gate/protocol/bytes';
import type { Conversion } from '@pinless-gate/protocol/conversion';
import { encodeSeatRecord, type SeatRecord, sealRecord } from '@pinless-gate/protocol/record';

/** Where a purchase stands in the feed. */
export interface Place {
  /** From 1. */
  readonly line: number;
  /** In octets, of the line without its end. */
  readonly offset: number;
  readonly length: number;
}

/** A sealed entry set down between the passes: it holds no seal key and no serial number. */
export interface SpooledEntry extends Place {
  readonly conversionValue: Uint8Array;
  readonly sealed: Uint8Array;
}

const HEADER_LENGTH = 34; // conversion value 16, line 6, offset 6, line length 4, sealed length 2

export function encodeEntry({
  conversionValue,
  line,
  offset,
  length,
  sealed,
}: SpooledEntry): Uint8Array {
  const record = Buffer.allocUnsafe(HEADER_LENGTH + sealed.length);
  record.set(conversionValue);
  record.writeUIntBE(line, 16, 6);
  record.writeUIntBE(offset, 22, 6);
  record.writeUInt32BE(length, 28);
  record.writeUInt16BE(sealed.length, 32);
  record.set(sealed, HEADER_LENGTH);
  return record;
}

/** The entries of a partition that `keep` wants, by conversion value, then by line. Values are views. */
export function sortedEntries(partition: Buffer, keep: (line: number) => boolean): SpooledEntry[] {
  const entries: (SpooledEntry & { readonly prefix: number })[] = [];
  for (let at = 0; at < partition.length; ) {
    const end = at + HEADER_LENGTH + partition.readUInt16BE(at + 32);
    const line = partition.readUIntBE(at + 16, 6);
    if (keep(line)) {
      entries.push({
        prefix: partition.readUIntBE(at, 6), // numbers compare faster than octets
        conversionValue: partition.subarray(at, at + 16),
        line,
        offset: partition.readUIntBE(at + 22, 6),
        length: partition.readUInt32BE(at + 28),
        sealed: partition.subarray(at + HEADER_LENGTH, end),
      });
    }
    at = end;
  }
  return entries.sort(
    (a, b) =>
      a.prefix - b.prefix || compare(a.conversionValue, b.conversionValue) || a.line - b.line,
  );
}

const NONCE_LENGTH = 12;

/** Wipes the seal key: an entry is sealed once per conversion. The nonce must be fresh and random. */
export function sealOnce(
  record: SeatRecord,
  conversion: Conversion,
  nonce: Uint8Array,
  eventId: Uint8Array,
): Uint8Array {
  const { conversionValue, sealKey } = conversion;
  const context = { eventId, conversionValue };
  const sealed = sealRecord(sealKey, nonce, encodeSeatRecord(record), context);
  sealKey.fill(0);
  return sealed;
}

/** Fresh nonces, drawn at once: one draw for each record would cost a tenth of the build. */
export function freshNonces(count: number): (index: number) => Uint8Array {
  const octets = randomBytes(count * NONCE_LENGTH);
  return (index) => octets.subarray(index * NONCE_LENGTH, (index + 1) * NONCE_LENGTH);
}
