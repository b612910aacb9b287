import { FormatError } from './errors.ts';

export const EMPTY = new Uint8Array(0);

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return concatAll(parts);
}

/** As `concat`, for more parts than a call takes arguments. */
export function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compare(a, b) === 0;
}

/** Order of unsigned octets; a prefix comes before what it begins. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Strict: an even number of hex digits and nothing else. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new FormatError('ERR_HEX', `not hexadecimal, ${text.length} characters`);
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Strict: canonical base64 with padding, no white space. */
export function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    throw new FormatError('ERR_BASE64', `not base64, ${text.length} characters`);
  }
  return new Uint8Array(bytes);
}

export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'));
}

/** One octet a character (ISO/IEC 8859-1); characters beyond it are a `RangeError`. */
export function latin1(text: string): Uint8Array {
  if (/[\u0100-\uffff]/.test(text)) throw new RangeError('not ISO/IEC 8859-1');
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** A domain separation tag: the text, then one zero octet. */
export function domain(tag: string): Uint8Array {
  return utf8(`${tag}\0`);
}

/** Unsigned, big-endian, eight octets. */
export function uint64(value: number | bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return new Uint8Array(bytes);
}

/** The other way round; the value must be a safe integer. */
export function readUint64(bytes: Uint8Array): number {
  if (bytes.length !== 8) throw new FormatError('ERR_LENGTH', `${bytes.length} octets, not 8`);
  const value = Number(Buffer.from(bytes).readBigUInt64BE());
  if (!Number.isSafeInteger(value)) throw new FormatError('ERR_INTEGER', 'not a safe integer');
  return value;
}

/** Reads from the front; running past the end is a `FormatError` that names what was wanted. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** A view, not a copy. */
  take(length: number, what: string): Uint8Array {
    if (length > this.remaining) {
      throw new FormatError(
        'ERR_TRUNCATED',
        `${what}: ${length} octets wanted at offset ${this.#offset}, ${this.remaining} left`,
      );
    }
    const part = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return part;
  }

  uint8(what: string): number {
    return this.take(1, what)[0]!;
  }

  uint16(what: string): number {
    const [high, low] = this.take(2, what);
    return (high! << 8) | low!;
  }

  /** Nothing may follow. */
  end(what: string): void {
    if (this.remaining > 0) {
      throw new FormatError('ERR_TRAILING', `${what}: ${this.remaining} octets after the end`);
    }
  }
}
