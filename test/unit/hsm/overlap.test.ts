import { inOverlappingSlices } from '@pinless-gate/hsm/overlap';
import { describe, expect, test } from 'vitest';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('inOverlappingSlices', () => {
  test.each([
    [0, []],
    [1, [1]],
    [3, [3]],
    [4, [3, 1]],
    [7, [3, 3, 1]],
  ])('%i items in slices of 3', async (count, lengths) => {
    const seen: number[] = [];
    const results = await inOverlappingSlices(numbers(count), 3, async (slice) => {
      seen.push(slice.length);
      return slice.map((n) => n * 2);
    });
    expect(seen).toEqual(lengths);
    expect(results).toEqual(numbers(count).map((n) => n * 2));
  });

  test('results keep their order when a later slice is done first', async () => {
    let releaseFirst = (): void => {};
    const first = new Promise<void>((resolve) => {
      releaseFirst = resolve;
    });
    const results = await inOverlappingSlices([1, 2], 1, async ([n]) => {
      if (n === 1) await first;
      else releaseFirst();
      return [n];
    });
    expect(results).toEqual([1, 2]);
  });

  test('never more than two under way', async () => {
    let running = 0;
    let most = 0;
    await inOverlappingSlices(numbers(20), 1, async (slice) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return slice;
    });
    expect(most).toBe(2);
  });

  test('a failure rejects and starts no more', async () => {
    const started: number[] = [];
    const failed = inOverlappingSlices(numbers(10), 1, async ([n]) => {
      started.push(n!);
      if (n === 1) throw new Error('slice 1');
      return [n];
    });
    await expect(failed).rejects.toThrow('slice 1');
    expect(started.length).toBeLessThan(5);
  });
});
