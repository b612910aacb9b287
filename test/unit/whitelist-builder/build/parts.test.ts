import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentName } from '@pinless-gate/protocol/bundle';
import { BucketFiles, bucketBitsFor } from '@pinless-gate/whitelist-builder/build/bucket-files';
import {
  bucketLength,
  type EntryContent,
  freshNonces,
  sortedEntries,
  writeEntry,
} from '@pinless-gate/whitelist-builder/build/entries';
import { LineSet } from '@pinless-gate/whitelist-builder/build/line-set';
import { Partitions, partitionBitsFor } from '@pinless-gate/whitelist-builder/build/partitions';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../fixture.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('LineSet', () => {
  test('lines far apart', () => {
    const lines = new LineSet();
    for (const line of [1, 7, 8, 8, 9, 100_000, 3_000_000]) lines.add(line);
    expect(lines.size).toBe(6);
    expect(lines.first(9)).toEqual([1, 7, 8, 9, 100_000, 3_000_000]);
    expect(lines.first(2)).toEqual([1, 7]);
    expect([6, 10, 99_999, 4_000_000].filter((line) => lines.has(line))).toEqual([]);
  });
});

describe('Partitions', () => {
  test.each([
    [0, 0],
    [5 * MIB, 0],
    [6 * MIB, 1],
    [50 * MIB, 4],
    [100_000 * MIB, 8],
  ])('a feed of %d octets: %d bits', (length, bits) => {
    expect(partitionBitsFor(length)).toBe(bits);
  });

  test.each([0, 3, 8])('records come back by %d leading bits, in their order', async (bits) => {
    const partitions = new Partitions(await newDirectory(), 'x', bits, { inMemory: 64 * KIB });
    const records = Array.from({ length: 2000 }, (_, i) => {
      const record = new Uint8Array(200);
      record.set([(i * 37) & 0xff, i >> 8, i & 0xff]);
      return record;
    });
    for (const [i, record] of records.entries()) {
      partitions.append(record);
      if (i % 500 === 0) await partitions.drain();
    }
    expect(partitions.count).toBe(2 ** bits);
    for (let i = 0; i < partitions.count; i++) {
      const expected = records.filter(([first]) => first! >> (8 - bits) === i);
      expect(Buffer.compare(await partitions.read(i), Buffer.concat(expected))).toBe(0);
    }
    await partitions.close();
  });
});

describe('Partitions: a record that comes while others are written', () => {
  test('is not lost', async () => {
    const partitions = new Partitions(await newDirectory(), 'x', 0, { inMemory: 32 * KIB });
    partitions.append(new Uint8Array(64 * KIB).fill(1));
    const drained = partitions.drain();
    partitions.append(Uint8Array.of(2));
    await drained;
    partitions.append(Uint8Array.of(3));
    expect([...(await partitions.read(0)).subarray(-3)]).toEqual([1, 2, 3]);
    await partitions.close();
  });
});

describe('sortedEntries', () => {
  const entry = (first: number, last: number, line: number): EntryContent => {
    const conversionValue = new Uint8Array(16);
    conversionValue[0] = first;
    conversionValue[15] = last;
    return {
      place: { line, offset: 2 ** 40 + line, length: 300 },
      rowKey: new Uint8Array(16).fill(line),
      checkedAt: 2 ** 33,
      octets: Buffer.of(...conversionValue, 0x54, line),
      card: {
        conversionValue: 0,
        expiring: line === 5,
        holder: 16,
        tail: 16,
        ticketNosLength: 1,
        end: 18,
      },
    };
  };

  test('by conversion value to its last octet, then by line; what is not wanted is left out', async () => {
    const partitions = new Partitions(await newDirectory(), 'x', 0);
    for (const one of [
      entry(2, 0, 1),
      entry(1, 9, 5),
      entry(1, 3, 4),
      entry(1, 9, 2),
      entry(0, 0, 3),
    ]) {
      writeEntry(partitions, one);
    }
    const octets = await partitions.read(0);
    const sorted = sortedEntries(octets, (line) => line !== 3);
    expect(sorted.map(({ line }) => line)).toEqual([4, 2, 5, 1]);
    const { offset, length, checkedAt, expiring } = sorted[0]!;
    expect([offset, length, checkedAt, expiring]).toEqual([2 ** 40 + 4, 300, 2 ** 33, false]);
    expect(sorted[2]!.expiring).toBe(true);
    expect([...sorted[0]!.sealed]).toEqual([4]);
    expect(sorted[0]!.ticketNos.toString()).toBe('T');
    expect(bucketLength(octets, (line) => line !== 3)).toBe(4 * (18 + 1));
    await partitions.close();
  });
});

describe('freshNonces', () => {
  test('are 12 octets, none twice', () => {
    const nonce = freshNonces(1000);
    const all = new Set(
      Array.from({ length: 1000 }, (_, i) => Buffer.from(nonce(i)).toString('hex')),
    );
    expect(all.size).toBe(1000);
    expect(nonce(999)).toHaveLength(12);
  });
});

describe('BucketFiles', () => {
  test.each([
    [0, 0],
    [64 * KIB, 0],
    [128 * KIB, 1],
    [1024 * KIB, 4],
    [2 ** 50, 20],
  ])('%d octets: %d bits', (length, bits) => {
    expect(bucketBitsFor(length)).toBe(bits);
  });

  async function shop() {
    const directory = await newDirectory();
    const [staging, bundle] = [join(directory, 'staging'), join(directory, 'bundle')];
    await mkdir(staging);
    await mkdir(bundle);
    const entry = (first: number) => ({
      conversionValue: new Uint8Array(16).fill(first),
      sealed: Uint8Array.of(first),
    });
    const write = async (...firsts: number[]) => {
      const files = new BucketFiles(staging, bundle, 2);
      for (const first of firsts) files.add(entry(first));
      return { files, names: (await files.end()).map(contentName) };
    };
    return { staging, bundle, write };
  }

  test('every bucket has a hash, empty ones share a file, and nothing shows before publish', async () => {
    const { bundle, write } = await shop();
    const { files, names } = await write(0x01, 0x02, 0xc0);
    expect(names).toHaveLength(4);
    expect(names[1]).toBe(names[2]);
    expect(files.entryCount).toBe(3);
    expect(await readdir(bundle)).toEqual([]);
    files.publish();
    expect((await readdir(bundle)).sort()).toEqual([...new Set(names)].sort());
  });

  test('a file that is there is left alone, unless it is damaged', async () => {
    const { bundle, write } = await shop();
    const first = await write(0x01, 0xc0);
    await first.files.publish();
    const [kept, , , damaged] = first.names.map((name) => join(bundle, name));
    await writeFile(damaged!, 'x');
    const before = await stat(kept!);
    const second = await write(0x01, 0xc0);
    await second.files.publish();
    expect(second.names).toEqual(first.names);
    expect((await stat(kept!)).ino).toBe(before.ino);
    expect((await readFile(damaged!)).length).toBe(19);
  });
});
