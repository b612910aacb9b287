import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CacheKey } from '@pinless-gate/hsm/conversion-value';
import { equal, utf8 } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { runThrough, Scratch } from './cipher-chunks.ts';
import type { Slot } from './partitions.ts';

/** A cache that is not used. Its message says why; the build goes on without it. */
export class CacheError extends GateError {}

/**
 * A file of small records in 256 sections, by the first octet of their key. It is written once, from the front
 * to the end, and read a section at a time:
 *
 *     magic ‖ key id 16 ‖ blob … ‖ index ‖ length of the index, 6 octets
 *
 * Blobs and index are `nonce 12 ‖ AES-256-GCM ‖ tag 16`. The index says which blobs there are: a section
 * may have several, and none can be taken out, added, exchanged or cut short.
 */
const MAGIC = utf8('pinless-gate/build-cache/1\n');
const SECTIONS = 256;
const CIPHER = 'aes-256-gcm';
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const KEY_ID_LENGTH = 16;
const TRAILER_LENGTH = 6;
const INDEX = 0xffff; // where a blob has its section
/** Of an entry of the index: section 2, offset 6, length 4. */
const INDEX_ENTRY_LENGTH = 12;
const MAX_INDEX_LENGTH = 64 * 1024 * 1024;
/** What waits in memory until it is written. */
const MAX_WAITING = 8 * 1024 * 1024;
/** What is sealed and written at once, besides the section that goes beyond. */
const PIECE_LENGTH = 1024 * 1024;
/** Of a section, between two writes. */
const MAX_ROOM = (2 * MAX_WAITING) / SECTIONS;

interface Blob {
  readonly section: number;
  readonly offset: number;
  readonly length: number;
}

/** Whether a file of a directory is one that a writer did not live to put in its place. */
export function isUnfinishedSections(name: string): boolean {
  return /^\.[0-9a-f]{12}$/.test(name);
}

