import { generateKeyPairSync, sign } from 'node:crypto';
import { iso } from '@pinless-gate/gate-firmware/card/profiles/iso';
import { jpki } from '@pinless-gate/gate-firmware/card/profiles/jpki';
import { readBinaryFrom } from '@pinless-gate/gate-firmware/card/profiles/read-binary';
import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import { describe, expect, test } from 'vitest';

describe('verifyProof', () => {
  const message = utf8('message');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const keyOf = (pair: typeof rsa) =>
    readPublicKey(pair.publicKey.export({ type: 'spki', format: 'der' }));

  test('iso takes both kinds of key', () => {
    const signature = sign('sha256', message, rsa.privateKey);
    expect(iso.verifyProof(keyOf(rsa), message, signature)).toBe(true);
    const plain = sign('sha256', message, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(iso.verifyProof(keyOf(ec), message, plain)).toBe(true);
    expect(iso.verifyProof(keyOf(ec), utf8('massage'), plain)).toBe(false);
  });

  test('jpki takes RSA only', () => {
    const plain = sign('sha256', message, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(jpki.verifyProof(keyOf(ec), message, plain)).toBe(false);
    expect(jpki.verifyProof(keyOf(rsa), message, sign('sha256', message, rsa.privateKey))).toBe(
      true,
    );
    expect(jpki.verifyProof(keyOf(rsa), message, new Uint8Array(256))).toBe(false);
    expect(jpki.verifyProof(keyOf(rsa), message, fromHex(''))).toBe(false);
  });
});

describe('readBinaryFrom', () => {
  test.each<[number, number, [number, number][]]>([
    [256, 256, []],
    [256, 257, [[256, 1]]],
    [256, 512, [[256, 256]]],
    [
      256,
      513,
      [
        [256, 256],
        [512, 1],
      ],
    ],
    [0, 4096, Array.from({ length: 16 }, (_, i) => [256 * i, 256])],
  ])('from %i to %i', (offset, length, expected) => {
    const commands = readBinaryFrom(offset, length);
    expect(commands.map(({ p1, p2, ne }) => [(p1 << 8) | p2, ne])).toEqual(expected);
  });
});
