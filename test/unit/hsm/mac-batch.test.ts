import { packInputs, splitMacs } from '@pinless-gate/hsm/mac-batch';
import { describe, expect, test } from 'vitest';

describe('packInputs', () => {
  test('nothing', () => {
    expect(packInputs([])).toEqual({ flat: new Uint8Array(0), lengths: new Uint32Array(0) });
  });

  test('one after another, empty ones keep their place', () => {
    const { flat, lengths } = packInputs([
      Uint8Array.of(1, 2),
      new Uint8Array(0),
      Uint8Array.of(3),
    ]);
    expect([...flat]).toEqual([1, 2, 3]);
    expect([...lengths]).toEqual([2, 0, 1]);
  });

  test('views of a larger buffer: only what they show', () => {
    const { flat } = packInputs([
      Uint8Array.of(9, 1, 9).subarray(1, 2),
      Buffer.from('xay').subarray(1, 2),
    ]);
    expect([...flat]).toEqual([1, 0x61]);
  });
});

describe('splitMacs', () => {
  test('64 octets each, in order', () => {
    const macs = splitMacs(new Uint8Array(128).fill(1, 64), 2);
    expect(macs.map((mac) => [mac.length, mac[0]])).toEqual([
      [64, 0],
      [64, 1],
    ]);
  });

  test.each([
    [63, 1],
    [65, 1],
    [0, 1],
    [64, 0],
    [128, 1],
    [127, 2],
  ])('%i octets are not %i HMACs', (length, count) => {
    const refusal = expect.objectContaining({ code: 'ERR_HSM_RESULT' });
    expect(() => splitMacs(new Uint8Array(length), count)).toThrow(refusal);
  });
});
