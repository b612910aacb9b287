import { readFound, readSeeds } from '@pinless-gate/test/fuzz/corpus';
import { fuzz, replay } from '@pinless-gate/test/fuzz/run';
import { BrokenInvariant, hold } from '@pinless-gate/test/fuzz/target';
import { TARGETS } from '@pinless-gate/test/fuzz/targets';
import { describe, expect, test } from 'vitest';

const SECONDS = 1;
const TIMEOUT_MS = 60_000;
const fail = (input: Uint8Array, error: Error) => {
  throw new Error(`${Buffer.from(input).toString('hex')}: ${error.message}`);
};

describe.each(TARGETS.map((target) => [target.name, target] as const))('%s', (name, target) => {
  test('kept inputs break no invariant, and seeds are accepted', async () => {
    const seeds = readSeeds(name);
    const check = await target.open(seeds.map(({ octets }) => octets));
    let accepted = 0;
    for (const { octets } of seeds) if (await replay(check, octets)) accepted++;
    // Without seeds that are read to the end, a run says nothing.
    expect(accepted).toBeGreaterThan(0);
    for (const { octets } of readFound(name)) await replay(check, octets);
  }, 60_000);

  test(
    'a second of inputs breaks no invariant',
    async () => {
      const options = { seconds: SECONDS, atLeast: 101, seed: 20_261_220, onFound: fail };
      const report = await fuzz(target, options);
      expect(report.found).toBe(0);
      expect(report.inputs).toBeGreaterThan(100);
      expect(report.accepted).toBeLessThan(report.inputs);
    },
    TIMEOUT_MS,
  );
});

describe('fuzz', () => {
  const target = (check: (input: Uint8Array) => boolean) => ({ name: 'tlv', open: () => check });
  const first = (check: (input: Uint8Array) => boolean) =>
    fuzz(target(check), { seconds: 0.05, seed: 1, onFound: () => undefined });

  test('finds what throws', async () => {
    const report = await first(() => {
      throw new TypeError('a defect');
    });
    expect(report.found).toBeGreaterThanOrEqual(10);
  });

  test('finds what breaks an invariant of its own', async () => {
    const report = await first((input) => {
      hold(input[0] !== 0x30, 'no sequences');
      return true;
    });
    expect(report.found).toBeGreaterThan(0);
  });

  test('finds what takes too long', async () => {
    const slow = (input: Uint8Array) => {
      const end = performance.now() + (input.length > 3 ? 60 : 0);
      while (performance.now() < end);
      return true;
    };
    await expect(replay(slow, new Uint8Array(4))).rejects.toThrow(BrokenInvariant);
    await expect(replay(slow, new Uint8Array(3))).resolves.toBe(true);
  });

  test('feeds the same inputs for the same seed', async () => {
    const inputs = async (seed: number) => {
      const seen: string[] = [];
      // What took long on a busy machine is fed again to be timed: that is no input of its own.
      const check = (input: Uint8Array) => {
        const hex = Buffer.from(input).toString('hex');
        return hex === seen.at(-1) || seen.push(hex) > 0;
      };
      await fuzz(target(check), { seconds: 0, seed, onFound: fail });
      await fuzz(target(check), { seconds: 0.001, seed, onFound: fail });
      return seen.slice(0, 64);
    };
    expect(await inputs(7)).toEqual(await inputs(7));
    expect(await inputs(7)).not.toEqual(await inputs(8));
  });
});
