import { FormatError } from '../errors.ts';
import { readTlv } from '../tlv.ts';

/** The data objects of a template, taken in order. Values are views. */
export class CvObjects {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The whole object with its header, and its value. */
  object(tag: number): { readonly encoded: Uint8Array; readonly value: Uint8Array } {
    const wanted = `CV certificate: object ${tag.toString(16)}`;
    if (this.done) throw new FormatError('ERR_CVC_LAYOUT', `${wanted} is missing`);
    const { tag: found, start, valueStart, end } = readTlv(this.#bytes, this.#offset);
    if (found !== tag) {
      throw new FormatError('ERR_CVC_LAYOUT', `${wanted} wanted, ${found.toString(16)} found`);
    }
    this.#offset = end;
    return {
      encoded: this.#bytes.subarray(start, end),
      value: this.#bytes.subarray(valueStart, end),
    };
  }

  value(tag: number): Uint8Array {
    return this.object(tag).value;
  }

  has(tag: number): boolean {
    return !this.done && readTlv(this.#bytes, this.#offset).tag === tag;
  }

  optional(tag: number): Uint8Array | undefined {
    return this.has(tag) ? this.value(tag) : undefined;
  }

  end(): void {
    if (!this.done) {
      throw new FormatError('ERR_CVC_LAYOUT', 'CV certificate: an object too many');
    }
  }
}
