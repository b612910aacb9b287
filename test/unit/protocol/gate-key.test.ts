import { generateKeyPairSync } from 'node:crypto';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import {
  decodeGateKey,
  encodeGateKey,
  encodeGateKeyBody,
  GATE_KEY_FORMAT,
  type GateKey,
} from '@pinless-gate/protocol/gate-key';
import {
  mechanismByName,
  mechanismName,
  strongestOfBoth,
  TRANSPORT_MECHANISMS,
} from '@pinless-gate/protocol/transport-mechanism';
import { describe, expect, test } from 'vitest';
import { device, GATE_ID, publisher, transportKey } from './transport-fixture.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const KEY: GateKey = {
  gateId: GATE_ID,
  transportKey,
  deviceKey: device.spki,
  mechanisms: [
    { hash: 'sha256', carrier: 'kwp' },
    { hash: 'sha1', carrier: 'direct' },
  ],
};
const signedBy = (signer: typeof device, key: GateKey = KEY) =>
  encodeGateKey(signer.sign(GATE_KEY_FORMAT, encodeGateKeyBody(key)));

describe('decodeGateKey', () => {
  test('comes back as it went', () => {
    expect(decodeGateKey(signedBy(device))).toEqual(KEY);
  });

  test('every beginning is an error', () => {
    const whole = signedBy(device);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeGateKey(whole.subarray(0, length))).toThrow(code('ERR_CBOR'));
    }
  });

  test('a mechanism of a later program is left out', () => {
    const body = encodeCbor({ ...KEY, mechanisms: ['ml-kem-768', 'rsa-oaep-sha1'] });
    const key = decodeGateKey(encodeGateKey(device.sign(GATE_KEY_FORMAT, body)));
    expect(key.mechanisms).toEqual([{ hash: 'sha1', carrier: 'direct' }]);
  });

  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  test.each<[string, GateKey]>([
    [
      'a transport key of 1024 bits',
      {
        ...KEY,
        transportKey: new Uint8Array(short.export({ format: 'der', type: 'spki' })),
      },
    ],
    ['a transport key on a curve', { ...KEY, transportKey: publisher.spki }],
    ['65 mechanisms', { ...KEY, mechanisms: Array(65).fill(KEY.mechanisms[0]) }],
  ])('%s', (_, key) => {
    expect(() => decodeGateKey(signedBy(device, key))).toThrow(code('ERR_GATE_KEY'));
  });

  test('signed by another than its device key', () => {
    expect(() => decodeGateKey(signedBy(publisher))).toThrow(code('ERR_GATE_KEY_SIGNATURE'));
  });
});

describe('transport mechanisms', () => {
  test('every name leads back', () => {
    for (const mechanism of TRANSPORT_MECHANISMS) {
      expect(mechanismByName(mechanismName(mechanism))).toEqual(mechanism);
    }
  });

  const names = (...wanted: string[]) => wanted.map((name) => mechanismByName(name)!);
  test.each<[string, string[], string[], string | undefined]>([
    [
      'the hash counts before the carrier',
      ['rsa-oaep-sha256', 'rsa-oaep-sha1+aes-256-kwp'],
      ['rsa-oaep-sha1+aes-256-kwp', 'rsa-oaep-sha256'],
      'rsa-oaep-sha256',
    ],
    [
      'the weaker side decides',
      ['rsa-oaep-sha512+aes-256-kwp', 'rsa-oaep-sha1+aes-256-kw'],
      ['rsa-oaep-sha256+aes-256-kwp', 'rsa-oaep-sha1+aes-256-kw'],
      'rsa-oaep-sha1+aes-256-kw',
    ],
    ['nothing in common', ['rsa-oaep-sha512'], ['rsa-oaep-sha1'], undefined],
    ['a side without any', [], ['rsa-oaep-sha1'], undefined],
  ])('%s', (_, ours, theirs, expected) => {
    const found = strongestOfBoth(names(...ours), names(...theirs));
    expect(found && mechanismName(found)).toBe(expected);
  });
});
