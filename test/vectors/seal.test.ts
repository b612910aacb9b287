import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { openRecord, sealRecord } from '@pinless-gate/protocol/record';
import { describe, expect, test } from 'vitest';
import { readVectors } from './read-vectors.ts';

interface Shared {
  readonly eventId: string;
  readonly conversionValue: string;
  readonly sealKey: string;
}
interface Case {
  readonly nonce: string;
  readonly plaintext: string;
  readonly sealed: string;
}

const { file, ok, bad } = readVectors<Shared, Case>('seal');
const key = fromHex(file.sealKey);
const context = {
  eventId: fromHex(file.eventId),
  conversionValue: fromHex(file.conversionValue),
};

describe('protocol.md 4', () => {
  test.each(ok)('$name', ({ nonce, plaintext, sealed }) => {
    expect(toHex(sealRecord(key, fromHex(nonce), fromHex(plaintext), context))).toBe(sealed);
    expect(toHex(openRecord(key, fromHex(sealed), context))).toBe(plaintext);
  });

  test.each(bad)('$name: refused', ({ sealed }) => {
    expect(() => openRecord(key, fromHex(sealed), context)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SEAL_/) }),
    );
  });
});
