import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'console-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

const locked = expect.objectContaining({ code: 'ERR_LOCKED' });
const path = () => join(directory, 'lock');
const readLock = async () => JSON.parse(await readFile(path(), 'utf8'));
const writeLock = (holder: object) => writeFile(path(), JSON.stringify(holder));

describe('lockDirectory', () => {
  test('keeps a second opener out, then lets it in', async () => {
    const unlock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toThrow(locked);
    await expect(lockDirectory(directory)).rejects.toThrow(`process ${process.pid}`);
    await unlock();
    await (await lockDirectory(directory))();
    expect(await readdir(directory)).toEqual([]);
  });

  test('of many at once, one wins', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => lockDirectory(directory)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(directory)).toEqual(['lock']);
  });

  test('the lock of a process that is gone is taken over', async () => {
    await lockDirectory(directory);
    const { pid } = spawnSync('true');
    await writeLock({ ...(await readLock()), pid, nonce: 'gone' });
    await lockDirectory(directory);
    expect((await readLock()).pid).toBe(process.pid);
    expect(await readdir(directory)).toEqual(['lock']);
  });

  test('a number that was given to another process is not the holder', async () => {
    await lockDirectory(directory);
    await writeLock({ ...(await readLock()), startedTicks: '1', nonce: 'old' });
    await lockDirectory(directory);
    expect((await readLock()).startedTicks).not.toBe('1');
  });

  test('a lock from before the last boot is taken over', async () => {
    await lockDirectory(directory);
    await writeLock({ ...(await readLock()), bootId: 'before', nonce: 'old' });
    await lockDirectory(directory);
    expect((await readLock()).bootId).not.toBe('before');
  });

  test('the lock of another machine stays', async () => {
    await lockDirectory(directory);
    await writeLock({ ...(await readLock()), bootId: 'other', host: 'elsewhere.example' });
    await expect(lockDirectory(directory)).rejects.toThrow(locked);
  });

  test('a file that is no lock stays, and is named', async () => {
    await writeFile(path(), 'something else');
    await expect(lockDirectory(directory)).rejects.toThrow(locked);
    expect(await readFile(path(), 'utf8')).toBe('something else');
  });

  test('only the own lock is given back', async () => {
    const unlock = await lockDirectory(directory);
    await writeLock({ ...(await readLock()), nonce: 'of another' });
    await unlock();
    expect((await readLock()).nonce).toBe('of another');
  });
});
