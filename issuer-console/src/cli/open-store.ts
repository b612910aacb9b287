import type { Io } from '@pinless-gate/runtime/program';
import type { StoreConfig } from '../config.ts';
import { type OpenDatabase, openEmbeddedDatabase, openServerDatabase } from '../store/database.ts';
import { StoreError } from '../store/error.ts';

/** Opens the store that the configuration names, and says aloud what the embedded one does not promise. */
export async function openStore(config: StoreConfig, io: Io): Promise<OpenDatabase> {
  if ('urlFile' in config) {
    return openServerDatabase(config.urlFile, () =>
      io.err('issuer-console: lost a connection to the database'),
    );
  }
  const opened = await openEmbeddedDatabase(config.directory);
  io.err(
    `issuer-console: embedded database in ${config.directory}: for trying out. ` +
      'It survives a killed process, not a power cut (it never syncs to the disk); use a PostgreSQL server for real events',
  );
  return opened;
}

/** The embedded database is brought up to date at once; a server's owner decides when. */
export async function requireMigrated(store: OpenDatabase): Promise<void> {
  const pending = await store.pending();
  if (pending === 0) return;
  if (store.embedded) return store.migrate();
  throw new StoreError('ERR_STORE_MIGRATION', `the database lacks ${pending} migrations`, {
    hint: 'back it up, then run: issuer-console migrate --config FILE',
  });
}
