import type { Cipher, Decipher } from 'node:crypto';

const CHUNK_LENGTH = 64 * 1024;

/**
 * Runs octets through a cipher into a buffer that is there already, as much at a time as dies young: whole megabytes
 * outlive several collections, and the collector lets hundreds of them gather.
 */
export function runThrough(
  cipher: Cipher | Decipher,
  source: Uint8Array,
  target: Buffer,
  at: number,
): void {
  for (let from = 0; from < source.length; from += CHUNK_LENGTH) {
    target.set(cipher.update(source.subarray(from, from + CHUNK_LENGTH)), at + from);
  }
}

/** A buffer that is used again and again, and grows where it must. */
export class Scratch {
  #octets = Buffer.alloc(0);

  /** What was in it is lost. */
  take(length: number): Buffer {
    if (this.#octets.length < length) {
      this.#octets = Buffer.allocUnsafeSlow(Math.ceil(1.25 * length));
    }
    return this.#octets.subarray(0, length);
  }
}
