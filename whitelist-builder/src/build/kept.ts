import { ROW_KEY_LENGTH } from './outcome.ts';

/** Of the length of a value, between its key and the value. */
export const LENGTH_LENGTH = 4;

/** The records of one section, by key. */
export class Kept {
  readonly #octets: Buffer;
  /** Where records begin, plus one, by some bits of their keys: open addressing, since a Map costs thrice as much. */
  readonly #slots: Int32Array;

  constructor(octets: Buffer) {
    this.#octets = octets;
    let count = 0;
    for (let at = 0; at < octets.length; at = this.#end(at)) count++;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2)));
    for (let at = 0; at < octets.length; at = this.#end(at)) {
      let slot = this.#slotOf(octets, at);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = at + 1;
    }
  }

  /** A view; undefined where nothing is kept. */
  find(key: Buffer): Buffer | undefined {
    let slot = this.#slotOf(key, 0);
    for (;;) {
      const at = this.#slots[slot]! - 1;
      if (at < 0) return undefined;
      const keyEnd = at + ROW_KEY_LENGTH;
      if (key.compare(this.#octets, at, keyEnd, 0, ROW_KEY_LENGTH) === 0) {
        return this.#octets.subarray(keyEnd + LENGTH_LENGTH, this.#end(at));
      }
      slot = (slot + 1) & (this.#slots.length - 1);
    }
  }

  #slotOf(key: Buffer, at: number): number {
    return key.readUInt32LE(at + 4) & (this.#slots.length - 1);
  }

  *values(): Generator<Buffer> {
    for (let at = 0; at < this.#octets.length; at = this.#end(at)) {
      yield this.#octets.subarray(at + ROW_KEY_LENGTH + LENGTH_LENGTH, this.#end(at));
    }
  }

  #end(at: number): number {
    return at + ROW_KEY_LENGTH + LENGTH_LENGTH + this.#octets.readUInt32BE(at + ROW_KEY_LENGTH);
  }
}
