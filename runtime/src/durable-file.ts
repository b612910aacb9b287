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
  const directory = dirname(path);
  const beside = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}`);
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
  await syncDirectory(directory);
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
