import { FeedError } from '@pinless-gate/whitelist-builder/purchase/ndjson';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const TAB = 0x09;
const SPACES: ReadonlySet<number> = new Set([0x20, TAB, NEWLINE, 0x0d]);
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The items of a JSON array, a line each, in the memory of one chunk. Whether an item is JSON is for whoever reads
 * the lines; throws `ERR_FEED_JSON` where there is no array around them.
 */
export async function* linesOfArray(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const array = new ArrayLines();
  for await (const chunk of chunks) {
    const lines = Uint8Array.from(chunk);
    for (let i = 0; i < lines.length; i++) lines[i] = array.next(lines[i]!);
    yield lines;
  }
  array.end();
}

/** Octet by octet: what is not of an item becomes a space or the end of a line. */
class ArrayLines {
  #place: 'before' | 'inside' | 'after' = 'before';
  #depth = 0;
  #quoted = false;
  #escaped = false;
  /** An item is due: one has begun, or a comma asks for one. */
  #due = false;

  next(octet: number): number {
    if (this.#place === 'inside') return this.#inside(octet);
    if (SPACES.has(octet)) return TAB;
    if (this.#place === 'after' || octet !== OPEN_ARRAY) throw noArray();
    this.#place = 'inside';
    return TAB;
  }

  end(): void {
    if (this.#place !== 'after') throw noArray();
  }

  #inside(octet: number): number {
    if (this.#quoted) {
      const ends = octet === QUOTE && !this.#escaped;
      this.#escaped = octet === BACKSLASH && !this.#escaped;
      this.#quoted = !ends;
      // Neither may stand in a string: it stays what no parser takes.
      return octet === NEWLINE ? TAB : octet;
    }
    if (SPACES.has(octet)) return TAB;
    if (this.#depth === 0 && octet === CLOSE_ARRAY) return this.#close();
    if (this.#depth === 0 && octet === COMMA) {
      this.#due = true;
      return NEWLINE;
    }
    this.#due = true;
    this.#quoted = octet === QUOTE;
    if (octet === OPEN_ARRAY || octet === OPEN_OBJECT) this.#depth += 1;
    if (octet === CLOSE_ARRAY || octet === CLOSE_OBJECT) this.#depth -= 1;
    return octet;
  }

  #close(): number {
    this.#place = 'after';
    return this.#due ? NEWLINE : TAB;
  }
}

const noArray = () => new FeedError('ERR_FEED_JSON', 'not a JSON array of purchases, from [ to ]');
