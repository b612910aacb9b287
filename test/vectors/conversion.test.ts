import { createHmac } from 'node:crypto';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { conversionInput, splitConversion } from '@pinless-gate/protocol/conversion';
import { describe, expect, test } from 'vitest';
import { readVectors } from './read-vectors.ts';

interface Case {
  readonly serial: string;
  readonly input: string;
  readonly mac: string;
  readonly conversionValue: string;
  readonly sealKey: string;
}

const { file, ok, bad } = readVectors<{ issuerName: string; eventKey: string }, Case>('conversion');
const issuerName = fromHex(file.issuerName);

describe('protocol.md 3', () => {
  test.each(ok)('$name', ({ serial, input, mac, conversionValue, sealKey }) => {
    const computed = conversionInput(issuerName, fromHex(serial));
    expect(toHex(computed)).toBe(input);
    const hmac = createHmac('sha512', fromHex(file.eventKey)).update(computed).digest();
    expect(toHex(hmac)).toBe(mac);
    const conversion = splitConversion(hmac);
    expect(toHex(conversion.conversionValue)).toBe(conversionValue);
    expect(toHex(conversion.sealKey)).toBe(sealKey);
  });

  test.each(bad)('$name: refused', ({ serial }) => {
    expect(() => conversionInput(issuerName, fromHex(serial))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SERIAL_/) }),
    );
  });
});
