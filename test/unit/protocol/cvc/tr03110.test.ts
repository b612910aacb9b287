import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { type CvAnchor, cvAnchor, verifyCvChain } from '@pinless-gate/protocol/cvc/chain';
import {
  type CvCertificate,
  type CvCertificateBody,
  cvCertificateContent,
  decodeCvCertificate,
  encodeCvCertificate,
  encodeCvCertificateBody,
  roleOf,
} from '@pinless-gate/protocol/cvc/tr03110';
import { decodeTlv, encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import {
  AT_OID,
  anchor,
  body,
  CVCA_RIGHTS,
  chain,
  cvca,
  DV_RIGHTS,
  day,
  dv,
  dvBody,
  dvCertificate,
  issue,
  NOON,
  type Party,
  party,
  root,
  rsa,
  TERMINAL_RIGHTS,
  terminal,
  terminalBody,
  terminalCertificate,
} from './authority.ts';

const DAY = 86_400;
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('decodeCvCertificate', () => {
  test.each<[string, Party]>([
    ['P-256', cvca],
    ['P-384', party('ecdsa-sha384', 'P-384')],
    ['P-521', party('ecdsa-sha512', 'P-521')],
    ['brainpoolP256r1', party('ecdsa-sha256', 'brainpoolP256r1')],
    ['brainpoolP384r1', party('ecdsa-sha384', 'brainpoolP384r1')],
    ['brainpoolP512r1', party('ecdsa-sha512', 'brainpoolP512r1')],
    ['RSA', rsa],
    ['RSA with PSS', party('pss-sha256', 2048)],
  ])('%s: what was encoded, and its own signature holds', (_, one) => {
    const certificate = issue({ publicKey: one.key }, one);
    const { signature, encoded, body: signedBody, ...decoded } = certificate;
    expect(decoded).toEqual({ ...body({ publicKey: one.key }), extensions: undefined });
    expect(toHex(encodeCvCertificate(signedBody, signature))).toBe(toHex(encoded));
    expect(cvAnchor(certificate).key).toEqual(one.key);
  });

  test('rights of no octets are those of a terminal', () => {
    expect(roleOf({ oid: AT_OID, rights: fromHex('') })).toBe('terminal');
    expect(roleOf({ oid: AT_OID, rights: CVCA_RIGHTS })).toBe('cvca');
  });

  test('extensions are kept', () => {
    const extensions = encodeTlv(0x73, fromHex('060100'));
    const certificate = issue({ extensions }, cvca);
    expect(toHex(certificate.extensions!)).toBe(toHex(extensions));
  });

  test.each(['2000-01-01', '2000-02-29', '2026-12-31', '2099-12-31'])('%s is a date', (text) => {
    const { effective, expiry } = issue({ effective: day(text), expiry: day(text) }, cvca);
    expect([effective, expiry]).toEqual([day(text), day(text)]);
  });

  test.each(['A', 'JPGATECVCA000001', 'JPÉÿ¡00001'])('%s is a reference', (text) => {
    const { holderReference, authorityReference } = issue(
      { holderReference: text, authorityReference: text },
      cvca,
    );
    expect([holderReference, authorityReference]).toEqual([text, text]);
  });

  test('content for the card is the certificate without its header', () => {
    const { value } = decodeTlv(root.encoded);
    expect(toHex(cvCertificateContent(root.encoded))).toBe(toHex(value));
  });

  test('every prefix is refused', () => {
    for (let length = 0; length < root.encoded.length; length++) {
      expect(() => decodeCvCertificate(root.encoded.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(CVC|TLV)_/) }),
      );
    }
  });

  /** The certificate with one run of octets replaced. The length stays. */
  const patched = (find: string, replace: string) => {
    const hex = toHex(root.encoded);
    if (!hex.includes(find) || find.length !== replace.length) throw new Error(`no ${find}`);
    return fromHex(hex.replace(find, replace));
  };
  const rebuilt = (...members: readonly Uint8Array[]) =>
    encodeCvCertificate(encodeTlv(0x7f4e, ...members), root.signature);
  const members = () => {
    const parts: Uint8Array[] = [];
    const { value } = decodeTlv(root.body);
    for (let at = 0; at < value.length; ) {
      const second = (value[at]! & 0x1f) === 0x1f ? 2 : 1;
      const length = value[at + second]!;
      const header = second + (length < 0x80 ? 1 : length - 0x7f);
      const size =
        length < 0x80
          ? length
          : length === 0x81
            ? value[at + second + 1]!
            : (value[at + second + 1]! << 8) | value[at + second + 2]!;
      parts.push(value.subarray(at, at + header + size));
      at += header + size;
    }
    return parts;
  };

  test.each<[string, () => Uint8Array, string]>([
    ['an octet after the end', () => concat(root.encoded, Uint8Array.of(0)), 'ERR_CVC_LAYOUT'],
    ['another profile', () => patched('5f290100', '5f290101'), 'ERR_CVC_PROFILE'],
    ['month 13', () => patched('5f2506020600010001', '5f2506020601030001'), 'ERR_CVC_DATE'],
    [
      'a letter in the date',
      () => patched('5f2506020600010001', '5f250602060001000a'),
      'ERR_CVC_DATE',
    ],
    ['day 0', () => patched('5f2506020600010001', '5f2506020600010000'), 'ERR_CVC_DATE'],
    ['month 0', () => patched('5f2506020600010001', '5f2506020600000001'), 'ERR_CVC_DATE'],
    ['April 31', () => patched('5f2506020600010001', '5f2506020600040301'), 'ERR_CVC_DATE'],
    [
      'a date of five digits',
      () => rebuilt(...members().with(5, encodeTlv(0x5f25, fromHex('0206000101')))),
      'ERR_CVC_DATE',
    ],
    [
      'a date of seven digits',
      () => rebuilt(...members().with(5, encodeTlv(0x5f25, fromHex('02060001000101')))),
      'ERR_CVC_DATE',
    ],
    [
      'unknown algorithm',
      () => patched('04007f00070202020203', '04007f00070202020201'),
      'ERR_CVC_ALGORITHM',
    ],
    [
      'a control character in the reference',
      () => patched('5f200f4a', '5f200f0a'),
      'ERR_CVC_REFERENCE',
    ],
    [
      'unknown domain parameters',
      () => patched('8120ffffffff00000001', '8120ffffffff00000003'),
      'ERR_CVC_CURVE',
    ],
    [
      'members in another order',
      () => rebuilt(...members().toSpliced(0, 2, members()[1]!, members()[0]!)),
      'ERR_CVC_LAYOUT',
    ],
    ['a member missing', () => rebuilt(...members().slice(0, -1)), 'ERR_CVC_LAYOUT'],
    ['a member twice', () => rebuilt(...members(), members().at(-1)!), 'ERR_CVC_LAYOUT'],
    [
      'an empty reference',
      () => rebuilt(...members().with(3, encodeTlv(0x5f20))),
      'ERR_CVC_REFERENCE',
    ],
    [
      'a reference of 17 characters',
      () => rebuilt(...members().with(3, encodeTlv(0x5f20, new Uint8Array(17).fill(0x41)))),
      'ERR_CVC_REFERENCE',
    ],
    [
      'a control character at the end of a reference',
      () => rebuilt(...members().with(3, encodeTlv(0x5f20, fromHex('4a500a')))),
      'ERR_CVC_REFERENCE',
    ],
    ['no signature', () => encodeTlv(0x7f21, root.body), 'ERR_CVC_LAYOUT'],
    [
      'a padded modulus',
      () =>
        rebuilt(
          ...members().with(
            2,
            encodeTlv(
              0x7f49,
              encodeTlv(6, fromHex('04007f00070202020102')),
              encodeTlv(0x81, new Uint8Array(257).fill(0xc5).with(0, 0)),
              encodeTlv(0x82, fromHex('010001')),
            ),
          ),
        ),
      'ERR_CVC_KEY',
    ],
  ])('%s', (_, encoded, expected) => {
    expect(() => decodeCvCertificate(encoded())).toThrow(code(expected));
  });

  test('a point off the curve', () => {
    const { point } = cvca.key.key as { point: Uint8Array };
    const hex = toHex(point);
    const wrong = toHex(point.with(64, point[64]! ^ 1));
    expect(() => decodeCvCertificate(patched(hex, wrong))).toThrow(code('ERR_KEY_POINT'));
  });
});

