import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CacheFile } from '@pinless-gate/whitelist-builder/build/cache-file';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../fixture.ts';

const MUCH = 1_300_000;
const keyOf = (name: string) => createHash('sha256').update(name).digest().subarray(0, 16);

async function shelf() {
  const directory = await newDirectory();
  const key = { key: randomBytes(32), keyId: randomBytes(16) };
  const told: string[] = [];
  /** A build that meets what it knows of `known`, and learns `news`. */
  const build = async (known: readonly string[], news: Readonly<Record<string, string>>) => {
    const warn = ({ code }: { code: string }) => told.push(code);
    const file = await CacheFile.open({ directory, name: 'rows', key, warn, additions: true });
    const found = known.map((name) => {
      const value = file.section(keyOf(name)[0]!).find(keyOf(name));
      if (value) file.keep(keyOf(name), value);
      return value?.toString('latin1', 0, 9);
    });
    for (const [name, value] of Object.entries(news)) file.put(keyOf(name), Buffer.from(value));
    await file.commit();
    await file.close();
    return found;
  };
  await build([], { much: 'm'.repeat(MUCH), other: 'other' });
  return { at: (name: string) => join(directory, name), build, told, ls: () => readdir(directory) };
}

describe('CacheFile', () => {
  test('what is new is put beside what is there, and the newer holds', async () => {
    const { at, build, ls } = await shelf();
    const before = await stat(at('rows'));
    await build(['much'], { new: '1', other: 'newer' });
    expect((await ls()).sort()).toEqual(['rows', 'rows.1']);
    expect(await stat(at('rows'))).toEqual({
      ...before,
      atimeMs: expect.anything(),
      atime: expect.anything(),
    });
    expect(await build(['much', 'other', 'new', 'gone'], {})).toEqual([
      'mmmmmmmmm',
      'newer',
      '1',
      undefined,
    ]);
    expect((await ls()).sort()).toEqual(['rows', 'rows.1']);
  });

  test('after four of them one file is made, of what that build met', async () => {
    const { build, ls } = await shelf();
    for (let i = 1; i <= 4; i++) await build(['much'], { [`n${i}`]: 'n' });
    expect(await ls()).toHaveLength(5);
    await build(['much', 'n3'], { last: 'l' });
    expect(await ls()).toEqual(['rows']);
    expect(await build(['much', 'n3', 'last', 'n4', 'other'], {})).toEqual([
      'mmmmmmmmm',
      'n',
      'l',
      undefined,
      undefined,
    ]);
  });

  test('more than half as much beside it: one file is made', async () => {
    const { build, ls } = await shelf();
    await build(['much', 'other'], { more: 'x'.repeat(MUCH) });
    expect(await ls()).toHaveLength(2);
    expect(await build(['much', 'other', 'more'], {})).toEqual(['mmmmmmmmm', 'other', 'xxxxxxxxx']);
    expect(await ls()).toEqual(['rows']);
  });

  test.each([
    ['rows', 50],
    ['rows', -10],
    ['rows.1', 50],
    ['rows.1', -10],
  ])('%s is damaged at %d: told in one build, then all is well', async (name, place) => {
    const { at, build, told } = await shelf();
    await build(['much'], { new: '1' });
    const octets = await readFile(at(name));
    octets[place < 0 ? octets.length + place : place]! ^= 1;
    await writeFile(at(name), octets);
    const known = ['much', 'other', 'new'];
    const values = { much: 'm'.repeat(MUCH), other: 'other', new: '1' };
    const found = await build(known, {});
    expect(found).toContain(undefined);
    expect(new Set(told)).toEqual(new Set(['ERR_CACHE_DAMAGED']));
    const lost = Object.entries(values).filter((_, i) => found[i] === undefined);
    told.length = 0;
    await build(known, Object.fromEntries(lost));
    told.length = 0;
    expect(await build(known, {})).toEqual(['mmmmmmmmm', 'other', '1']);
    expect(told).toEqual([]);
  });
});
