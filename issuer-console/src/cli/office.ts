import { randomBytes } from 'node:crypto';
import { LockError } from '@pinless-gate/runtime/directory-lock';
import type { Io } from '@pinless-gate/runtime/program';
import type { ConsoleConfig } from '../config.ts';
import { type Office, office } from '../domain/office.ts';
import { controlSocket } from '../serve.ts';
import type { Database, OpenDatabase } from '../store/database.ts';
import { enrolmentStore } from '../store/enrolment.ts';
import { keyDeliveryStore } from '../store/keys.ts';
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

export function localOffice({ publishers }: ConsoleConfig, db: Database): Office {
  return office({
    enrolment: enrolmentStore(db),
    keys: keyDeliveryStore(db),
    consoleId: consoleIdOf(db),
    hasPublishers: publishers !== undefined,
    now: Date.now,
    random: (length) => new Uint8Array(randomBytes(length)),
  });
}

/** At the database itself, or where a running console has it open, through that. */
export async function withOffice<T>(
  config: ConsoleConfig,
  io: Io,
  use: (office: Office) => Promise<T>,
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
    return await use(localOffice(config, store.db));
  } finally {
    await store.close();
  }
}
