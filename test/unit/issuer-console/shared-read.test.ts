import { sharedRead } from '@pinless-gate/issuer-console/shared-read';
import { expect, test } from 'vitest';

/** Readings that end when they are told to. */
function readings() {
  const open: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const read = sharedRead(
    () => new Promise<number>((resolve, reject) => void open.push({ resolve, reject })),
  );
  return { read, open };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('who asks while one is read shares the next, which begins after they asked', async () => {
  const { read, open } = readings();
  const first = read();
  const [second, third] = [read(), read()];
  expect(open).toHaveLength(1);
  open[0]!.resolve(1);
  expect(await first).toBe(1);
  await turn();
  expect(open).toHaveLength(2);
  const fourth = read();
  open[1]!.resolve(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  await turn();
  expect(open).toHaveLength(3);
  open[2]!.resolve(3);
  expect(await fourth).toBe(3);
  await turn();
  const fifth = read();
  expect(open).toHaveLength(4);
  open[3]!.resolve(4);
  expect(await fifth).toBe(4);
});

test('a reading that fails is told to those who asked for it, and the next is tried', async () => {
  const { read, open } = readings();
  const [first, second] = [read(), read()];
  open[0]!.reject(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  await turn();
  open[1]!.resolve(2);
  expect(await second).toBe(2);
});
