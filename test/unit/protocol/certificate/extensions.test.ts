import { constants, sign } from 'node:crypto';
import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import {
  AT,
  anchors,
  CA_NAME,
  ca,
  caContents,
  caKeys,
  user,
  userContents,
  withExtension,
} from './authority.ts';
import * as x from './issue.ts';

function outcome(der: Uint8Array, cas = anchors): string {
  const verdict = verifyUserCertificate(der, cas, AT, GENERIC_PROFILE);
  return verdict.ok ? 'ok' : verdict.reason;
}

const points = (...members: readonly Uint8Array[]) => x.extension('2.5.29.31', x.seq(...members));
const policy = (...members: readonly Uint8Array[]) => x.extension('2.5.29.32', x.seq(...members));
const id = x.oid('1.2.3');
const notice = (...members: readonly Uint8Array[]) =>
  policy(x.seq(id, x.seq(x.seq(x.oid('1.3.6.1.5.5.7.2.2'), ...members))));

describe('extensions that do not read', () => {
  test.each<[string, Uint8Array, number?]>([
    [
      'authority issuer without serial number',
      x.extension('2.5.29.35', x.seq(encodeTlv(0xa1, x.directory(CA_NAME)))),
      2,
    ],
    [
      'authority serial number without issuer',
      x.extension('2.5.29.35', x.seq(encodeTlv(0x82, fromHex('01')))),
      2,
    ],
    [
      'authority serial number padded',
      x.extension(
        '2.5.29.35',
        x.seq(encodeTlv(0xa1, x.directory(CA_NAME)), encodeTlv(0x82, fromHex('0001'))),
      ),
      2,
    ],
    [
      'authority key id with more',
      x.extension('2.5.29.35', x.seq(encodeTlv(0x83, fromHex('01')))),
      2,
    ],
    ['policy constraints empty', x.extension('2.5.29.36', x.seq(), true)],
    [
      'policy constraints negative',
      x.extension('2.5.29.36', x.seq(encodeTlv(0x81, fromHex('ff'))), true),
    ],
    ['extended key usage of no identifier', x.extension('2.5.29.37', x.seq(x.int('01')))],
    ['path length negative', x.extension('2.5.29.19', x.seq(x.TRUE, x.int('ff')), true)],
    ['distribution points empty', points()],
    ['distribution point empty', points(x.seq())],
    ['distribution point that is none', points(x.int('01'))],
    [
      'distribution point of an unknown form',
      points(x.seq(encodeTlv(0xa0, encodeTlv(0xa2, x.uri('a'))))),
    ],
    [
      'distribution point of two names',
      points(x.seq(encodeTlv(0xa0, encodeTlv(0xa0, x.uri('a')), encodeTlv(0xa0, x.uri('b'))))),
    ],
    ['policy that is none', policy(x.int('01')), 1],
    [
      'policy with more',
      policy(
        x.seq(
          id,
          x.seq(x.seq(x.oid('1.3.6.1.5.5.7.2.1'), encodeTlv(0x16, utf8('a')))),
          x.int('01'),
        ),
      ),
      1,
    ],
    ['qualifiers empty', policy(x.seq(id, x.seq())), 1],
    ['qualifier that is none', policy(x.seq(id, x.seq(x.int('01')))), 1],
    ['user notice that is no DER', notice(x.seq(fromHex('3001'))), 1],
    ['user notice with more', notice(x.seq(), x.seq()), 1],
  ])('%s', (_, extension, instead) => {
    expect(outcome(user(withExtension(extension, instead)))).toBe('extension-malformed');
  });

  test.each<[string, Uint8Array]>([
    ['no sequence', x.int('01')],
    ['no value', x.seq(id)],
    ['more than a value', x.seq(id, x.octets(), x.octets())],
  ])('an extension with %s', (_, extension) => {
    expect(outcome(user(withExtension(extension)))).toBe('malformed');
  });

  test('over 64 extensions', () => {
    const many = Array.from({ length: 65 }, (_, i) => x.extension(`1.2.3.${i}`, x.int('01')));
    expect(outcome(user({ extensions: many }))).toBe('malformed');
    expect(outcome(user({ extensions: [x.keyUsage(0), ...many.slice(2)] }))).toBe('ok');
  });
});

