import { closeSync, fstatSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  BundleError,
  bucketOf,
  contentName,
  decodePackedManifest,
  decodeSignatures,
  hashAt,
  type ManifestSignature,
  type PackedManifest,
  type Passport,
  type Publishers,
  passportOf,
  sha256,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { DATA_FILE, type Environment, openReadOnly } from '../storage/lmdb.ts';
import { readBucket } from './buckets.ts';
import {
  DIGEST_FILE,
  digestOf,
  forgetChecked,
  identityOf,
  isAsChecked,
  MANIFEST_FILE,
  noteChecked,
  SIGNATURES_FILE,
} from './copy.ts';

interface SignedOctets {
  readonly encoded: Uint8Array;
  readonly hash: Uint8Array;
  readonly signatures: readonly ManifestSignature[];
}

export interface OpenOptions {
  /** This program answers taps from it: the copy counts as checked again only after an orderly `close`. */
  readonly serve?: boolean;
}

/**
 * A list on the gate's own disk, read-only while it serves. Every answer is from this one version, and from a
 * bucket that was compared with the signed manifest first.
 */
export class Whitelist {
  readonly directory: string;
  readonly manifest: PackedManifest;
  readonly hash: Uint8Array;
  readonly passport: Passport;
  readonly #signatures: readonly ManifestSignature[];
  readonly #encoded: Uint8Array;
  readonly #environment: Environment;
  /** Of the LMDB file as it was found whole, where taps are answered from it. */
  readonly #serving: string | undefined;
  /** Of the LMDB file that is mapped: a look past its end would kill the process. */
  readonly #file: number;
  readonly #size: number;
  /** 1 where the bucket was found as published. */
  readonly #verified: Uint8Array;
  #damage: BundleError | undefined;
  /** Why nobody looks into the LMDB file any more. */
  #condemned: BundleError | undefined;

  private constructor(
    directory: string,
    { encoded, hash, signatures }: SignedOctets,
    environment: Environment,
    serving: string | undefined,
  ) {
    this.directory = directory;
    this.#encoded = encoded;
    this.#signatures = signatures;
    this.manifest = decodePackedManifest(encoded);
    this.hash = hash;
    this.passport = passportOf(this.manifest, this.hash);
    this.#environment = environment;
    this.#serving = serving;
    this.#verified = new Uint8Array(2 ** this.manifest.bucketBits);
    this.#file = openSync(join(directory, DATA_FILE), 'r');
    this.#size = fstatSync(this.#file).size;
  }

  /**
   * Opens the list in a directory named by its manifest's hash. The signatures are verified every time. The
   * entries are read whole first, as somebody may have edited them, unless nothing touched the file since
   * that was done last.
   */
  static async open(
    directory: string,
    publishers: Publishers,
    options: OpenOptions = {},
  ): Promise<Whitelist> {
    const [encoded, signatures, digest, identity] = await Promise.all([
      readFile(join(directory, MANIFEST_FILE)),
      readFile(join(directory, SIGNATURES_FILE)),
      readFile(join(directory, DIGEST_FILE), 'latin1'),
      identityOf(directory),
    ]).catch((cause: NodeJS.ErrnoException) => {
      throw corrupt(`a file of the list on the disk cannot be read (${cause.code})`, cause);
    });
    const hash = sha256(encoded);
    if (contentName(hash) !== basename(directory)) {
      throw new BundleError('ERR_LIST_MANIFEST', 'the list on the disk has another manifest');
    }
    const signed = { encoded, hash, signatures: decodeSignatures(signatures) };
    // Of tens of millions of entries a manifest is megabytes: taps have a turn between any two readings of it.
    await setImmediate();
    verifyManifestSignatures(encoded, signed.signatures, publishers);
    await setImmediate();
    const checked = await isAsChecked(directory, identity);
    if (!checked && (await digestOf(directory)) !== digest) {
      throw corrupt('the list on the disk is damaged');
    }
    const environment = await openReadOnly(directory);
    const list = new Whitelist(
      directory,
      signed,
      environment,
      options.serve ? identity : undefined,
    );
    try {
      if (!checked) await list.#verifyAll();
      if (options.serve) await forgetChecked(directory);
    } catch (error) {
      await list.#release();
      throw error;
    }
    return list;
  }

  /** Whether these publishers would publish it: they may have changed since it was opened. */
  isSignedBy(publishers: Publishers): boolean {
    try {
      verifyManifestSignatures(this.#encoded, this.#signatures, publishers);
      return true;
    } catch (error) {
      if (error instanceof BundleError) return false;
      throw error;
    }
  }

  /** What was found wrong with the copy while it served. Buckets that are whole answer on. */
  get damage(): BundleError | undefined {
    return this.#damage;
  }

  /** The sealed record of a card, or undefined where it is not listed. Throws ERR_LIST_CORRUPT where nobody can tell. */
  find(conversionValue: Uint8Array): Uint8Array | undefined {
    this.#requireWhole();
    const index = bucketOf(conversionValue, this.manifest.bucketBits);
    if (this.#verified[index] === 0) this.#verify(index);
    return this.#environment.get(conversionValue);
  }

  /** One bucket as it was published: what an update does not change need not be fetched again. */
  bucket(index: number): Uint8Array {
    this.#requireWhole();
    return readBucket(this.#environment, index, this.manifest.bucketBits);
  }

  /** Somebody who read the copy from its disk found this bucket changed: it is compared again before it answers. */
  suspect(index: number): void {
    this.#verified[index] = 0;
    this.#damage ??= damaged(index);
  }

  /** Reading the copy kills whoever reads it: nobody looks again. */
  condemn(): void {
    this.#condemned = corrupt('the list on the disk cannot be read');
    this.#damage ??= this.#condemned;
  }

  async close(): Promise<void> {
    await this.#release();
    if (this.#serving === undefined || this.#damage) return;
    await noteChecked(this.directory, this.#serving).catch((error: NodeJS.ErrnoException) => {
      // Newer lists have taken its place meanwhile.
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async #release(): Promise<void> {
    await this.#environment.close();
    closeSync(this.#file);
  }

  /** Asked at every look: whoever cuts the file short must not kill the program that decides. */
  #requireWhole(): void {
    if (this.#condemned) throw this.#condemned;
    if (fstatSync(this.#file).size === this.#size) return;
    this.#condemned = corrupt('the list on the disk changed its size while it served');
    this.#damage ??= this.#condemned;
    throw this.#condemned;
  }

  #verify(index: number): void {
    if (!equal(sha256(this.bucket(index)), hashAt(this.manifest.hashes, index))) {
      this.#damage ??= damaged(index);
      throw damaged(index);
    }
    this.#verified[index] = 1;
  }

  async #verifyAll(): Promise<void> {
    for (let index = 0; index < this.#verified.length; index++) {
      // A lane may be serving another list meanwhile: a tap waits for one bucket at most.
      await setImmediate();
      this.#verify(index);
    }
  }
}

function damaged(index: number): BundleError {
  return corrupt(`bucket ${index} of the list on the disk differs from the manifest`);
}

function corrupt(message: string, cause?: unknown): BundleError {
  const hint = 'the gate fetches the list again; if it comes back, suspect the disk';
  return new BundleError('ERR_LIST_CORRUPT', message, { hint, cause });
}
