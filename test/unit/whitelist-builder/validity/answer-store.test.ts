import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AnswerStore } from '@pinless-gate/whitelist-builder/validity/answer-store';
import { describe, expect, test } from 'vitest';
import { NOW, newDirectory } from '../fixture.ts';

const KEY = new Uint8Array(64).fill(3);
const value = (octet: number) => new Uint8Array(16).fill(octet);
const answer = (octet: number, goodUntil = NOW + 60) => ({
  conversionValue: value(octet),
  thisUpdate: NOW - 60,
  goodUntil,
});

async function kept(...answers: ReturnType<typeof answer>[]) {
  const path = join(await newDirectory(), 'answers');
  const store = await AnswerStore.open(path, KEY, NOW);
  for (const one of answers) await store.add(one);
  await store.close();
  return path;
}
async function found(path: string, octet: number, key = KEY, now = NOW) {
  const store = await AnswerStore.open(path, key, now);
  await store.close();
  return store.find(value(octet))?.thisUpdate;
}

describe('AnswerStore', () => {
  test('finds what is still good, and forgets the rest', async () => {
    const path = await kept(answer(1), answer(2, NOW + 3));
    expect([await found(path, 1), await found(path, 2), await found(path, 9)]).toEqual([
      NOW - 60,
      NOW - 60,
      undefined,
    ]);
    expect(await found(path, 2, KEY, NOW + 4)).toBeUndefined();
    expect(await readFile(path)).toHaveLength(44);
  });

  test('what is cut short is forgotten, what stands before it is not', async () => {
    const path = await kept(answer(1), answer(2));
    await truncate(path, 87);
    expect([await found(path, 1), await found(path, 2)]).toEqual([NOW - 60, undefined]);
  });

  test('no octet can be changed, and another key knows nothing', async () => {
    const path = await kept(answer(1));
    const whole = await readFile(path);
    for (let i = 0; i < whole.length; i++) {
      await writeFile(path, whole.with(i, whole[i]! ^ 1));
      expect(await found(path, 1)).toBeUndefined();
    }
    await writeFile(path, whole);
    expect(await found(path, 1, new Uint8Array(64))).toBeUndefined();
  });
});
