import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { cvAnchor, verifyCvChain } from '@pinless-gate/protocol/cvc/chain';
import { summarizeCvPublicKey } from '@pinless-gate/protocol/cvc/key-summary';
import { decodeCvPublicKey, encodeCvPublicKey } from '@pinless-gate/protocol/cvc/public-key';
import { decodeTlvs, encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { AT_OID, cvca, dv, dvBody, issue, NOON, party, rsa, terminalBody } from './authority.ts';

// What BSI TR-03110 part 3 says of public keys, case by case and with the clause.

const code = (expected: string) => expect.objectContaining({ code: expected });
const whole = encodeCvPublicKey(cvca.key);
const members = decodeTlvs(whole).map(({ tag, value }) => encodeTlv(tag, value));
const [oid, p, a, b, g, n, point, h] = members as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

describe('domain parameters (D.3.3)', () => {
  test.each<[string, Uint8Array]>([
    ['all of them', whole],
    ['all except the cofactor', concat(oid, p, a, b, g, n, point)],
    ['none', concat(oid, point)],
  ])('%s: read, and written again as they stood', (_, content) => {
    expect(toHex(encodeCvPublicKey(decodeCvPublicKey(content)))).toBe(toHex(content));
  });

  test.each<[string, Uint8Array, string]>([
    ['some', concat(oid, p, a, b, g, point), 'ERR_CVC_LAYOUT'],
    ['only the cofactor', concat(oid, point, h), 'ERR_CVC_LAYOUT'],
    ['the cofactor before the point', concat(oid, p, a, b, g, n, h, point), 'ERR_CVC_LAYOUT'],
    ['a cofactor of 2', concat(oid, p, a, b, g, n, point, fromHex('870102')), 'ERR_CVC_CURVE'],
    [
      'a cofactor of 01 in two octets',
      concat(oid, p, a, b, g, n, point, fromHex('87020001')),
      'ERR_CVC_CURVE',
    ],
    [
      'the generator of another',
      concat(oid, p, a, b, encodeTlv(0x84, fromHex('04')), n, point),
      'ERR_CVC_CURVE',
    ],
    ['no public point', concat(oid, p, a, b, g, n, h), 'ERR_CVC_LAYOUT'],
  ])('%s', (_, content, expected) => {
    expect(() => decodeCvPublicKey(content)).toThrow(code(expected));
  });

  test('a chain below a CVCA that leaves the cofactor out', () => {
    const key = { ...cvca.key, withoutCofactor: true } as const;
    const root = issue({ publicKey: key }, cvca);
    const chain = [issue(dvBody, cvca), issue(terminalBody, dv)];
    expect(verifyCvChain(cvAnchor(root), chain, NOON).key).toEqual(rsa.key);
  });

  test('are told of where the cofactor is left out', () => {
    expect(summarizeCvPublicKey(concat(oid, p, a, b, g, n, point))).toMatchObject({
      kind: 'ec',
      curve: 'P-256',
      bits: 256,
      refused: undefined,
    });
  });
});

test('rights without an octet say no role (C.1.5)', () => {
  const authorization = { oid: AT_OID, rights: new Uint8Array(0) };
  expect(() => issue({ authorization }, cvca)).toThrow(code('ERR_CVC_LAYOUT'));
});

describe('RSA keys (D.3.1, D.2.1.1)', () => {
  const [id, modulus, exponent] = decodeTlvs(encodeCvPublicKey(rsa.key)).map(({ tag, value }) =>
    encodeTlv(tag, value),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  test.each<[string, Uint8Array, string]>([
    ['padded exponent', concat(id, modulus, fromHex('820400010001')), 'ERR_CVC_KEY'],
    ['even exponent', concat(id, modulus, fromHex('8203010000')), 'ERR_KEY_RSA'],
    ['exponent of 1', concat(id, modulus, fromHex('820101')), 'ERR_KEY_RSA'],
    ['no exponent', concat(id, modulus), 'ERR_CVC_LAYOUT'],
    ['exponent first', concat(id, exponent, modulus), 'ERR_CVC_LAYOUT'],
    ['an object after them', concat(id, modulus, exponent, fromHex('830100')), 'ERR_CVC_LAYOUT'],
  ])('%s', (_, content, expected) => {
    expect(() => decodeCvPublicKey(content)).toThrow(code(expected));
  });

  // A.6.3.1: the salt is as long as the hash. OpenPACE makes the longest that fits.
  test.each([
    [32, undefined],
    [20, 'ERR_CVC_SIGNATURE'],
    [222, 'ERR_CVC_SIGNATURE'],
  ])('RSASSA-PSS with a salt of %i octets', (saltLength, expected) => {
    const pss = party('pss-sha256', 2048);
    const make = () => cvAnchor(issue({ publicKey: pss.key }, { ...pss, saltLength }));
    if (expected === undefined) expect(make().key).toEqual(pss.key);
    else expect(make).toThrow(code(expected));
  });
});
