import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file that is either whole and on the disk, or not there: beside, fsync, rename, fsync of the
 * directory. An existing file of that name is replaced.
 */
export async function writeFileDurably(
  path: string,
  content: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  await replaceFile(path, content, mode);
  await syncDirectory(dirname(path));
}

/** As `writeFileDurably`, but the name lasts only after `syncDirectory`: for many files at once. */
export async function replaceFile(
  path: string,
  content: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  const file = await open(beside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await file.close();
    await unlink(beside);
    throw error;
  }
  await file.close();
  await rename(beside, path);
}

/** Whether a file that lies in a directory is one that `replaceFile` did not live to put in its place. */
export function isUnfinished(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}$/.test(name);
}

/** Makes creations and renames in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
