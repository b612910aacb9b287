import { createHmac } from 'node:crypto';

const HOUR_MS = 3_600_000;
const LETTERS = 'ACDEFHJKLMNPRTUVWXY';

/**
 * `K7-42`: by which staff find a tap. The same card has the same code for an hour; then the key dies, and
 * with it every way from a code back to a card.
 */
export class ShortCodes {
  readonly #random: (length: number) => Uint8Array;
  #hour = Number.NaN;
  #key: Uint8Array = new Uint8Array(0);

  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
  }

  /** `card` is the conversion value, or undefined where the card was not recognised. */
  code(card: Uint8Array | undefined, at: number): string {
    const hour = Math.floor(at / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#key = this.#random(32);
    }
    const mac = createHmac('sha256', this.#key)
      .update(card ?? this.#random(16))
      .digest();
    const digits = mac.readUInt16BE(1) % 1000;
    const letter = LETTERS[mac[0]! % LETTERS.length]!;
    return `${letter}${Math.floor(digits / 100)}-${String(digits % 100).padStart(2, '0')}`;
  }
}