describe('encodeCvCertificateBody', () => {
  test.each<[string, Partial<CvCertificateBody>]>([
    ['a date before 2000', { effective: day('1999-12-31') }],
    ['a date after 2099', { expiry: day('2100-01-01') }],
  ])('%s is a defect of the caller', (_, change) => {
    expect(() => encodeCvCertificateBody(body(change))).toThrow(RangeError);
  });

  test('a reference that no card takes', () => {
    expect(() => encodeCvCertificateBody(body({ holderReference: '' }))).toThrow(
      code('ERR_CVC_REFERENCE'),
    );
  });
});

describe('verifyCvChain', () => {
  test('gives the last certificate and its key', () => {
    const proven = verifyCvChain(anchor, chain, NOON);
    expect(proven.certificate).toBe(terminalCertificate);
    expect(proven.key).toEqual(rsa.key);
  });

  test('a CVCA certifies its next key; four certificates are a chain', () => {
    const links = ['JPGATECVCA00002', 'JPGATECVCA00003'].map((holderReference, i) =>
      issue({ holderReference, authorityReference: `JPGATECVCA0000${i + 1}` }, cvca),
    );
    const verifier = issue({ ...dvBody, authorityReference: 'JPGATECVCA00003' }, cvca);
    const proven = verifyCvChain(anchor, [...links, verifier, terminalCertificate], NOON);
    expect(proven.certificate).toBe(terminalCertificate);
  });

  test('a verifier without domain parameters has those of its CA, and hands them on', () => {
    const { point } = terminal.key.key as { point: Uint8Array };
    const inherited = issue(
      { ...terminalBody, publicKey: { algorithm: 'ecdsa-sha256', point } },
      dv,
    );
    expect(verifyCvChain(anchor, [dvCertificate, inherited], NOON).key).toEqual(terminal.key);
  });

  const rsaRoot = party('rsa-sha256', 2048);
  const rsaAnchor: CvAnchor = { ...anchor, key: rsaRoot.key };
  const weak = party('rsa-sha256', 1024);
  const lowExponent = party('rsa-sha256', 2048, 3);

  test.each<[string, CvAnchor, readonly CvCertificate[], string]>([
    ['empty', anchor, [], 'ERR_CVC_CHAIN_LENGTH'],
    ['too long', anchor, new Array<CvCertificate>(5).fill(dvCertificate), 'ERR_CVC_CHAIN_LENGTH'],
    ['in the wrong order', anchor, chain.toReversed(), 'ERR_CVC_ISSUER'],
    ['one missing', anchor, [terminalCertificate], 'ERR_CVC_ISSUER'],
    [
      'of another anchor',
      { ...anchor, holderReference: 'JPGATECVCA00002' },
      chain,
      'ERR_CVC_ISSUER',
    ],
    [
      'signed by another key',
      anchor,
      [issue(dvBody, terminal), terminalCertificate],
      'ERR_CVC_SIGNATURE',
    ],
    ['ending with a verifier', anchor, [dvCertificate], 'ERR_CVC_ROLE'],
    [
      'with a terminal that certifies',
      anchor,
      [
        dvCertificate,
        issue({ ...terminalBody, publicKey: dv.key }, dv),
        issue({ ...terminalBody, authorityReference: 'JPGATETERM00001' }, dv),
      ],
      'ERR_CVC_ROLE',
    ],
    [
      'with a verifier under a verifier',
      anchor,
      [
        dvCertificate,
        issue({ ...terminalBody, authorization: { oid: AT_OID, rights: DV_RIGHTS } }, dv),
      ],
      'ERR_CVC_ROLE',
    ],
    [
      'with another terminal type',
      anchor,
      [
        dvCertificate,
        issue(
          {
            ...terminalBody,
            authorization: { oid: fromHex('04007f000703010203'), rights: TERMINAL_RIGHTS },
          },
          dv,
        ),
      ],
      'ERR_CVC_ROLE',
    ],
    ['without domain parameters anywhere', rsaAnchor, [issue(dvBody, rsaRoot)], 'ERR_CVC_DOMAIN'],
    [
      'with a weak key',
      anchor,
      [issue({ ...dvBody, publicKey: weak.key }, cvca)],
      'ERR_CVC_KEY_WEAK',
    ],
    [
      'with an exponent of 3',
      anchor,
      [issue({ ...dvBody, publicKey: lowExponent.key }, cvca)],
      'ERR_CVC_KEY_WEAK',
    ],
    [
      'under a weak key',
      { ...anchor, key: weak.key },
      [issue({ ...dvBody, publicKey: dv.key }, weak)],
      'ERR_CVC_KEY_WEAK',
    ],
  ])('%s', (_, from, certificates, expected) => {
    expect(() => verifyCvChain(from, certificates, NOON)).toThrow(code(expected));
  });

  test.each<[string, number, string | undefined]>([
    ['first second of the effective day', day('2026-01-01'), undefined],
    ['the second before', day('2026-01-01') - 1, 'ERR_CVC_NOT_YET_EFFECTIVE'],
    ['last second of the expiry day', day('2026-12-31') + DAY - 1, undefined],
    ['the second after', day('2026-12-31') + DAY, 'ERR_CVC_EXPIRED'],
  ])('dates: %s', (_, at, expected) => {
    const undated = { ...anchor, effective: undefined, expiry: undefined };
    const verify = (from: CvAnchor) => () => verifyCvChain(from, chain, at);
    if (expected) {
      expect(verify(undated)).toThrow(code(expected));
      const ofAnchor = expected.replace('ERR_CVC_', 'ERR_CVC_ANCHOR_');
      expect(verify(anchor)).toThrow(code(ofAnchor));
    } else {
      expect(verify(undated)().certificate).toBe(terminalCertificate);
      expect(verify(anchor)().certificate).toBe(terminalCertificate);
    }
  });

  test('an anchor with one date is held to that', () => {
    const verify = (dates: Partial<CvAnchor>) => () =>
      verifyCvChain({ ...anchor, effective: undefined, expiry: undefined, ...dates }, chain, NOON);
    expect(verify({ expiry: day('2026-12-19') })).toThrow(code('ERR_CVC_ANCHOR_EXPIRED'));
    expect(verify({ effective: day('2026-12-21') })).toThrow(
      code('ERR_CVC_ANCHOR_NOT_YET_EFFECTIVE'),
    );
    expect(verify({ expiry: day('2026-12-20') })().certificate).toBe(terminalCertificate);
    expect(verify({ effective: day('2026-12-20') })().certificate).toBe(terminalCertificate);
  });

  test('each certificate is held to its own dates', () => {
    const old = issue({ ...terminalBody, expiry: day('2026-12-19') }, dv);
    expect(() => verifyCvChain(anchor, [dvCertificate, old], NOON)).toThrow(
      code('ERR_CVC_EXPIRED'),
    );
  });

  test('every flipped octet of the last certificate is refused', () => {
    const { encoded } = terminalCertificate;
    for (let i = 0; i < encoded.length; i++) {
      const flipped = encoded.with(i, encoded[i]! ^ (1 << (i % 8)));
      expect(() =>
        verifyCvChain(anchor, [dvCertificate, decodeCvCertificate(flipped)], NOON),
      ).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    }
  });
});

describe('cvAnchor', () => {
  test.each<[string, () => CvCertificate, string]>([
    ['not self-signed', () => issue({}, dv), 'ERR_CVC_SIGNATURE'],
    [
      'under another name',
      () => issue({ authorityReference: 'JPGATECVCA00000' }, cvca),
      'ERR_CVC_ISSUER',
    ],
    [
      'a verifier',
      () => issue({ authorization: { oid: AT_OID, rights: DV_RIGHTS } }, cvca),
      'ERR_CVC_ROLE',
    ],
    [
      'without domain parameters',
      () => issue({ publicKey: dvBody.publicKey! }, dv),
      'ERR_CVC_DOMAIN',
    ],
  ])('%s is none', (_, certificate, expected) => {
    expect(() => cvAnchor(certificate())).toThrow(code(expected));
  });
});
