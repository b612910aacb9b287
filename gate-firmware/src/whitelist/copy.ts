import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DATA_FILE } from '../storage/lmdb.ts';

// The files of one list on the gate's disk, beside the LMDB file that answers look-ups.

/** As they were published: every bucket is measured against them. */
export const MANIFEST_FILE = 'manifest';
export const SIGNATURES_FILE = 'signatures';
/** SHA-256 of the LMDB file, hex. */
export const DIGEST_FILE = 'digest';
/** xxHash64 of every bucket, 8 octets each: for the scrub alone (`scrub.ts`). */
export const FINGERPRINTS_FILE = 'fingerprints';
/** Which LMDB file was checked octet for octet, as the file system names it. Not there while it serves. */
const CHECKED_FILE = 'checked';

/** Tells damage before LMDB maps the file: a damaged map kills the process. */
export async function digestOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(directory, DATA_FILE)), hash);
  return hash.digest('hex');
}

/**
 * Device, inode, size and both times of the LMDB file: any write to it, by whomever, changes the last one.
 * Damage that the file system does not see is the scrub's.
 */
export async function identityOf(directory: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(join(directory, DATA_FILE), {
    bigint: true,
  });
  return `${[dev, ino, size, mtimeNs, ctimeNs].join(' ')}\n`;
}

/** The LMDB file that had this identity was checked whole. */
export async function noteChecked(directory: string, identity: string): Promise<void> {
  await writeFile(join(directory, CHECKED_FILE), identity);
}

/** Nothing touched the LMDB file since it was checked whole, and the program that used it last ended in order. */
export async function isAsChecked(directory: string, identity: string): Promise<boolean> {
  try {
    return (await readFile(join(directory, CHECKED_FILE), 'latin1')) === identity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Whoever dies from here on has the file checked whole at the next start. */
export async function forgetChecked(directory: string): Promise<void> {
  await rm(join(directory, CHECKED_FILE), { force: true });
}
