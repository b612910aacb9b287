import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheKey } from '@pinless-gate/hsm/conversion-value';
import { Scratch } from './cipher-chunks.ts';
import { Kept, LENGTH_LENGTH } from './kept.ts';
import { ROW_KEY_LENGTH } from './outcome.ts';
import { CacheError, SealedSections, SealedSectionsWriter } from './sealed-sections.ts';

/**
 * What lies beside a file after so many builds is written into one by the next, without what the feed no longer has. Few: whose
 * purchase is gone is nobody's to keep, sealed or not.
 */
const MAX_ADDITIONS = 4;
/** Octets. A smaller file is written anew by each build. */
const WORTH_ADDING = 64 * 1024;

export interface CacheFileJob {
  /** Undefined: nothing is kept. */
  readonly directory: string | undefined;
  readonly name: string;
  readonly key: CacheKey;
  /** Is told why a cache is not used. */
  readonly warn: (error: CacheError) => void;
  /** Whether what is new may be put beside what is there. */
  readonly additions: boolean;
}

/**
 * One file of the cache, and up to four beside it (`rows`, `rows.1` to `rows.4`), each sealed as a whole: a build adds
 * what it learned, since writing all that it knew already costs more than knowing it. From time to time one file is made of
 * them, of what that build has met: so rows that have gone are forgotten.
 */
export class CacheFile {
  readonly #job: CacheFileJob;
  /** The newest first. */
  readonly #old: readonly SealedSections[];
  readonly #writer: SealedSectionsWriter | undefined;
  /** Of what this build writes; 0 stands in the place of all. */
  readonly #number: number;
  readonly #plain = new Scratch();
  #added = false;
  #damaged = false;

  private constructor(
    job: CacheFileJob,
    { old, number }: Found,
    writer: SealedSectionsWriter | undefined,
  ) {
    this.#job = job;
    this.#old = old;
    this.#number = number;
    this.#writer = writer;
  }

  static async open(job: CacheFileJob): Promise<CacheFile> {
    const { directory, key } = job;
    if (directory === undefined) return new CacheFile(job, { old: [], number: 0 }, undefined);
    const found = await findOld(job);
    try {
      const writer = await SealedSectionsWriter.create(pathOf(job, found.number), key);
      return new CacheFile(job, found, writer);
    } catch (error) {
      for (const one of found.old) await one.close();
      throw error;
    }
  }

  /** The last build left something. */
  get filled(): boolean {
    return this.#old.length > 0;
  }

  /** What tells what the last build left from anything else; undefined where there is nothing, or more than one file. */
  get identity(): Uint8Array | undefined {
    return this.#old.length === 1 ? this.#old[0]!.identity : undefined;
  }

  /** A part of it could not be read. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** Whether this build writes all that it meets: what it does not `keep` is forgotten. */
  get anew(): boolean {
    return this.#number === 0;
  }

  /** What is kept under keys that begin with this octet, until the next is asked for. A damaged section is told once, and is empty. */
  section(first: number): Kept {
    return new Kept(this.octets(first));
  }

  /** The same, record after record: key ‖ length 4 ‖ value. */
  octets(first: number): Buffer {
    const parts = this.#old.map((one) => this.#read(one, first));
    if (parts.length === 1) return parts[0]!;
    const whole = this.#plain.take(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole; // of two records with one key the first is found, which is the newer one
  }

  /** Some of what `octets` gave: runs of whole records, each from its beginning to its end. */
  keepRuns(first: number, octets: Buffer, runs: readonly (readonly [number, number])[]): void {
    const length = runs.reduce((sum, [from, to]) => sum + to - from, 0);
    if (!this.#writer || length === 0) return;
    const room = this.#writer.reserve(first, length);
    let { at } = room;
    for (const [from, to] of runs) at += octets.copy(room.octets, at, from, to);
    this.#added = true;
  }

  /** What `section` gave, and the next build may want. */
  keep(key: Uint8Array, value: Uint8Array): void {
    if (this.#number === 0) this.put(key, value);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    if (!this.#writer) return;
    const length = ROW_KEY_LENGTH + LENGTH_LENGTH + value.length;
    const { octets, at } = this.#writer.reserve(key[0]!, length);
    octets.set(key, at);
    octets.writeUInt32BE(value.length, at + ROW_KEY_LENGTH);
    octets.set(value, at + ROW_KEY_LENGTH + LENGTH_LENGTH);
    this.#added = true;
  }

  async drain(): Promise<void> {
    await this.#writer?.drain();
  }

  /** Gives the `identity` of what was written, if anything was. */
  async commit(): Promise<Uint8Array | undefined> {
    if (!this.#writer || (this.#number > 0 && !this.#added && !this.#damaged)) return undefined;
    // What is damaged would be told again by each build: the last place lets the next one write all anew.
    const number = this.#damaged && this.#number > 0 ? MAX_ADDITIONS : this.#number;
    const identity = await this.#writer.commit(pathOf(this.#job, number));
    if (number > 0) return identity;
    for (let i = 1; i <= MAX_ADDITIONS; i++) await rm(pathOf(this.#job, i), { force: true });
    return identity;
  }

  async close(): Promise<void> {
    for (const one of this.#old) await one.close();
    await this.#writer?.discard();
  }

  #read(old: SealedSections, section: number): Buffer {
    try {
      return old.read(section);
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      this.#job.warn(error);
      this.#damaged = true;
      return Buffer.alloc(0);
    }
  }
}

function pathOf({ directory, name }: CacheFileJob, number: number): string {
  return join(directory!, number === 0 ? name : `${name}.${number}`);
}

interface Found {
  /** The newest first. */
  readonly old: SealedSections[];
  /** Where this build writes. */
  readonly number: number;
}

async function findOld(job: CacheFileJob): Promise<Found> {
  const old: SealedSections[] = [];
  const lengths: number[] = [];
  let last = 0;
  let bad = false;
  for (let number = 0; number <= (job.additions ? MAX_ADDITIONS : 0); number++) {
    const path = pathOf(job, number);
    try {
      const one = await SealedSections.open(path, job.key);
      bad ||= !one && number === 0;
      if (!one) continue;
      old.unshift(one);
      last = number;
      lengths.push((await stat(path)).size);
    } catch (error) {
      if (!(error instanceof CacheError)) {
        for (const one of old) await one.close();
        throw error;
      }
      job.warn(error);
      bad = true;
    }
  }
  const [whole = 0, ...added] = lengths;
  const much = added.reduce((sum, length) => sum + length, 0) > whole / 2;
  const anew = bad || !job.additions || whole < WORTH_ADDING || much || last === MAX_ADDITIONS;
  return { old, number: anew ? 0 : last + 1 };
}
