import { generateKeyPairSync } from 'node:crypto';
import {
  parseDeviceKey,
  parseGateId,
  parseGateName,
} from '@pinless-gate/issuer-console/domain/gate';
import { describe, expect, test } from 'vitest';
import { GATE_A, TestGate } from '../fixture.ts';

describe('parseGateId', () => {
  test.each([[GATE_A], [GATE_A.toUpperCase()], ['7c1e0d2b-5a8f-4c3d-9e6b-1a2f3c4d5e6f']])(
    '%s',
    (text) => {
      expect(parseGateId(text)).toBe(GATE_A);
    },
  );

  test.each(['', 'A', GATE_A.slice(1), `${GATE_A}0`, `${GATE_A} `, `g${GATE_A.slice(1)}`])(
    'refuses "%s"',
    (text) => {
      expect(() => parseGateId(text)).toThrow(expect.objectContaining({ code: 'ERR_GATE_ID' }));
    },
  );
});

describe('parseGateName', () => {
  test('trims', () => expect(parseGateName(' 北ゲート 1 ')).toBe('北ゲート 1'));

  test.each(['', '  ', 'a\nb', 'a\0', 'A'.repeat(65)])('refuses %j', (text) => {
    expect(() => parseGateName(text)).toThrow(expect.objectContaining({ code: 'ERR_GATE_NAME' }));
  });
});

describe('parseDeviceKey', () => {
  const pem = (type: 'spki' | 'pkcs8', curve: string) => {
    const pair = generateKeyPairSync('ec', { namedCurve: curve });
    return type === 'spki'
      ? pair.publicKey.export({ format: 'pem', type })
      : pair.privateKey.export({ format: 'pem', type });
  };

  test('gives the DER of what the gate exported', () => {
    const { gate, pem: text } = new TestGate(GATE_A, 'A');
    expect(parseDeviceKey(text)).toEqual(gate.deviceKey);
  });

  test.each([
    ['nothing', ''],
    ['noise', 'hello'],
    ['a private key', String(pem('pkcs8', 'P-256'))],
    ['another curve', String(pem('spki', 'P-384'))],
    [
      'an RSA key',
      String(
        generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
          format: 'pem',
          type: 'spki',
        }),
      ),
    ],
    ['a broken body', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
  ])('refuses %s', (_, text) => {
    expect(() => parseDeviceKey(text)).toThrow(expect.objectContaining({ code: 'ERR_GATE_KEY' }));
  });
});
