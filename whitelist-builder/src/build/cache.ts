import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheKey, Converter } from '@pinless-gate/hsm/conversion-value';
import { toHex, utf8 } from '@pinless-gate/protocol/bytes';
import type { ListingRules } from '../purchase/listing.ts';
import { ROW_KEY_LENGTH } from './outcome.ts';
import { CacheError, SealedSections, SealedSectionsWriter } from './sealed-sections.ts';

/**
 * Rises with every change of the code that makes another outcome of the same row: what is kept is
 * then made anew.
 */
const OUTCOMES = 2;
export const SECTIONS = 256;
const LENGTH_LENGTH = 4;

/** Everything besides a row that decides what it becomes: under other settings nothing kept is of use. */
export function settingsOf(rules: ListingRules): Uint8Array {
  const { gates, admission, issuers, now } = rules;
  const authorities = issuers.map(({ name, nameDer, generations }) => ({
    name,
    dn: toHex(nameDer),
    generations: generations.map(({ fingerprint, certificate: { notBefore, notAfter } }) => {
      return [fingerprint, notBefore <= now && now <= notAfter];
    }),
  }));
  const settings = { OUTCOMES, gates: [...gates], admission, authorities };
  return createHash('sha256')
    .update(utf8(JSON.stringify(settings)))
    .digest();
}

/** What a build keeps for the next one, in a directory; without a directory it keeps nothing. */
export interface CacheJob {
  readonly directory: string | undefined;
  readonly converter: Converter;
  readonly rules: ListingRules;
  /** Is told why a cache is not used. */
  readonly warn: (error: CacheError) => void;
}

/** One file of the cache: the one that the last build left is read while this build's is written. */
export class CacheFile {
  readonly #warn: (error: CacheError) => void;
  #old: SealedSections | undefined;
  readonly #writer: SealedSectionsWriter | undefined;

  private constructor(
    warn: (error: CacheError) => void,
    old: SealedSections | undefined,
    writer: SealedSectionsWriter | undefined,
  ) {
    this.#warn = warn;
    this.#old = old;
    this.#writer = writer;
  }

  static async open(
    { directory, warn }: CacheJob,
    name: string,
    key: CacheKey,
  ): Promise<CacheFile> {
    if (directory === undefined) return new CacheFile(warn, undefined, undefined);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, name);
    const old = await openUnlessBad(path, key, warn);
    try {
      return new CacheFile(warn, old, await SealedSectionsWriter.create(path, key));
    } catch (error) {
      await old?.close();
      throw error;
    }
  }

  /** The last build left something. */
  get filled(): boolean {
    return this.#old !== undefined;
  }

  /** What is kept under keys that begin with this octet, until the next is asked for. A damaged section is told once, and is empty. */
  section(first: number): Kept {
    try {
      return new Kept(this.#old?.read(first) ?? Buffer.alloc(0));
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      this.#warn(error);
      return new Kept(Buffer.alloc(0));
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    if (!this.#writer) return;
    const length = ROW_KEY_LENGTH + LENGTH_LENGTH + value.length;
    const { octets, at } = this.#writer.reserve(key[0]!, length);
    octets.set(key, at);
    octets.writeUInt32BE(value.length, at + ROW_KEY_LENGTH);
    octets.set(value, at + ROW_KEY_LENGTH + LENGTH_LENGTH);
  }

  async drain(): Promise<void> {
    await this.#writer?.drain();
  }

  async commit(): Promise<void> {
    await this.#writer?.commit();
  }

  async close(): Promise<void> {
    await this.#old?.close();
    this.#old = undefined;
    await this.#writer?.discard();
  }
}

async function openUnlessBad(
  path: string,
  key: CacheKey,
  warn: (error: CacheError) => void,
): Promise<SealedSections | undefined> {
  try {
    return await SealedSections.open(path, key);
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    warn(error);
    return undefined;
  }
}

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

/** The three files of a cache. */
export interface BuildCache {
  /** Row key to outcome. */
  readonly rows: CacheFile;
  /** Card and sealed parts to the sealed entry that they share. */
  readonly merged: CacheFile;
  /** Certificates that stand for others (`RememberedHolders`). */
  readonly holders: CacheFile;
}

/** Files of the same key; those of another are told and made anew. */
export async function withCache<T>(
  job: CacheJob,
  work: (cache: BuildCache) => Promise<T>,
): Promise<T> {
  const key = await job.converter.cacheKey(job.rules.eventId, settingsOf(job.rules));
  const told = new Set<string>();
  const warn = (error: CacheError) => {
    if (!told.has(error.code)) job.warn(error);
    told.add(error.code);
  };
  const opened: CacheFile[] = [];
  const open = async (name: string) => {
    const file = await CacheFile.open({ ...job, warn }, name, key);
    opened.push(file);
    return file;
  };
  try {
    const rows = await open('rows');
    const merged = await open('merged');
    return await work({ rows, merged, holders: await open('holders') });
  } finally {
    for (const file of opened) await file.close();
    key.key.fill(0);
  }
}
