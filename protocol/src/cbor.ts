import { decode, encode } from 'cborg';
import { equal } from './bytes.ts';
import { FormatError } from './errors.ts';

/**
 * What our formats are made of. Maps have text keys only, numbers are integers within ±(2^53 - 1),
 * `undefined` members are left out. Byte strings are plain `Uint8Array`s.
 */
export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined };

/** Deterministic encoding (RFC 8949 4.2.1): one value, one sequence of octets. */
export function encodeCbor(value: CborValue): Uint8Array {
  return encode(withoutUndefined(value), { float64: true });
}

/**
 * Decodes exactly one item in deterministic encoding; every other encoding of the same value is
 * refused, because signatures and hashes cover the octets.
 */
export function decodeCbor(bytes: Uint8Array, what: string): CborValue {
  let value: CborValue;
  let again: Uint8Array;
  try {
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
    }) as CborValue;
    // What decodes may still be no value of ours: a fraction, or nested beyond all bounds.
    again = encodeCbor(value);
  } catch (cause) {
    throw new FormatError('ERR_CBOR', `${what}: not valid CBOR`, { cause });
  }
  if (!equal(again, bytes)) {
    throw new FormatError('ERR_CBOR_NOT_DETERMINISTIC', `${what}: not in deterministic encoding`);
  }
  return value;
}

function withoutUndefined(value: CborValue): CborValue {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`not a safe integer: ${value}`);
  }
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutUndefined(member!)]));
}

/** Reads the members of a decoded map; whatever is not read by `end` is an unknown member. */
export class CborMap {
  readonly #what: string;
  readonly #members: Map<string, CborValue>;

  constructor(value: CborValue | undefined, what: string) {
    if (
      value === null ||
      typeof value !== 'object' ||
      value instanceof Uint8Array ||
      Array.isArray(value)
    ) {
      throw new FormatError('ERR_CBOR_TYPE', `${what}: not a map`);
    }
    this.#what = what;
    this.#members = new Map(Object.entries(value as Record<string, CborValue>));
  }

  static decode(bytes: Uint8Array, what: string): CborMap {
    return new CborMap(decodeCbor(bytes, what), what);
  }

  has(key: string): boolean {
    return this.#members.has(key);
  }

  /** Takes a member out, undefined when absent. */
  value(key: string): CborValue | undefined {
    const value = this.#members.get(key);
    this.#members.delete(key);
    return value;
  }

  text(key: string): string {
    const value = this.value(key);
    if (typeof value !== 'string') throw this.#wrong(key, 'text');
    return value;
  }

  textOrUndefined(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  boolean(key: string): boolean {
    const value = this.value(key);
    if (typeof value !== 'boolean') throw this.#wrong(key, 'a boolean');
    return value;
  }

  /** A whole number, zero or more. */
  uint(key: string): number {
    const value = this.value(key);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.#wrong(key, 'an unsigned integer');
    }
    return value;
  }

  uintOrUndefined(key: string): number | undefined {
    return this.has(key) ? this.uint(key) : undefined;
  }

  bytes(key: string, length?: number): Uint8Array {
    const value = this.value(key);
    if (!(value instanceof Uint8Array)) throw this.#wrong(key, 'a byte string');
    if (length !== undefined && value.length !== length) {
      throw this.#wrong(key, `${length} octets, it has ${value.length}`);
    }
    return value;
  }

  bytesOrUndefined(key: string, length?: number): Uint8Array | undefined {
    return this.has(key) ? this.bytes(key, length) : undefined;
  }

  array(key: string): readonly CborValue[] {
    const value = this.value(key);
    if (!Array.isArray(value)) throw this.#wrong(key, 'an array');
    return value as readonly CborValue[];
  }

  map(key: string): CborMap {
    return new CborMap(this.value(key), `${this.#what}.${key}`);
  }

  /** The members that are left, all of one kind. */
  keys(): string[] {
    return [...this.#members.keys()];
  }

  end(): void {
    const [unknown] = this.#members.keys();
    if (unknown !== undefined) {
      throw new FormatError('ERR_CBOR_UNKNOWN', `${this.#what}: unknown member "${unknown}"`);
    }
  }

  #wrong(key: string, wanted: string): FormatError {
    return new FormatError('ERR_CBOR_TYPE', `${this.#what}.${key}: must be ${wanted}`);
  }
}
