import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { LockError } from '@pinless-gate/runtime/directory-lock';
import type { Io } from '@pinless-gate/runtime/program';
import type { ConsoleConfig } from '../config.ts';
import { argon2Passwords } from '../credentials/password.ts';
import { readSeal } from '../credentials/seal.ts';
import { commandLine } from '../domain/asker.ts';
import { directory } from '../domain/directory.ts';
import { office } from '../domain/office.ts';
import { registry } from '../domain/registry.ts';
import { feedDesk } from '../purchases/export.ts';
import type { Desk } from '../routes/control.ts';
import { controlSocket } from '../serve.ts';
import type { Database, OpenDatabase } from '../store/database.ts';
import { enrolmentStore } from '../store/enrolment.ts';
import { storesOn } from '../store/stores.ts';
import { openStore, requireMigrated } from './open-store.ts';
import { remoteOffice } from './remote-office.ts';

/** 32 hex digits. Read once: it never changes. */
export function consoleIdOf(db: Database): () => Promise<string> {
  let known: Promise<string> | undefined;
  return () => {
    known ??= enrolmentStore(db).identity(randomBytes(16).toString('hex'));
    // A database that was away for a moment is asked again.
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
}

export function localDesk({ publishers, accounts }: ConsoleConfig, db: Database): Desk {
  const stores = storesOn(db);
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const deps = { ...stores, now: Date.now, random };
  const asker = commandLine(userInfo().uid);
  const { sealKeyFile } = accounts;
  const seal = async () => (sealKeyFile === undefined ? undefined : readSeal(sealKeyFile));
  const people = directory({ ...deps, passwords: argon2Passwords() });
  return {
    ...office({
      ...deps,
      consoleId: consoleIdOf(db),
      by: asker.by,
      publishers: publishers?.keys,
    }),
    ...registry({ ...stores, directory: people, asker }),
    ...feedDesk({ ...stores, seal, now: Date.now, asker }),
  };
}

/** At the database itself, or where a running console has it open, through that. */
export async function withOffice<T>(
  config: ConsoleConfig,
  io: Io,
  use: (desk: Desk) => Promise<T>,
): Promise<T> {
  let store: OpenDatabase;
  try {
    store = await openStore(config.store, io);
  } catch (error) {
    if (!(error instanceof LockError) || 'urlFile' in config.store) throw error;
    return use(remoteOffice(controlSocket(config.store.directory)));
  }
  try {
    await requireMigrated(store);
    return await use(localDesk(config, store.db));
  } finally {
    await store.close();
  }
}
