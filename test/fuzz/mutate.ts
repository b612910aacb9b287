import { concat } from '@pinless-gate/protocol/bytes';
import { encodeTlv, readTlvHeader } from '@pinless-gate/protocol/tlv';
import type { Random } from './random.ts';

/** What seeds are made into. Inputs stay below this length. */
export const MAX_INPUT_LENGTH = 8192;
const MAX_CHANGES = 4;
const MAX_DEPTH = 6;
const CONSTRUCTED = 0x20;

/** Where lengths, signs and counters turn over. */
const BOUNDARY_OCTETS = [0x00, 0x01, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xfe, 0xff];
const BOUNDARY_INTEGERS = [
  [0x7f, 0xff],
  [0x80, 0x00],
  [0xff, 0xff],
  [0x81, 0x7f],
  [0x81, 0x80],
  [0x82, 0x00, 0xff],
  [0x82, 0x01, 0x00],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff],
  [0x84, 0xff, 0xff, 0xff, 0xff],
  [0x1b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];
const TAGS = [0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x30, 0x31, 0xa0, 0xa3, 0x7f21];

type Change = (input: Uint8Array, random: Random, mutator: Mutator) => Uint8Array;

/** Makes one input after the other out of seeds; a few are made of nothing. */
export class Mutator {
  readonly #random: Random;
  readonly seeds: readonly Uint8Array[];
  readonly #lengths: ReadonlyMap<Uint8Array, readonly number[]>;

  constructor(seeds: readonly Uint8Array[], random: Random) {
    this.#random = random;
    this.seeds = seeds;
    this.#lengths = new Map(seeds.map((seed) => [seed, lengthOffsets(seed)]));
  }

  next(): Uint8Array {
    const random = this.#random;
    const kind = random.below(32);
    if (kind === 0) return random.octets(random.below(random.below(8) === 0 ? 600 : 40));
    if (kind === 1) return randomTlvs(random, 0);
    const seed = random.pick(this.seeds);
    let input = kind < 6 ? this.#withLength(seed) : Uint8Array.from(seed);
    for (let changes = random.below(MAX_CHANGES); changes >= 0; changes--) {
      input = random.pick(CHANGES)(input, random, this);
    }
    return input.length > MAX_INPUT_LENGTH ? input.subarray(0, MAX_INPUT_LENGTH) : input;
  }

  /** The seed with one length field of a data object changed. */
  #withLength(seed: Uint8Array): Uint8Array {
    const input = Uint8Array.from(seed);
    const offsets = this.#lengths.get(seed)!;
    if (offsets.length === 0) return input;
    const at = this.#random.pick(offsets);
    const change = this.#random.below(4);
    if (change === 0) input[at] = input[at]! + 1;
    else if (change === 1) input[at] = input[at]! - 1;
    else if (change === 2) input[at] = this.#random.pick(BOUNDARY_OCTETS);
    // The same length, padded by an octet.
    else return spliced(input, at, input[at]! < 0x80 ? 0 : 1, Uint8Array.of(0x81));
    return input;
  }
}

const CHANGES: readonly Change[] = [
  (input, random) => {
    const at = random.below(input.length);
    input[at] = input[at]! ^ (1 << random.below(8));
    return input;
  },
  (input, random) => {
    const at = random.below(input.length);
    input[at] = input[at]! + (random.below(2) === 0 ? 1 : -1);
    return input;
  },
  (input, random) => {
    input[random.below(input.length)] = random.pick(BOUNDARY_OCTETS);
    return input;
  },
  (input, random) => {
    input[random.below(input.length)] = random.uint32();
    return input;
  },
  (input, random) => {
    const integer = random.pick(BOUNDARY_INTEGERS);
    const at = random.below(input.length);
    for (let i = 0; i < integer.length && at + i < input.length; i++) input[at + i] = integer[i]!;
    return input;
  },
  // Cut short.
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  // Something more, in between or behind.
  (input, random) =>
    spliced(input, random.below(input.length + 1), 0, random.octets(1 + random.below(8))),
  (input, random) => {
    const at = random.below(input.length);
    return spliced(input, at, 1 + random.below(Math.min(64, input.length - at)), EMPTY);
  },
  // A part twice.
  (input, random) => {
    const at = random.below(input.length);
    const part = input.slice(at, at + 1 + random.below(64));
    return spliced(input, random.below(input.length + 1), 0, part);
  },
  // The front of one, the back of another.
  (input, random, { seeds }) => {
    const other = random.pick(seeds);
    const cut = random.below(Math.min(input.length, other.length) + 1);
    return concat(input.subarray(0, cut), other.subarray(cut));
  },
  // A part of another where it does not belong.
  (input, random, { seeds }) => {
    const other = random.pick(seeds);
    const from = random.below(other.length);
    const part = other.subarray(from, from + 1 + random.below(128));
    const at = random.below(input.length + 1);
    return spliced(input, at, random.below(2) === 0 ? 0 : part.length, part);
  },
];

const EMPTY = new Uint8Array(0);

function spliced(input: Uint8Array, at: number, drop: number, add: Uint8Array): Uint8Array {
  return concat(input.subarray(0, at), add, input.subarray(Math.min(input.length, at + drop)));
}

function randomTlvs(random: Random, depth: number): Uint8Array {
  const objects = Array.from({ length: 1 + random.below(3) }, () => {
    const tag = random.pick(TAGS);
    const nested = depth < MAX_DEPTH && random.below(2) === 0;
    return encodeTlv(tag, nested ? randomTlvs(random, depth + 1) : random.octets(random.below(24)));
  });
  return concat(...objects);
}

/** Offsets of the length octets of every data object that can be found, whatever the format says. */
function lengthOffsets(seed: Uint8Array): number[] {
  const offsets: number[] = [];
  const walk = (start: number, end: number, depth: number): void => {
    for (let at = start; at < end; ) {
      const range = headerAt(seed, at, end);
      if (!range || range.end > end) return;
      const octets = tagLength(range.tag);
      for (let i = at + octets; i < range.valueStart; i++) offsets.push(i);
      if (depth < 12 && seed[at]! & CONSTRUCTED) walk(range.valueStart, range.end, depth + 1);
      at = range.end;
    }
  };
  walk(0, seed.length, 0);
  return offsets;
}

function headerAt(seed: Uint8Array, at: number, end: number) {
  try {
    return readTlvHeader(seed, at, end);
  } catch {
    return undefined; // no data object: whatever was thrown, there is nothing to find here
  }
}

function tagLength(tag: number): number {
  return tag > 0xffff ? 3 : tag > 0xff ? 2 : 1;
}
