import { decodeBase32, encodeBase32 } from '@pinless-gate/protocol/base32';
import { expect, test } from 'vitest';

test.each([
  ['', ''],
  ['0000000000', '00000000'],
  ['ffffffffff', 'ZZZZZZZZ'],
  ['0123456789abcdef0123', '04HMASW9NF6YY093'],
])('%s is written %s', (octets, digits) => {
  expect(encodeBase32(Buffer.from(octets, 'hex'))).toBe(digits);
  expect(Buffer.from(decodeBase32(digits)!).toString('hex')).toBe(octets);
});

test.each(['0', '0000000U', '0000-000', 'é0000000', '0'.repeat(72)])('%s is none', (digits) => {
  expect(decodeBase32(digits)).toBeUndefined();
});

test('octets that leave digits over are not written', () => {
  expect(() => encodeBase32(new Uint8Array(4))).toThrow(RangeError);
});
