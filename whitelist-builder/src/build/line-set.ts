/** Line numbers, one bit each: a feed of a million lines costs 125 kB. */
export class LineSet {
  #bits = new Uint8Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(line: number): void {
    const octet = line >>> 3;
    if (octet >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(octet + 1, 2 * this.#bits.length));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    if (!this.has(line)) this.#size++;
    this.#bits[octet]! |= 1 << (line & 7);
  }

  has(line: number): boolean {
    return ((this.#bits[line >>> 3] ?? 0) & (1 << (line & 7))) !== 0;
  }

  /** The lowest `count` of them. */
  first(count: number): number[] {
    const lines: number[] = [];
    for (let octet = 0; octet < this.#bits.length && lines.length < count; octet++) {
      if (this.#bits[octet] === 0) continue;
      for (let line = octet * 8; line < octet * 8 + 8 && lines.length < count; line++) {
        if (this.has(line)) lines.push(line);
      }
    }
    return lines;
  }
}