export class SealedSectionsWriter {
  readonly #path: string;
  readonly #beside: string;
  readonly #key: Uint8Array;
  readonly #file: FileHandle;
  readonly #sections = Array.from({ length: SECTIONS }, () => ({
    waiting: Buffer.alloc(0),
    length: 0,
  }));
  readonly #blobs: Blob[] = [];
  /** In turns: while one is written the other is filled. */
  #sealed = new Scratch();
  #other = new Scratch();
  #waiting = 0;
  #position = 0;
  /** Of the last piece. */
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, beside: string, key: Uint8Array, file: FileHandle) {
    this.#path = path;
    this.#beside = beside;
    this.#key = key;
    this.#file = file;
  }

  /** Beside `path`, in a directory that is there; `commit` puts it in its place. */
  static async create(path: string, { key, keyId }: CacheKey): Promise<SealedSectionsWriter> {
    const beside = join(dirname(path), `.${randomBytes(6).toString('hex')}`);
    const writer = new SealedSectionsWriter(path, beside, key, await open(beside, 'wx', 0o600));
    writer.#append(Buffer.concat([MAGIC, keyId]));
    return writer;
  }

  /** Takes a copy. The record must begin with its key. */
  append(record: Uint8Array): void {
    const { octets, at } = this.reserve(record[0]!, record.length);
    octets.set(record, at);
  }

  /** Room for a record whose key begins with this octet; to be filled before anything else is done here. */
  reserve(first: number, length: number): Slot {
    const section = this.#sections[first]!;
    const at = section.length;
    const end = at + length;
    if (end > section.waiting.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, end, Math.ceil(1.5 * at)));
      larger.set(section.waiting.subarray(0, at));
      section.waiting = larger;
    }
    section.length = end;
    this.#waiting += length;
    return { octets: section.waiting, at };
  }

  /**
   * Writes what has gathered, where it is much; the last of it is on its way when this ends. Awaited between batches, so that
   * memory stays bounded.
   */
  async drain(): Promise<void> {
    if (this.#waiting >= MAX_WAITING) await this.#flush();
  }

  /**
   * The file replaces the one before. A power cut may still tear it: that is found when it is read. Gives what it can be
   * told from any other by (`identity`).
   */
  async commit(path = this.#path): Promise<Uint8Array> {
    await this.#flush();
    const entries = this.#blobs.map(({ section, offset, length }) => {
      const entry = Buffer.alloc(INDEX_ENTRY_LENGTH);
      entry.writeUInt16BE(section);
      entry.writeUIntBE(offset, 2, 6);
      entry.writeUInt32BE(length, 8);
      return entry;
    });
    const plain = Buffer.concat(entries);
    const index = Buffer.alloc(plain.length + NONCE_LENGTH + TAG_LENGTH);
    this.#seal(INDEX, plain, index, 0);
    const trailer = Buffer.alloc(TRAILER_LENGTH);
    trailer.writeUIntBE(index.length, 0, TRAILER_LENGTH);
    this.#append(Buffer.concat([index, trailer]));
    await this.#written;
    await this.#file.close();
    await rename(this.#beside, path);
    return index.subarray(-TAG_LENGTH);
  }

  /** After a failure. Does nothing after `commit`. */
  async discard(): Promise<void> {
    await this.#written.catch(() => {});
    await this.#file.close();
    await rm(this.#beside, { force: true });
  }

  async #flush(): Promise<void> {
    let section = 0;
    while (section < SECTIONS) {
      const from = section;
      let length = 0;
      while (section < SECTIONS && length < PIECE_LENGTH) {
        const gathered = this.#sections[section++]!.length;
        if (gathered > 0) length += gathered + NONCE_LENGTH + TAG_LENGTH;
      }
      if (length === 0) return;
      const piece = this.#sealed.take(length);
      this.#sealSections(from, section, piece);
      const before = this.#written;
      this.#append(piece);
      [this.#sealed, this.#other] = [this.#other, this.#sealed];
      await before;
    }
  }

  /** Into `target`, where the next piece of the file is made. */
  #sealSections(from: number, to: number, target: Buffer): void {
    let length = 0;
    for (let section = from; section < to; section++) {
      const gathered = this.#sections[section]!;
      if (gathered.length === 0) continue;
      const plain = gathered.waiting.subarray(0, gathered.length);
      const end = this.#seal(section, plain, target, length);
      this.#blobs.push({ section, offset: this.#position + length, length: end - length });
      length = end;
      this.#waiting -= gathered.length;
      gathered.length = 0;
      // Rows that were known come a section at a time: each would keep the room that it needed once.
      if (gathered.waiting.length > MAX_ROOM) gathered.waiting = Buffer.alloc(0);
    }
  }

  /** Into `target` from `at`; gives where it ends there. */
  #seal(section: number, plain: Uint8Array, target: Buffer, at: number): number {
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    cipher.setAAD(additionalData(section));
    target.set(nonce, at);
    const body = at + NONCE_LENGTH;
    runThrough(cipher, plain, target, body);
    cipher.final();
    target.set(cipher.getAuthTag(), body + plain.length);
    return body + plain.length + TAG_LENGTH;
  }

  /** Behind what was appended before; the octets must stay until `#written` has ended. */
  #append(octets: Uint8Array): void {
    this.#position += octets.length;
    this.#written = this.#written.then(() => this.#file.appendFile(octets));
    this.#written.catch(() => {}); // told by whoever awaits it
  }
}

export class SealedSections {
  readonly #file: FileHandle;
  readonly #key: Uint8Array;
  readonly #blobs: readonly Blob[];
  readonly #sealed = new Scratch();
  readonly #plain = new Scratch();
  /** Tag of the index: no two files have the same, and none of ours can be made without the key. */
  readonly identity: Uint8Array;

  private constructor(file: FileHandle, key: Uint8Array, { blobs, identity }: Index) {
    this.#file = file;
    this.#key = key;
    this.#blobs = blobs;
    this.identity = identity;
  }

