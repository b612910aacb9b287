import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  SealedSections,
  SealedSectionsWriter,
} from '@pinless-gate/whitelist-builder/build/sealed-sections';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../fixture.ts';

const KEY = { key: randomBytes(32), keyId: randomBytes(16) };
const RECORDS = [
  [0, 1],
  [7, 2, 2],
  [7, 3],
  [255, 4, 4, 4],
].map((octets) => Uint8Array.from(octets));

async function written(records = RECORDS) {
  const directory = await newDirectory();
  const path = join(directory, 'cache');
  const writer = await SealedSectionsWriter.create(path, KEY);
  for (const record of records) writer.append(record);
  await writer.commit();
  await writer.discard();
  expect(await readdir(directory)).toEqual(['cache']);
  return path;
}

/** The records of every section. */
async function readAll(path: string, key = KEY) {
  const sections = await SealedSections.open(path, key);
  try {
    return Buffer.concat(Array.from({ length: 256 }, (_, i) => Buffer.from(sections!.read(i))));
  } finally {
    await sections!.close();
  }
}

describe('SealedSections', () => {
  test('gives every section what was put into it', async () => {
    expect(Buffer.compare(await readAll(await written()), Buffer.concat(RECORDS))).toBe(0);
    expect(await readAll(await written([]))).toHaveLength(0);
  });

  test('more than waits in memory', async () => {
    const path = join(await newDirectory(), 'cache');
    const writer = await SealedSectionsWriter.create(path, KEY);
    const records = Array.from({ length: 40 }, (_, i) => Buffer.alloc(2 ** 20, i % 3));
    for (const record of records) {
      writer.append(record);
      await writer.drain();
    }
    await writer.commit();
    const sorted = records.sort((a, b) => a[0]! - b[0]!);
    expect(Buffer.compare(await readAll(path), Buffer.concat(sorted))).toBe(0);
  });

  test('is not there before it is whole, nor after it was discarded', async () => {
    const directory = await newDirectory();
    const path = join(directory, 'cache');
    expect(await SealedSections.open(path, KEY)).toBeUndefined();
    const writer = await SealedSectionsWriter.create(path, KEY);
    writer.append(RECORDS[0]!);
    expect(await SealedSections.open(path, KEY)).toBeUndefined();
    await writer.discard();
    expect(await readdir(directory)).toEqual([]);
  });

  test('every octet is proven', async () => {
    const path = await written();
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x10;
      await writeFile(path, changed);
      await expect(readAll(path)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_CACHE_(DAMAGED|FOREIGN)$/),
      });
    }
  });

  test('every shorter file is refused', async () => {
    const path = await written();
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readAll(path)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_CACHE/),
      });
    }
  });

  test('another key under the same name', async () => {
    const other = { key: randomBytes(32), keyId: KEY.keyId };
    await expect(readAll(await written(), other)).rejects.toMatchObject({
      code: 'ERR_CACHE_DAMAGED',
    });
  });
});
