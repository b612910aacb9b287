import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle as drizzleServer } from 'drizzle-orm/node-postgres';
import { migrate as migrateServer } from 'drizzle-orm/node-postgres/migrator';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzleEmbedded } from 'drizzle-orm/pglite';
import { migrate as migrateEmbedded } from 'drizzle-orm/pglite/migrator';
import { guarded, StoreError } from './error.ts';

/** What the queries need: the same on the embedded database and on a server. */
export type Database = PgDatabase<PgQueryResultHKT>;

export interface OpenDatabase {
  readonly db: Database;
  readonly embedded: boolean;
  migrate(): Promise<void>;
  /** Migrations of this release that the database does not have yet. */
  pending(): Promise<number>;
  close(): Promise<void>;
}

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const CONNECT_TIMEOUT_MS = 5000;
const QUERY_TIMEOUT_MS = 10_000;

const BYTEA = 17;

/** As the driver does it, thirty times as fast: it goes octet by octet. */
const OCTETS = {
  serializers: { [BYTEA]: (value: Uint8Array) => `\\x${Buffer.from(value).toString('hex')}` },
  parsers: { [BYTEA]: (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex')) },
};

/** PGlite in memory: for tests, gone with the process. */
export async function openMemoryDatabase(): Promise<OpenDatabase> {
  return embedded(await PGlite.create(OCTETS));
}

/**
 * PGlite in a directory of ours. It never fsyncs: what it acknowledged survives `kill -9` of this
 * process, not a power cut. One opener at a time, held to by a lock.
 */
export async function openEmbeddedDatabase(directory: string): Promise<OpenDatabase> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const unlock = await lockDirectory(directory);
  try {
    const data = join(directory, 'pgdata');
    if (!(await exists(data))) await initialise(data);
    const client = await guarded('open the embedded database', () => openFiles(data));
    return embedded(client, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** What PGlite throws at files that are not what it left says nothing; of the system's refusals the code is kept. */
async function openFiles(data: string): Promise<PGlite> {
  try {
    return await PGlite.create(data, OCTETS);
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') throw error;
    throw new StoreError('ERR_STORE_DAMAGED', `${data}: the embedded database does not open`, {
      hint: 'a power cut may have taken it: move the directory away and begin anew; gates send their journals again',
    });
  }
}

/** Beside, then renamed: a process killed while PGlite initialises leaves a directory it cannot open. */
async function initialise(data: string): Promise<void> {
  const beside = `${data}.new`;
  await rm(beside, { recursive: true, force: true });
  await guarded('initialise the embedded database', async () => {
    const client = await PGlite.create(beside);
    await client.close();
  });
  await rename(beside, data);
}

function embedded(client: PGlite, unlock?: () => Promise<void>): OpenDatabase {
  const db = drizzleEmbedded(client);
  return {
    db,
    embedded: true,
    migrate: () => guarded('migrate', () => migrateEmbedded(db, { migrationsFolder: MIGRATIONS })),
    pending: () => pendingMigrations(db),
    close: async () => {
      await client.close();
      await unlock?.();
    },
  };
}

/** A PostgreSQL server. `urlFile` holds the connection URL, password included, and nothing else. */
export async function openServerDatabase(
  urlFile: string,
  onConnectionLost: () => void,
): Promise<OpenDatabase> {
  const connectionString = (await readFile(urlFile, 'utf8')).trim();
  const protocol = URL.canParse(connectionString) ? new URL(connectionString).protocol : '';
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw new StoreError('ERR_STORE_URL', `${urlFile}: does not hold a postgres:// URL`);
  }
  const db = drizzleServer({
    connection: {
      connectionString,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      max: 8,
    },
  });
  const pool: {
    on(event: 'error', listener: () => void): unknown;
    end(): Promise<void>;
  } = db.$client;
  // The pool drops a broken idle connection and makes a new one when next asked.
  pool.on('error', onConnectionLost);
  const opened: OpenDatabase = {
    db,
    embedded: false,
    migrate: () => guarded('migrate', () => migrateServer(db, { migrationsFolder: MIGRATIONS })),
    pending: () => pendingMigrations(db),
    close: () => pool.end(),
  };
  try {
    await guarded('connect to the database', () => db.execute(sql`select 1`));
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

async function pendingMigrations(db: Database): Promise<number> {
  return guarded('look up migrations', async () => {
    const migrations = readMigrationFiles({ migrationsFolder: MIGRATIONS });
    const known = await rows<{ there: boolean }>(
      db,
      sql`select to_regclass('drizzle.__drizzle_migrations') is not null as there`,
    );
    if (!known[0]?.there) return migrations.length;
    const applied = await rows<{ last: string | number | null }>(
      db,
      sql`select max(created_at) as last from drizzle.__drizzle_migrations`,
    );
    const last = Number(applied[0]?.last ?? 0);
    return migrations.filter(({ folderMillis }) => folderMillis > last).length;
  });
}

async function rows<T>(db: Database, query: ReturnType<typeof sql>): Promise<T[]> {
  return ((await db.execute(query)) as unknown as { rows: T[] }).rows;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}
