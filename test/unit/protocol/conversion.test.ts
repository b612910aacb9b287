import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  conversionInput,
  conversionInputOfIssuer,
  eventKeyIdInput,
  issuerNameHash,
  splitConversion,
} from '@pinless-gate/protocol/conversion';
import { possessionMessage, sha256DigestInfo } from '@pinless-gate/protocol/possession';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const issuer = fromHex('3000');
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('conversionInput', () => {
  test('one number, one input, however many zeros stand in front', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), fc.nat(10), (octets, zeros) => {
        const serial = Uint8Array.from([1, ...octets]);
        const padded = Uint8Array.from([...new Array<number>(zeros).fill(0), ...serial].slice(-20));
        expect(conversionInput(issuer, padded)).toEqual(conversionInput(issuer, serial));
      }),
    );
  });

  test('another issuer, another input', () => {
    const serial = fromHex('0705d990');
    expect(conversionInput(fromHex('3001'), serial)).not.toEqual(conversionInput(issuer, serial));
    expect(conversionInputOfIssuer(issuerNameHash(issuer), serial)).toEqual(
      conversionInput(issuer, serial),
    );
  });

  test.each([
    ['', 'ERR_SERIAL_ZERO'],
    ['00', 'ERR_SERIAL_ZERO'],
    ['00'.repeat(20), 'ERR_SERIAL_ZERO'],
    [`01${'00'.repeat(20)}`, 'ERR_SERIAL_LENGTH'],
    [`00${'ff'.repeat(20)}`, 'ERR_SERIAL_LENGTH'],
  ])('serial "%s"', (hex, expected) => {
    expect(() => conversionInput(issuer, fromHex(hex))).toThrow(code(expected));
  });
});

describe('splitConversion', () => {
  test('the first 16 and the last 32 octets, copied', () => {
    const mac = Uint8Array.from({ length: 64 }, (_, i) => i);
    const { conversionValue, sealKey } = splitConversion(mac);
    mac.fill(0);
    expect([conversionValue[15], sealKey[0], sealKey.length]).toEqual([15, 32, 32]);
  });

  test.each([0, 32, 63, 65])('%i octets are no HMAC-SHA-512', (length) => {
    expect(() => splitConversion(new Uint8Array(length))).toThrow(RangeError);
  });
});

test('inputs of the event key never meet: each has its own domain', () => {
  const [conversion, keyId] = [
    conversionInput(issuer, fromHex('01')),
    eventKeyIdInput(new Uint8Array(16)),
  ];
  expect(toHex(conversion).startsWith(toHex(keyId).slice(0, 60))).toBe(false);
});

describe('possessionMessage', () => {
  const challenge = {
    eventId: new Uint8Array(16),
    gateId: new Uint8Array(16),
    unixMs: 0,
    nonce: new Uint8Array(32),
  };

  test.each([
    ['event id', { ...challenge, eventId: new Uint8Array(15) }],
    ['gate id', { ...challenge, gateId: new Uint8Array(17) }],
    ['nonce', { ...challenge, nonce: new Uint8Array(31) }],
    ['time', { ...challenge, unixMs: -1 }],
    ['fraction of a time', { ...challenge, unixMs: 0.5 }],
  ])('a wrong %s is a defect of the caller', (_, wrong) => {
    expect(() => possessionMessage(wrong)).toThrow(RangeError);
  });

  test('every field changes it', () => {
    const variants = [
      challenge,
      { ...challenge, eventId: new Uint8Array(16).fill(1) },
      { ...challenge, gateId: new Uint8Array(16).fill(1) },
      { ...challenge, unixMs: 1 },
      { ...challenge, nonce: new Uint8Array(32).fill(1) },
    ].map((one) => toHex(possessionMessage(one)));
    expect(new Set(variants).size).toBe(variants.length);
  });

  test('a hash of another length has no DigestInfo', () => {
    expect(() => sha256DigestInfo(new Uint8Array(20))).toThrow(RangeError);
  });
});
