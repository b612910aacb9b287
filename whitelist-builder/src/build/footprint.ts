import { LENGTH_LENGTH } from './kept.ts';
import { cardsIn, ROW_KEY_LENGTH, usesIn } from './outcome.ts';
import { cardKeyAt, USE_LENGTH } from './uses.ts';

/**
 * Of an outcome, what has to be known of a row that is the same as in the last build: what it uses, and whom it lists.
 * Not what its entries are: those stand in the last list.
 *
 *     status and whether it lasts ‖ cards ‖ uses 2 ‖ uses ‖ for each card: expiring ‖ holder length ‖ sealed length 2 ‖ holder
 *
 * A row that does not last is checked anew by each build.
 */
export function footprintOf(outcome: Buffer, lasting: boolean): Buffer {
  const { to } = usesIn(outcome);
  const cards = cardsIn(outcome);
  const holders = cards.reduce((sum, { holder, tail }) => sum + tail - holder, 0);
  const octets = Buffer.allocUnsafe(to + CARD_HEAD_LENGTH * cards.length + holders);
  outcome.copy(octets, 0, 0, to);
  if (!lasting) octets[0]! |= PASSING;
  let at = to;
  for (const { expiring, holder, tail, ticketNosLength, end } of cards) {
    octets[at] = expiring ? 1 : 0;
    octets[at + 1] = tail - holder;
    octets.writeUInt16BE(end - tail - ticketNosLength, at + 2);
    outcome.copy(octets, at + CARD_HEAD_LENGTH, holder, tail);
    at += CARD_HEAD_LENGTH + tail - holder;
  }
  return octets;
}

/** Beside the status. */
const PASSING = 0x80;
const HEAD_LENGTH = 4; // status, number of cards, number of uses (2)
const CARD_HEAD_LENGTH = 4; // expiring, holder length, sealed length (2)
const RECORD_HEAD_LENGTH = ROW_KEY_LENGTH + LENGTH_LENGTH;

/** Footprints of one section of the cache, by number; read where they lie, since there are many. */
export class Footprints {
  readonly octets: Buffer;
  /** Where records begin, and where the last one ends. */
  readonly #starts: Uint32Array;
  /** Numbers of records, plus one, by some bits of their keys: open addressing. */
  readonly #slots: Int32Array;

  constructor(octets: Buffer) {
    this.octets = octets;
    let count = 0;
    for (let at = 0; at < octets.length; at = recordEnd(octets, at)) count++;
    this.#starts = new Uint32Array(count + 1);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2)));
    for (let i = 0; i < count; i++) {
      this.#starts[i + 1] = recordEnd(octets, this.#starts[i]!);
      let slot = this.#slotOf(octets, this.#starts[i]!);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = i + 1;
    }
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** The first record with the row key that stands in `octets`; -1 where there is none. */
  find(octets: Buffer, at: number): number {
    let slot = this.#slotOf(octets, at);
    for (;;) {
      const number = this.#slots[slot]! - 1;
      if (number < 0 || this.#hasKey(number, octets, at)) return number;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
  }

  /** Where a record begins; of `count`, where the last one ends. */
  startOf(number: number): number {
    return this.#starts[number]!;
  }

  keyOf(number: number): Buffer {
    const at = this.#starts[number]!;
    return this.octets.subarray(at, at + ROW_KEY_LENGTH);
  }

  isLasting(number: number): boolean {
    return (this.octets[this.#starts[number]! + RECORD_HEAD_LENGTH]! & PASSING) === 0;
  }

  /** Of a row that lasts: an index of `STATUSES`. */
  statusOf(number: number): number {
    return this.octets[this.#starts[number]! + RECORD_HEAD_LENGTH]!;
  }

  cardCountOf(number: number): number {
    return this.octets[this.#starts[number]! + RECORD_HEAD_LENGTH + 1]!;
  }

  /** Where its uses begin and end. */
  usesFrom(number: number): number {
    return this.#starts[number]! + RECORD_HEAD_LENGTH + HEAD_LENGTH;
  }

  usesTo(number: number): number {
    const head = this.#starts[number]! + RECORD_HEAD_LENGTH;
    return head + HEAD_LENGTH + USE_LENGTH * this.octets.readUInt16BE(head + 2);
  }

  isExpiring(number: number): boolean {
    for (let at = this.usesTo(number); at < this.#starts[number + 1]!; at = this.#nextCard(at)) {
      if (this.octets[at] === 1) return true;
    }
    return false;
  }

  /** Octets that what it seals takes, without what stands before it in a bucket. */
  sealedLengthOf(number: number): number {
    let length = 0;
    for (let at = this.usesTo(number); at < this.#starts[number + 1]!; at = this.#nextCard(at)) {
      length += this.octets.readUInt16BE(at + 2);
    }
    return length;
  }

  /** Whom it lists (`RememberedHolders`). */
  *holdersOf(number: number): Generator<Buffer> {
    for (let at = this.usesTo(number); at < this.#starts[number + 1]!; at = this.#nextCard(at)) {
      yield this.octets.subarray(at + CARD_HEAD_LENGTH, this.#nextCard(at));
    }
  }

  /** Whether this holds of everybody it lists: without a view of each, since there are many. */
  everyHolder(
    number: number,
    holds: (octets: Buffer, from: number, to: number) => boolean,
  ): boolean {
    const end = this.#starts[number + 1]!;
    for (let at = this.usesTo(number); at < end; at = this.#nextCard(at)) {
      if (!holds(this.octets, at + CARD_HEAD_LENGTH, this.#nextCard(at))) return false;
    }
    return true;
  }

  /** Conversion values of its cards. */
  *cardsOf(number: number): Generator<Buffer> {
    const to = this.usesTo(number);
    for (let at = this.usesFrom(number); at < to; at += USE_LENGTH) {
      const card = cardKeyAt(this.octets, at);
      if (card) yield card;
    }
  }

  #nextCard(at: number): number {
    return at + CARD_HEAD_LENGTH + this.octets[at + 1]!;
  }

  #slotOf(octets: Buffer, at: number): number {
    return octets.readUInt32LE(at + 4) & (this.#slots.length - 1);
  }

  /** Octet by octet: a call costs more. */
  #hasKey(number: number, octets: Buffer, at: number): boolean {
    const start = this.#starts[number]!;
    for (let i = 0; i < ROW_KEY_LENGTH; i++) {
      if (this.octets[start + i] !== octets[at + i]) return false;
    }
    return true;
  }
}

function recordEnd(octets: Buffer, at: number): number {
  return at + RECORD_HEAD_LENGTH + octets.readUInt32BE(at + ROW_KEY_LENGTH);
}
