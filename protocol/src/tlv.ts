import { concat, EMPTY } from './bytes.ts';
import { FormatError } from './errors.ts';

/** A BER-TLV data object (ISO/IEC 7816-4 6.3). `tag` holds the tag octets as one number, e.g. 0x7f21. */
export interface Tlv {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** Where a data object lies in the octets that it was read from. */
export interface TlvRange {
  readonly tag: number;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/**
 * Finds the data object at `offset`, which must end at or before `limit`. Strict, as signatures cover
 * these octets: definite lengths only, in the fewest octets; tags of one to three octets, in the fewest.
 */
export function readTlv(bytes: Uint8Array, offset = 0, limit = bytes.length): TlvRange {
  const range = readTlvHeader(bytes, offset, limit);
  if (range.end > limit) {
    const left = limit - range.valueStart;
    throw new FormatError(
      'ERR_TLV_TRUNCATED',
      `value of ${range.end - range.valueStart} octets at offset ${range.valueStart}, ${left} left`,
    );
  }
  return range;
}

/** Tag and length alone, as strict, of an object whose value may end beyond what has been read so far. */
export function readTlvHeader(bytes: Uint8Array, offset = 0, limit = bytes.length): TlvRange {
  let at = offset;
  const octet = (): number => {
    if (at >= limit) throw new FormatError('ERR_TLV_TRUNCATED', `header cut short at offset ${at}`);
    return bytes[at++]!;
  };

  let tag = octet();
  if ((tag & 0x1f) === 0x1f) {
    const second = octet();
    tag = (tag << 8) | second;
    if (second & 0x80) {
      const third = octet();
      tag = (tag << 8) | third;
      if (third & 0x80 || second === 0x80) throw tagError(offset);
    } else if (second < 0x1f) {
      throw tagError(offset);
    }
  }

  let length = octet();
  if (length >= 0x80) {
    const octets = length & 0x7f;
    if (octets < 1 || octets > 4) throw lengthError(offset, `form ${length.toString(16)}`);
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 0x100 + octet();
    // The fewest octets: the short form below 128, no leading zero octet.
    if (length < 0x80 || length < 0x100 ** (octets - 1)) throw lengthError(offset, 'padded');
  }
  return { tag, start: offset, valueStart: at, end: at + length };
}

function tagError(offset: number): FormatError {
  return new FormatError('ERR_TLV_TAG', `tag at offset ${offset} is padded or over three octets`);
}

function lengthError(offset: number, why: string): FormatError {
  return new FormatError('ERR_TLV_LENGTH', `length of the object at offset ${offset}: ${why}`);
}

/** Exactly one data object, nothing after it. The value is a view. */
export function decodeTlv(bytes: Uint8Array): Tlv {
  const { tag, valueStart, end } = readTlv(bytes);
  if (end !== bytes.length) {
    throw new FormatError('ERR_TLV_TRAILING', `${bytes.length - end} octets after the data object`);
  }
  return { tag, value: bytes.subarray(valueStart, end) };
}

/** A sequence of data objects filling the input. Values are views. */
export function decodeTlvs(bytes: Uint8Array): Tlv[] {
  const objects: Tlv[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const { tag, valueStart, end } = readTlv(bytes, offset);
    objects.push({ tag, value: bytes.subarray(valueStart, end) });
    offset = end;
  }
  return objects;
}

export function encodeTlv(tag: number, ...values: readonly Uint8Array[]): Uint8Array {
  const length = values.reduce((sum, value) => sum + value.length, 0);
  return concat(encodeTlvHeader(tag, length), ...values);
}

/** Tag and length alone, for values that are sent apart from their header. */
export function encodeTlvHeader(tag: number, length: number): Uint8Array {
  return concat(bigEndian(tag), encodeLength(length));
}

function encodeLength(length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > 0xffff_ffff) {
    throw new RangeError(`cannot encode a length of ${length}`);
  }
  if (length < 0x80) return Uint8Array.of(length);
  const octets = bigEndian(length);
  return concat(Uint8Array.of(0x80 | octets.length), octets);
}

function bigEndian(value: number): Uint8Array {
  if (value === 0) return Uint8Array.of(0);
  let octets: Uint8Array = EMPTY;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 0x100)) {
    octets = concat(Uint8Array.of(rest % 0x100), octets);
  }
  return octets;
}
