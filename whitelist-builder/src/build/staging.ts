import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import { isUnfinished } from '@pinless-gate/runtime/durable-file';

const STAGING = /^\.build-(\d+)-[0-9a-f]{12}$/;

/**
 * Runs `work` with a hidden directory inside `bundle`, on the same file system, and removes it whatever
 * happens. What a killed build left is removed first; a build that still runs is ERR_BUILD_BUSY.
 */
export async function withStaging<T>(
  bundle: string,
  work: (staging: string) => Promise<T>,
): Promise<T> {
  await mkdir(bundle, { recursive: true });
  const names = await readdir(bundle);
  for (const name of names) {
    const pid = STAGING.exec(name)?.[1];
    if (pid === undefined) continue;
    if (isAlive(Number(pid))) {
      throw new GateError('ERR_BUILD_BUSY', `${bundle}: process ${pid} is building here`, {
        hint: `if it is not, remove ${join(bundle, name)}`,
      });
    }
    await rm(join(bundle, name), { recursive: true });
  }
  // Nobody builds here: they are of one that was killed as it put its list in place.
  for (const name of names.filter(isUnfinished)) await rm(join(bundle, name), { force: true });
  const staging = join(bundle, `.build-${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(staging, { mode: 0o700 });
  try {
    return await work(staging);
  } finally {
    await rm(staging, { recursive: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
