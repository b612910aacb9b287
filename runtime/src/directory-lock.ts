import { randomBytes } from 'node:crypto';
import { constants, copyFile, link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';

/** Somebody else has the directory. */
export class LockError extends GateError {}

/** Who holds a directory: enough to tell a live process from one whose number was given away again. */
interface Holder {
  readonly pid: number;
  /** Start of the process in clock ticks after boot: a reused pid has another one. */
  readonly startedTicks: string;
  readonly bootId: string;
  readonly host: string;
  readonly nonce: string;
}

/**
 * One opener a directory, for stores whose two openers would lose each other's writes without
 * an error. A lock whose process is gone is taken over. Works among processes of one machine that see
 * one another's pids.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'lock');
  const own = await ownHolder();
  const beside = join(directory, `.lock.${own.nonce}`);
  // Linked into place whole: nobody ever reads half a lock.
  await writeFile(beside, `${JSON.stringify(own)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (!(await linked(beside, path))) {
      await removeStale(path, directory, own.nonce);
      if (!(await linked(beside, path))) throw locked(directory, (await readHolder(path))?.pid);
    }
  } finally {
    await unlink(beside);
  }
  return async () => {
    if ((await readHolder(path))?.nonce === own.nonce) await unlink(path);
  };
}

async function removeStale(path: string, directory: string, nonce: string): Promise<void> {
  const holder = await readHolder(path);
  if (!holder) return;
  if (await isAlive(holder)) throw locked(directory, holder.pid);
  // Moved aside, then looked at again: another starter may have put its own lock here meanwhile.
  const aside = join(directory, `.lock.stale.${nonce}`);
  await rename(path, aside);
  const moved = await readHolder(aside);
  if (moved && moved.nonce !== holder.nonce) await linked(aside, path);
  await unlink(aside);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch((error: NodeJS.ErrnoException) => {
      if (!WITHOUT_LINKS.has(error.code ?? '')) throw error;
      // Not whole from its first moment, and still nobody else's.
      return copyFile(from, to, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** What a file system says that knows no hard links, as that of a stick. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

function locked(directory: string, pid: number | undefined): LockError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new LockError('ERR_LOCKED', `${directory}: in use by ${who}`, {
    hint: 'one process at a time: stop the other one first',
  });
}

async function ownHolder(): Promise<Holder> {
  return {
    pid: process.pid,
    startedTicks: (await startedTicks(process.pid)) ?? '',
    bootId: await bootId(),
    host: hostname(),
    nonce: randomBytes(8).toString('hex'),
  };
}

async function isAlive(holder: Holder): Promise<boolean> {
  // Another machine's process cannot be looked at: its lock is removed by a person.
  if (holder.bootId !== (await bootId())) return holder.host !== hostname();
  return (await startedTicks(holder.pid)) === holder.startedTicks;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Holder;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new LockError('ERR_LOCKED', `${path}: not a lock of ours`, {
      cause,
      hint: 'remove it if no other program uses this directory',
    });
  }
}

/** proc(5): field 22 of /proc/<pid>/stat, counted after the name, which may hold spaces. */
async function startedTicks(pid: number): Promise<string | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

async function bootId(): Promise<string> {
  return ((await readIfThere('/proc/sys/kernel/random/boot_id')) ?? '').trim();
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    return undefined;
  }
}
