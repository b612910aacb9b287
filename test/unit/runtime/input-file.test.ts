import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInputFile, shownPath } from '@pinless-gate/runtime/input-file';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'input-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'file');

describe('readInputFile', () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 200_000])('%d octets', async (length) => {
    const content = new Uint8Array(length).map((_, i) => i);
    writeFileSync(path, content);
    expect(await readInputFile(path, 200_000)).toEqual({ bytes: content });
  });

  test.each<[string, string, number, string]>([
    ['an octet over the limit', path, 199_999, 'too-long'],
    ['a device without an end', '/dev/zero', 100_000, 'too-long'],
    ['nothing there', join(directory, 'missing'), 10, 'unreadable'],
    ['a directory', directory, 10, 'unreadable'],
    ['a file for a directory', join(path, 'x'), 10, 'unreadable'],
  ])('%s', async (_, from, limit, reason) => {
    writeFileSync(path, new Uint8Array(200_000));
    expect(await readInputFile(from, limit)).toEqual({ reason });
  });

  test('a file that says it is empty', async () => {
    const input = await readInputFile('/proc/self/status', 100_000);
    expect(input).toEqual({ bytes: expect.any(Uint8Array) });
    expect('bytes' in input && input.bytes.length).toBeGreaterThan(100);
  });

  test('a path that is none is a defect of the caller', async () => {
    await expect(readInputFile('a\0b', 10)).rejects.toThrow(TypeError);
  });
});

describe('shownPath', () => {
  test.each([
    ['日本/a b.pem', '日本/a b.pem'],
    ['a\nb', 'a?b'],
    ['\u001b[2Ja', '?[2Ja'],
    ['a\u2028b\u0085', 'a?b?'],
  ])('%j', (from, shown) => {
    expect(shownPath(from)).toBe(shown);
  });
});