describe('extensions that read', () => {
  test.each<[string, Uint8Array, number?]>([
    ['user notice', notice(x.seq(encodeTlv(0x0c, utf8('text')))), 1],
    ['distribution point of an issuer alone', points(x.seq(encodeTlv(0xa2, x.directory(CA_NAME))))],
    ['issuer alternative name', x.extension('2.5.29.18', x.seq(x.directory(CA_NAME)))],
  ])('%s', (_, extension, instead) => {
    expect(outcome(user(withExtension(extension, instead)))).toBe('ok');
  });
});

describe('name constraints of the anchor that do not read', () => {
  const constraints = (...members: readonly Uint8Array[]) =>
    x.extension('2.5.29.30', x.seq(...members), true);
  test.each<[string, Uint8Array]>([
    ['a DNS name that begins with a dot', x.nameConstraints([x.dns('.example.jp')])],
    ['an address without a mask', x.nameConstraints([x.ip('c0000201')])],
    ['a subtree that is none', constraints(encodeTlv(0xa0, x.int('01')))],
    ['no subtrees', constraints(encodeTlv(0xa0))],
    ['over 256 subtrees', x.nameConstraints(new Array<Uint8Array>(257).fill(x.dns('a')))],
  ])('%s', (_, extension) => {
    const extensions = [...caContents.extensions!, extension];
    expect(() => trustAnchors([ca({ extensions })])).toThrow(
      expect.objectContaining({ code: 'ERR_ANCHOR_MALFORMED' }),
    );
  });

  test('an empty DNS name is every name', () => {
    const cas = (constraint: Uint8Array) =>
      trustAnchors([ca({ extensions: [...caContents.extensions!, constraint] })]);
    const named = user(withExtension(x.altNames(x.dns('a.example.jp'))));
    expect(outcome(named, cas(x.nameConstraints([x.dns('')])))).toBe('ok');
    expect(outcome(named, cas(x.nameConstraints([], [x.dns('')])))).toBe('name-constraints');
  });
});

describe('signature algorithms', () => {
  const p256 = x.ecKeys('P-256');
  const onCurve = trustAnchors([
    ca({
      spki: p256.spki,
      extensions: caContents.extensions!.with(2, x.subjectKeyId(x.keyId(p256))),
    }),
  ]);
  const extensions = userContents.extensions!.slice(0, 2);

  test('ECDSA, and no other algorithm with the key of a curve', () => {
    const der = user({ algorithm: x.SHA256_ECDSA, extensions }, p256);
    expect(outcome(der, onCurve)).toBe('ok');
    expect(outcome(user({ extensions }, p256), onCurve)).toBe('signature');
  });

  test('RSASSA-PSS is told from PKCS#1', () => {
    const hash = '300d06096086480165030402010500';
    const algorithm = fromHex(
      `304106092a864886f70d01010a3034a00f${hash}a11c301a06092a864886f70d010108${hash}a203020120`,
    );
    const pkcs1 = user({ algorithm }, caKeys);
    expect(outcome(pkcs1)).toBe('signature');
    const tbs = pkcs1.slice(4, pkcs1.length - algorithm.length - 261);
    const signature = sign('sha256', tbs, {
      key: caKeys.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    });
    expect(outcome(x.seq(tbs, algorithm, x.bits(signature)))).toBe('ok');
  });
});

test('a time that is no number is a defect of the caller', () => {
  expect(() => verifyCrl(new Uint8Array(0), anchors, Number.NaN)).toThrow(RangeError);
});
