import { FormatError } from '../errors.ts';
import { readTlv } from '../tlv.ts';

/** Tags of X.690 that certificates use. */
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OID = 0x06;
export const ENUMERATED = 0x0a;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** A data object: `value` and `encoded` (with its header) are views. */
export interface DerElement {
  readonly tag: number;
  readonly value: Uint8Array;
  readonly encoded: Uint8Array;
}

/** Reads data objects of DER (X.690 10) from the front; anything unexpected is a `FormatError`. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  next(what: string): DerElement {
    if (this.done) throw new FormatError('ERR_DER_MISSING', `${what} is missing`);
    const { tag, start, valueStart, end } = readTlv(this.#bytes, this.#offset);
    this.#offset = end;
    return {
      tag,
      value: this.#bytes.subarray(valueStart, end),
      encoded: this.#bytes.subarray(start, end),
    };
  }

  element(tag: number, what: string): DerElement {
    const element = this.next(what);
    if (element.tag !== tag) {
      throw new FormatError('ERR_DER_TAG', `${what} has tag ${element.tag.toString(16)}`);
    }
    return element;
  }

  value(tag: number, what: string): Uint8Array {
    return this.element(tag, what).value;
  }

  /** The value of the next object if it has this tag. Context tags are one octet, so a look decides. */
  optional(tag: number, what: string): Uint8Array | undefined {
    return !this.done && this.#bytes[this.#offset] === tag ? this.value(tag, what) : undefined;
  }

  optionalOf(tags: readonly number[], what: string): DerElement | undefined {
    return !this.done && tags.includes(this.#bytes[this.#offset]!) ? this.next(what) : undefined;
  }

  sequence(what: string): DerReader {
    return new DerReader(this.value(SEQUENCE, what));
  }

  /** The objects that are left, at least `min` of them. */
  rest(what: string, min = 0): DerElement[] {
    const elements: DerElement[] = [];
    while (!this.done) elements.push(this.next(what));
    if (elements.length < min) throw new FormatError('ERR_DER_EMPTY', `${what} is empty`);
    return elements;
  }

  end(what: string): void {
    if (!this.done) {
      throw new FormatError('ERR_DER_TRAILING', `${what}: octets after the last member`);
    }
  }
}

const MAX_DEPTH = 16;

/** Data objects of whatever types filling the input, and so on within every constructed one. */
export function checkWellFormed(bytes: Uint8Array, what: string, depth = 0): void {
  if (depth > MAX_DEPTH) throw new FormatError('ERR_DER_DEPTH', `${what}: nested too deeply`);
  for (const { tag, value } of new DerReader(bytes).rest(what)) {
    const first = tag > 0xffff ? tag >> 16 : tag > 0xff ? tag >> 8 : tag;
    if (tag === 0) throw new FormatError('ERR_DER_TAG', `${what}: end-of-contents`);
    if (first & CONSTRUCTED) checkWellFormed(value, what, depth + 1);
  }
}

const CONSTRUCTED = 0x20;

/** One sequence filling the input. */
export function readSequence(bytes: Uint8Array, what: string): DerReader {
  const reader = new DerReader(bytes);
  const sequence = reader.sequence(what);
  reader.end(what);
  return sequence;
}

/** X.690 8.3.2: the fewest octets. Returns them: two's complement. */
export function checkInteger(value: Uint8Array, what: string): Uint8Array {
  const [first, second] = value;
  const padded =
    second !== undefined &&
    ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (first === undefined || padded) {
    throw new FormatError('ERR_DER_INTEGER', `${what}: not an integer in the fewest octets`);
  }
  return value;
}

/** Zero or more, without the octet that only says "not negative". */
export function readUnsigned(value: Uint8Array, what: string): Uint8Array {
  checkInteger(value, what);
  if (value[0]! >= 0x80) throw new FormatError('ERR_DER_NEGATIVE', `${what} is negative`);
  return value[0] === 0 && value.length > 1 ? value.subarray(1) : value;
}

/** A small number, for instance of a version or a path length. */
export function readSmallUnsigned(value: Uint8Array, what: string): number {
  const octets = readUnsigned(value, what);
  if (octets.length > 4) throw new FormatError('ERR_DER_INTEGER', `${what} is too large`);
  return octets.reduce((number, octet) => number * 0x100 + octet, 0);
}

/** X.690 11.1: true is ff. */
export function readBoolean(value: Uint8Array, what: string): boolean {
  if (value.length !== 1 || (value[0] !== 0x00 && value[0] !== 0xff)) {
    throw new FormatError('ERR_DER_BOOLEAN', `${what}: not a boolean`);
  }
  return value[0] === 0xff;
}

/** A BOOLEAN DEFAULT FALSE: when it is there it must be true (X.690 11.5). */
export function readTrue(value: Uint8Array | undefined, what: string): boolean {
  if (value === undefined) return false;
  if (!readBoolean(value, what)) {
    throw new FormatError('ERR_DER_DEFAULT', `${what}: the default is spelled out`);
  }
  return true;
}

