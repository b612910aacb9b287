import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where Debian's package puts the programs, one directory for each version. */
const INSTALLED = '/usr/lib/postgresql';

export interface Postgres {
  /** Of the database `postgres` there, by a socket that only its owner and root reach. */
  readonly url: string;
  close(): Promise<void>;
}

export interface PostgresOptions {
  /** Whether what it acknowledges is on the disk. */
  readonly sync: boolean;
}

/** A PostgreSQL server of its own in a temporary directory: no port, no trace afterwards. Undefined where none is installed. */
export async function startPostgres({ sync }: PostgresOptions): Promise<Postgres | undefined> {
  const programs = await programsDirectory();
  if (programs === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'postgres-'));
  try {
    const owner = await unprivileged(directory);
    const data = join(directory, 'data');
    const made = ['--pgdata', data, '--auth', 'trust', '--username', 'console', '--no-sync'];
    await run(
      join(programs, 'initdb'),
      [...made, '--encoding', 'UTF8', '--locale', 'C.UTF-8'],
      owner,
    );
    const options = ['-D', data, '-k', directory, '-c', 'listen_addresses='];
    const server = spawn(
      join(programs, 'postgres'),
      [...options, '-c', `fsync=${sync ? 'on' : 'off'}`],
      { ...owner, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const gone = once(server, 'exit');
    const close = async () => {
      // Fast shutdown: sessions are ended, and what was acknowledged is written.
      server.kill('SIGINT');
      await gone;
      await rm(directory, { recursive: true, force: true });
    };
    await Promise.race([
      ready(server.stderr),
      gone.then(() => Promise.reject(refused('postgres'))),
    ]);
    return {
      url: `postgres:///postgres?host=${encodeURIComponent(directory)}&user=console`,
      close,
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function programsDirectory(): Promise<string | undefined> {
  const versions = await readdir(INSTALLED).catch(() => []);
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  return newest === undefined ? undefined : join(INSTALLED, newest, 'bin');
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** The server refuses to run as root: then it is the user's that came with the package. */
async function unprivileged(directory: string): Promise<Owner> {
  if (userInfo().uid !== 0) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number(await run('id', [which, 'postgres'], {}))),
  );
  await chown(directory, uid!, gid!);
  return { uid: uid!, gid: gid! };
}

async function run(program: string, args: readonly string[], owner: Owner): Promise<string> {
  const child = spawn(program, args, { ...owner, stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  const [code] = await closed;
  if (code !== 0) throw refused(program);
  return output;
}

async function ready(log: NodeJS.ReadableStream): Promise<void> {
  const lines = createInterface({ input: log });
  for await (const line of lines) {
    if (!line.includes('ready to accept connections')) continue;
    // Read on: a full pipe would stop the server.
    log.resume();
    return;
  }
}

const refused = (program: string) => new Error(`${program} did not start`);
