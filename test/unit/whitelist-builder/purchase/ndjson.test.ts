import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FeedLine,
  MAX_LINE_LENGTH,
  readLineAt,
  readLines,
} from '@pinless-gate/whitelist-builder/purchase/ndjson';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../fixture.ts';

const MIB = 1024 * 1024;

async function openFeed(content: string | Uint8Array) {
  const path = join(await newDirectory(), 'feed');
  await writeFile(path, content);
  return open(path);
}

/** Every line with its octets as text; undefined stays. */
async function linesOf(content: string | Uint8Array) {
  const file = await openFeed(content);
  const found: (Omit<FeedLine, 'bytes'> & { text: string | undefined })[] = [];
  for await (const lines of readLines(file)) {
    for (const { line, offset, bytes } of lines) {
      found.push({ line, offset, text: bytes && Buffer.from(bytes).toString('latin1') });
    }
  }
  await file.close();
  return found;
}

describe('readLines', () => {
  test.each([
    ['nothing', '', []],
    ['one line', 'abc\n', [[1, 0, 'abc']]],
    [
      'a last line without its end',
      'abc\nde',
      [
        [1, 0, 'abc'],
        [2, 4, 'de'],
      ],
    ],
    [
      'empty lines',
      '\n\na\n',
      [
        [1, 0, ''],
        [2, 1, ''],
        [3, 2, 'a'],
      ],
    ],
  ])('%s', async (_, content, expected) => {
    const found = await linesOf(content as string);
    expect(found.map(({ line, offset, text }) => [line, offset, text])).toEqual(expected);
  });

  test('lines across the chunks that are read', async () => {
    const lines = Array.from({ length: 50 }, (_, i) =>
      String(i)
        .padStart(2, '0')
        .repeat(50_000 + i),
    );
    const found = await linesOf(lines.join('\n'));
    expect(found.map(({ text }) => text)).toEqual(lines);
    let offset = 0;
    for (const [i, one] of found.entries()) {
      expect(one).toMatchObject({ line: i + 1, offset });
      offset += lines[i]!.length + 1;
    }
  });

  test.each([
    ['at the limit', MAX_LINE_LENGTH, true],
    ['one octet over', MAX_LINE_LENGTH + 1, false],
    ['over many chunks', 5 * MIB + 7, false],
  ])('a line %s', async (_, length, whole) => {
    const found = await linesOf(`a\n${'x'.repeat(length)}\nb\n`);
    expect(found.map(({ line, text }) => [line, text?.length])).toEqual([
      [1, 1],
      [2, whole ? length : undefined],
      [3, 1],
    ]);
    expect(found[1]!.offset).toBe(2);
    expect(found[2]!.offset).toBe(length + 3);
  });

  test('an endless last line', async () => {
    const found = await linesOf(`a\n${'x'.repeat(3 * MIB)}`);
    expect(found.map(({ line, text }) => [line, text])).toEqual([
      [1, 'a'],
      [2, undefined],
    ]);
  });
});

describe('readLineAt', () => {
  test('the same octets again', async () => {
    const file = await openFeed('abc\ndef\n');
    expect(Buffer.from(readLineAt(file, 4, 3)).toString()).toBe('def');
    await file.close();
  });

  test('a feed that has become shorter', async () => {
    const file = await openFeed('abc\n');
    expect(() => readLineAt(file, 2, 3)).toThrow(
      expect.objectContaining({ code: 'ERR_FEED_CHANGED' }),
    );
    await file.close();
  });
});
