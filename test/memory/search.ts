import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

// Looks for octets in the memory of a running process, through /proc.

/** Enough that chance does not make them. */
const WINDOW = 24;
const CHUNK = 8 * 2 ** 20;
const PAGE = 4096;
/** Bits 63 and 62 of a page's entry in /proc/PID/pagemap, in the last of its eight octets. */
const PRESENT_OR_SWAPPED = 0xc0;

/** The forms in which octets may lie about: as they are, limb by limb, in hex and in base64. */
export function formsOf(octets: Uint8Array): Buffer[] {
  const middle = Math.floor((octets.length - WINDOW) / 2);
  const window = Buffer.from(octets.subarray(middle, middle + WINDOW));
  const hex = window.toString('hex');
  // Base64 in each of the three ways in which groups of three octets may fall; both alphabets.
  const base64 = [0, 1, 2].flatMap((skip) =>
    (['base64', 'base64url'] as const).map((form) =>
      window.subarray(skip, skip + WINDOW - 3).toString(form),
    ),
  );
  // A big number in memory is its limbs, lowest first: the octets backwards on a machine such as ours.
  return [
    window,
    Buffer.from(window).reverse(),
    ...[hex, hex.toUpperCase(), ...base64].map((text) => Buffer.from(text)),
  ];
}

/** Which of the named secrets stand anywhere in the writable memory of the process. */
export function secretsIn(pid: number, secrets: Readonly<Record<string, Uint8Array>>): string[] {
  const wanted = Object.entries(secrets).map(([name, octets]) => ({
    name,
    forms: formsOf(octets),
  }));
  const found = new Set<string>();
  for (const chunk of memoryOf(pid)) {
    for (const { name, forms } of wanted) {
      if (!found.has(name) && forms.some((form) => chunk.includes(form))) found.add(name);
    }
  }
  return [...found].sort();
}

function* memoryOf(pid: number): Generator<Buffer> {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const pages = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const region = /^([0-9a-f]+)-([0-9a-f]+) (rw)/.exec(line);
      if (!region) continue;
      const [from, to] = [BigInt(`0x${region[1]}`), BigInt(`0x${region[2]}`)];
      for (const [at, length] of touched(pages, from, Number(to - from))) {
        yield* regionOf(memory, at, length);
      }
    }
  } finally {
    closeSync(memory);
    closeSync(pages);
  }
}

/** The runs of pages that are in memory or swapped out: nothing was ever written to the others, most of a region. */
function* touched(pages: number, from: bigint, length: number): Generator<[bigint, number]> {
  const entries = Buffer.alloc(8 * (length / PAGE));
  const read = readSync(pages, entries, 0, entries.length, 8n * (from / BigInt(PAGE)));
  let start: number | undefined;
  for (let page = 0; page <= length / PAGE; page++) {
    const isThere = 8 * page < read && (entries[8 * page + 7]! & PRESENT_OR_SWAPPED) !== 0;
    if (isThere) start ??= page;
    else if (start !== undefined) {
      yield [from + BigInt(start * PAGE), (page - start) * PAGE];
      start = undefined;
    }
  }
}

/** In pieces that overlap by more than any form is long. */
function* regionOf(memory: number, from: bigint, length: number): Generator<Buffer> {
  const overlap = 4 * WINDOW;
  const buffer = Buffer.alloc(Math.min(length, CHUNK + overlap));
  for (let at = 0; at < length; at += CHUNK) {
    const wanted = Math.min(length - at, CHUNK + overlap);
    const read = readPart(memory, buffer, wanted, from + BigInt(at));
    if (read === 0) return;
    yield buffer.subarray(0, read);
  }
}

/** A region may go away between the list and the look. */
function readPart(memory: number, buffer: Buffer, length: number, at: bigint): number {
  try {
    return readSync(memory, buffer, 0, length, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 0;
    throw error;
  }
}
