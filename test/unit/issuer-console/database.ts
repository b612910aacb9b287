import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type OpenDatabase,
  openMemoryDatabase,
  openServerDatabase,
} from '@pinless-gate/issuer-console/store/database';

/**
 * A database of a test's own, in memory; or, where the environment names a PostgreSQL server
 * (CONSOLE_DATABASE=postgres://…), there: the same tests, the other engine.
 */
export async function openTestDatabase(): Promise<OpenDatabase> {
  const server = process.env.CONSOLE_DATABASE;
  const opened = server === undefined ? await openMemoryDatabase() : await openOn(server);
  await opened.migrate();
  return opened;
}

async function openOn(server: string): Promise<OpenDatabase> {
  const name = `console_${randomBytes(6).toString('hex')}`;
  const maintenance = await openAt(server);
  await maintenance.db.execute(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const opened = await openAt(url.href);
  return {
    ...opened,
    close: async () => {
      await opened.close();
      await maintenance.db.execute(`drop database ${name} with (force)`);
      await maintenance.close();
    },
  };
}

async function openAt(url: string): Promise<OpenDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'console-database-'));
  try {
    const file = join(directory, 'url');
    await writeFile(file, url);
    return await openServerDatabase(file, () => undefined);
  } finally {
    await rm(directory, { recursive: true });
  }
}