/** X.690 11.2.1: unused bits are zero. Returns the octets. */
export function readBitString(value: Uint8Array, what: string): Uint8Array {
  const unused = value[0] ?? 8;
  const wrong =
    unused > 7 || (value.length === 1 && unused > 0) || (value.at(-1)! & ((1 << unused) - 1)) !== 0;
  if (wrong) throw new FormatError('ERR_DER_BIT_STRING', `${what}: not a bit string`);
  return value.subarray(1);
}

/** As keys and signatures are: whole octets. */
export function readOctetsOfBitString(value: Uint8Array, what: string): Uint8Array {
  if (value[0] !== 0) throw new FormatError('ERR_DER_BIT_STRING', `${what}: not whole octets`);
  return value.subarray(1);
}

/** Bits with names, the first being bit 0; the last bit is set (X.690 11.2.2). At most 32. */
export function readNamedBits(value: Uint8Array, what: string): number {
  const octets = readBitString(value, what);
  if (octets.length > 4) throw new FormatError('ERR_DER_BIT_STRING', `${what}: too many bits`);
  if (octets.length > 0 && !(octets.at(-1)! & (1 << value[0]!))) {
    throw new FormatError('ERR_DER_BIT_STRING', `${what}: trailing zero bits`);
  }
  let bits = 0;
  for (const [i, octet] of octets.entries()) {
    for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) bits |= 1 << (8 * i + bit);
  }
  return bits >>> 0;
}

const MAX_OID_LENGTH = 64;

/** Dotted form; components in the fewest octets, of any size (2.25 has some of 128 bits, X.667). */
export function readOid(value: Uint8Array, what: string): string {
  const wrong = () => new FormatError('ERR_DER_OID', `${what}: not an object identifier`);
  if (value.length === 0 || value.length > MAX_OID_LENGTH || value.at(-1)! >= 0x80) throw wrong();
  const components: (number | bigint)[] = [];
  for (let start = 0, i = 0; i < value.length; i++) {
    if (value[i]! >= 0x80) continue;
    if (value[start] === 0x80) throw wrong();
    components.push(readComponent(value.subarray(start, i + 1)));
    start = i + 1;
  }
  const [head, ...tail] = components as [number | bigint, ...(number | bigint)[]];
  // The first two in one (X.690 8.19.4); what has over seven octets is far above the roots 0 and 1.
  const first = typeof head === 'bigint' ? [2, head - 80n] : firstComponents(head);
  return [...first, ...tail].join('.');
}

/** Seven bits an octet: seven octets are exact in a number. */
function readComponent(octets: Uint8Array): number | bigint {
  return octets.length > 7
    ? octets.reduce((sum, octet) => sum * 0x80n + BigInt(octet & 0x7f), 0n)
    : octets.reduce((sum, octet) => sum * 0x80 + (octet & 0x7f), 0);
}

function firstComponents(head: number): number[] {
  const root = Math.min(Math.floor(head / 40), 2);
  return [root, head - 40 * root];
}

/**
 * Unix seconds of UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 wants them: to the second, in UTC,
 * no fraction. Both forms are read for every year, as 4.1.2.5 asks of those who validate.
 */
export function readTime({ tag, value }: DerElement, what: string): number {
  const wrong = () => new FormatError('ERR_DER_TIME', `${what}: not a time of RFC 5280`);
  const octetsOfYear = tag === UTC_TIME ? 2 : tag === GENERALIZED_TIME ? 4 : 0;
  const isTime =
    octetsOfYear > 0 && value.length === octetsOfYear + 11 && value.at(-1) === LETTER_Z;
  if (!isTime) throw wrong();
  // By hand: a revocation list has a million of these.
  const number = (start: number, end: number): number => {
    let sum = 0;
    for (let i = start; i < end; i++) {
      const digit = value[i]! - DIGIT_0;
      if (digit < 0 || digit > 9) throw wrong();
      sum = 10 * sum + digit;
    }
    return sum;
  };
  const shortYear = number(0, octetsOfYear);
  const year =
    octetsOfYear === 4 ? shortYear : shortYear < 50 ? 2000 + shortYear : 1900 + shortYear;
  const field = (i: number) => number(octetsOfYear + 2 * i, octetsOfYear + 2 * i + 2);
  const [month, day, hour, minute, second] = [field(0), field(1), field(2), field(3), field(4)];
  const possible =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOf(year, month) &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!possible) throw wrong();
  return daysBefore(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
}

const LETTER_Z = 0x5a;
const DIGIT_0 = 0x30;

function daysOf(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2) return leap ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 in the Gregorian calendar; years run from March, so that leap days come last. */
function daysBefore(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const m = (month + 9) % 12;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leapDays + Math.floor((153 * m + 2) / 5) + day - 1 - 719_468;
}
