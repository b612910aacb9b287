import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  BundleError,
  contentName,
  decodeManifest,
  LATEST_NAME,
  MAX_LATEST_LENGTH,
  MAX_MANIFEST_LENGTH,
  parseLatest,
  passportOf,
  sha256,
} from '@pinless-gate/protocol/bundle';
import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { LatestWatch } from '@pinless-gate/whitelist-builder/bundle/latest-watch';
import type { BundleFile, BundleFiles, PublishedList } from '../domain/publication.ts';

/** The directory that `whitelist build` fills. Read anew at each question: a new list shows at once. */
export class BundleDirectory implements BundleFiles {
  readonly latest: LatestWatch;
  readonly #directory: string;
  #last: { readonly name: string; readonly list: PublishedList } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.latest = new LatestWatch(directory);
  }

  async open(name: string): Promise<BundleFile | undefined> {
    const file = await this.#file(name);
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      const stream = Readable.toWeb(file.createReadStream());
      return { length: size, stream: stream as BundleFile['stream'] };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async list(): Promise<PublishedList> {
    try {
      const latest = await this.#read(LATEST_NAME, MAX_LATEST_LENGTH);
      if (!latest) return { state: 'missing' };
      const hash = parseLatest(latest);
      const name = toHex(hash);
      // Content has its hash for a name: what was read once cannot have changed.
      if (this.#last?.name !== name) this.#last = { name, list: await this.#published(hash) };
      return this.#last.list;
    } catch (error) {
      if (error instanceof GateError) return { state: 'unreadable', code: error.code };
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      return { state: 'unreadable', code: 'ERR_BUNDLE_FILE' };
    }
  }

  async #published(hash: Uint8Array): Promise<PublishedList> {
    const bytes = await this.#read(contentName(hash), MAX_MANIFEST_LENGTH);
    if (!bytes) throw new BundleError('ERR_BUNDLE_MISSING', 'the newest manifest is missing');
    if (!equal(sha256(bytes), hash)) {
      throw new BundleError('ERR_BUNDLE_HASH', 'the newest manifest has another hash');
    }
    const manifest = decodeManifest(bytes);
    return { state: 'published', manifest, passport: passportOf(manifest, hash) };
  }

  async #read(name: string, limit: number): Promise<Uint8Array | undefined> {
    const file = await this.#file(name);
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      if (size > limit) throw new BundleError('ERR_BUNDLE_LENGTH', `${name}: over ${limit} octets`);
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  }

  /** Regular files only, and no symbolic links: nothing outside the directory is ever served. */
  async #file(name: string): Promise<FileHandle | undefined> {
    let file: FileHandle;
    try {
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      file = await open(join(this.#directory, name), flags);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ELOOP') throw error;
      return undefined;
    }
    const stats = await file.stat();
    if (stats.isFile()) return file;
    await file.close();
    return undefined;
  }
}
