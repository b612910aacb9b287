import { concat } from '../bytes.ts';

const MAX_LENGTH = 20;
const FIRST_CAPACITY = 1024;

/**
 * Serial numbers packed by length: one octet string per length, sorted, searched by halving. A million of
 * four octets take 4 MB. Numbers are compared as the content of their DER INTEGER, so -1 is not 255.
 */
export class SerialSet {
  readonly #groups: readonly Uint8Array[];
  readonly size: number;

  constructor(groups: readonly Uint8Array[], size: number) {
    this.#groups = groups;
    this.size = size;
  }

  /** `serial` unsigned, without leading zero octets. */
  has(serial: Uint8Array): boolean {
    const content = serial[0]! >= 0x80 ? concat(Uint8Array.of(0), serial) : serial;
    const { length } = content;
    const group = this.#groups[length];
    if (!group || length === 0) return false;
    let low = 0;
    let high = group.length / length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareAt(group, middle * length, content);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }
}

function compareAt(group: Uint8Array, offset: number, wanted: Uint8Array): number {
  for (let i = 0; i < wanted.length; i++) {
    const difference = group[offset + i]! - wanted[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Collects in any order; memory stays within twice the octets of the serial numbers. */
export class SerialSetBuilder {
  readonly #groups: Uint8Array[] = [];
  readonly #lengths: number[] = new Array<number>(MAX_LENGTH + 1).fill(0);
  #size = 0;

  /** `bytes[start..end)` is the content of a DER INTEGER, 1 to 20 octets. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length < 1 || length > MAX_LENGTH) throw new RangeError(`serial of ${length} octets`);
    let group = this.#groups[length] ?? new Uint8Array(FIRST_CAPACITY * length);
    const used = this.#lengths[length]!;
    if (used === group.length) {
      const larger = new Uint8Array(2 * group.length);
      larger.set(group);
      group = larger;
    }
    this.#groups[length] = group;
    for (let i = 0; i < length; i++) group[used + i] = bytes[start + i]!;
    this.#lengths[length] = used + length;
    this.#size++;
  }

  build(): SerialSet {
    const groups = this.#lengths.map((used, length) => {
      const group = this.#groups[length];
      return group ? sortRecords(group.slice(0, used), length) : new Uint8Array(0);
    });
    return new SerialSet(groups, this.#size);
  }
}

/** Radix sort of fixed-length records, last octet first: linear, whatever order an issuer picked. */
function sortRecords(records: Uint8Array, length: number): Uint8Array {
  let from = records;
  let to: Uint8Array = new Uint8Array(records.length);
  for (let octet = length - 1; octet >= 0; octet--) {
    const starts = new Uint32Array(257);
    for (let at = octet; at < from.length; at += length) starts[from[at]! + 1]! += length;
    for (let value = 0; value < 256; value++) starts[value + 1]! += starts[value]!;
    for (let at = 0; at < from.length; at += length) {
      const value = from[at + octet]!;
      const target = starts[value]!;
      for (let i = 0; i < length; i++) to[target + i] = from[at + i]!;
      starts[value] = target + length;
    }
    [from, to] = [to, from];
  }
  return from;
}