  /** Undefined where there is none. Throws a `CacheError` for one that is not ours, or not whole. */
  static async open(path: string, { key, keyId }: CacheKey): Promise<SealedSections | undefined> {
    let file: FileHandle;
    try {
      file = await open(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return new SealedSections(file, key, await readIndex(file, key, keyId));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Every record of one section; a view that lives until the next is read. */
  read(section: number): Buffer {
    const blobs = this.#blobs.filter((blob) => blob.section === section);
    const length = blobs.reduce((sum, blob) => sum + blob.length - NONCE_LENGTH - TAG_LENGTH, 0);
    const plain = this.#plain.take(length);
    let at = 0;
    for (const { offset, length } of blobs) {
      const sealed = readAt(this.#file, offset, this.#sealed.take(length));
      at += unseal(this.#key, section, sealed, plain.subarray(at));
    }
    return plain;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

interface Index {
  readonly blobs: readonly Blob[];
  readonly identity: Uint8Array;
}

async function readIndex(file: FileHandle, key: Uint8Array, keyId: Uint8Array): Promise<Index> {
  const { size } = await file.stat();
  const start = MAGIC.length + KEY_ID_LENGTH;
  if (size < start + TRAILER_LENGTH) throw damaged();
  const header = readAt(file, 0, Buffer.alloc(start));
  if (!equal(header.subarray(0, MAGIC.length), MAGIC)) throw foreign('of another format');
  if (!equal(header.subarray(MAGIC.length), keyId)) {
    throw foreign('of another event, event key or event.toml');
  }
  const trailer = readAt(file, size - TRAILER_LENGTH, Buffer.alloc(TRAILER_LENGTH));
  const length = trailer.readUIntBE(0, TRAILER_LENGTH);
  if (length > Math.min(MAX_INDEX_LENGTH, size - start - TRAILER_LENGTH)) throw damaged();
  const sealed = readAt(file, size - TRAILER_LENGTH - length, Buffer.alloc(length));
  const index = Buffer.alloc(Math.max(0, length - NONCE_LENGTH - TAG_LENGTH));
  unseal(key, INDEX, sealed, index);
  const blobs = Array.from({ length: index.length / INDEX_ENTRY_LENGTH }, (_, i) => ({
    section: index.readUInt16BE(INDEX_ENTRY_LENGTH * i),
    offset: index.readUIntBE(INDEX_ENTRY_LENGTH * i + 2, 6),
    length: index.readUInt32BE(INDEX_ENTRY_LENGTH * i + 8),
  }));
  return { blobs, identity: sealed.subarray(-TAG_LENGTH) };
}

/** Synchronous: hundreds of short reads that the system has at hand, where waiting for a turn costs more. */
function readAt({ fd }: FileHandle, offset: number, octets: Buffer): Buffer {
  if (readSync(fd, octets, 0, octets.length, offset) !== octets.length) throw damaged();
  return octets;
}

/** Into `target`; gives how much. What stands there is not to be used where this throws. */
function unseal(key: Uint8Array, section: number, sealed: Buffer, target: Buffer): number {
  if (sealed.length < NONCE_LENGTH + TAG_LENGTH) throw damaged();
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_LENGTH));
  decipher.setAAD(additionalData(section));
  decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
  const body = sealed.subarray(NONCE_LENGTH, -TAG_LENGTH);
  runThrough(decipher, body, target, 0);
  try {
    decipher.final();
  } catch (cause) {
    throw damaged(cause);
  }
  return body.length;
}

function additionalData(section: number): Uint8Array {
  return Uint8Array.of(section >> 8, section & 0xff);
}

function foreign(what: string): CacheError {
  return new CacheError('ERR_CACHE_FOREIGN', `the cache is ${what}`);
}

function damaged(cause?: unknown): CacheError {
  return new CacheError('ERR_CACHE_DAMAGED', 'the cache is damaged', { cause });
}
