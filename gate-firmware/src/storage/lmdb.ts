import { statfsSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import { type Database, open, type RootDatabase } from 'lmdb';

/** A store of the gate's that cannot be opened, read or written. */
export class StorageError extends GateError {}

/** Keys and values are octets; keys are ordered as unsigned octets. */
export type OctetDatabase = Database<Uint8Array, Uint8Array>;
export type Environment = RootDatabase<Uint8Array, Uint8Array>;

const OCTETS = { encoding: 'binary', keyEncoding: 'binary' } as const;
/** Always a directory: left to itself, lmdb takes a name with a dot in it for a file. */
const DIRECTORY = { ...OCTETS, noSubdir: false } as const;
export const DATA_FILE = 'data.mdb';
/** What one transaction may need at most besides its values: pages that are copied, the list of free ones. */
const RESERVE = 2 ** 20;
const MIB = 2 ** 20;

/**
 * Throws ERR_STORAGE_FULL unless `octets` more fit. Asked before every transaction: the binding writes a
 * failed write's message past the end of its buffer, which ends the process without a word (lmdb 3.5.6,
 * mdb_page_flush).
 */
export function requireRoom(directory: string, octets = 0): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free >= octets + RESERVE) return;
  throw new StorageError(
    'ERR_STORAGE_FULL',
    `no space left on the disk: ${(free / MIB).toFixed(1)} MiB free`,
    { hint: 'free some space' },
  );
}

/** Which file a store's data is now: the same name may come to mean another one. */
export function dataFileOf(directory: string): string | undefined {
  const file = statSync(join(directory, DATA_FILE), { bigint: true, throwIfNoEntry: false });
  return file && `${file.dev}:${file.ino}`;
}

/**
 * A store whose every commit is one fdatasync: without overlapping sync a synchronous transaction is on
 * the disk when it returns, and nothing is there to be awaited.
 */
export function openDurable(directory: string): Environment {
  return open<Uint8Array, Uint8Array>({
    path: directory,
    ...DIRECTORY,
    overlappingSync: false,
    maxDbs: 8,
  });
}

export function openDatabase(environment: Environment, name: string): OctetDatabase {
  return environment.openDB<Uint8Array, Uint8Array>({ name, ...OCTETS });
}

/** A read-only view of a store that is there; opening a missing one would make an empty directory. */
export async function openReadOnly(directory: string): Promise<Environment> {
  try {
    await stat(join(directory, DATA_FILE));
  } catch (cause) {
    throw new StorageError('ERR_STORAGE_MISSING', `${directory}: no store here`, { cause });
  }
  return open<Uint8Array, Uint8Array>({ path: directory, ...DIRECTORY, readOnly: true });
}

/**
 * A store that is written once and becomes visible by a rename: nothing is synced while it grows, since
 * an unfinished one is thrown away. Its maker syncs the files before the rename.
 */
export function openForBuilding(directory: string): Environment {
  return open<Uint8Array, Uint8Array>({ path: directory, ...DIRECTORY, noSync: true });
}
