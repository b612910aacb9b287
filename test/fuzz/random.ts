/** Numbers that are the same in every run with the same seed (sfc32). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.imul(seed, 0x9e37_79b9) | 0;
    this.#c = ~seed | 0;
    for (let i = 0; i < 16; i++) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 to `limit - 1`; 0 where there is nothing to choose from. */
  below(limit: number): number {
    return limit > 1 ? this.uint32() % limit : 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  octets(length: number): Uint8Array {
    const octets = new Uint8Array(length);
    for (let i = 0; i < length; i++) octets[i] = this.uint32();
    return octets;
  }
}
