import { constants, sign } from 'node:crypto';
import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { verifySigned } from '@pinless-gate/protocol/certificate/algorithm';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { SerialSetBuilder } from '@pinless-gate/protocol/certificate/serial-set';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { AT, anchors, CA_NAME, ca, caContents, caKeys, user, withExtension } from './authority.ts';
import * as x from './issue.ts';

const TELETEX_STRING = 0x14;
const constrained = (constraint: Uint8Array) =>
  trustAnchors([ca({ extensions: [...caContents.extensions!, constraint] })]);
const outcome = (der: Uint8Array, cas = anchors, profile = GENERIC_PROFILE) => {
  const verdict = verifyUserCertificate(der, cas, AT, profile);
  return verdict.ok ? 'ok' : verdict.reason;
};

describe('verifyUserCertificate', () => {
  test('a common name in TeletexString has no text to be judged', () => {
    const subject = x.name(['2.5.4.6', 'JP'], ['2.5.4.3', '0123456789', TELETEX_STRING]);
    const verdict = verifyUserCertificate(user({ subject }), anchors, AT);
    expect(verdict).toEqual({ ok: false, reason: 'subject' });
  });

  test('without a subject its alternative names alone are within the constraints', () => {
    const names = x.extension('2.5.29.17', x.seq(x.dns('a.example.jp')), true);
    const nameless = user({ subject: x.seq(), ...withExtension(names) });
    expect(outcome(nameless, constrained(x.nameConstraints([x.dns('example.jp')])))).toBe('ok');
    const elsewhere = x.nameConstraints([x.dns('example.com')]);
    expect(outcome(nameless, constrained(elsewhere))).toBe('name-constraints');
  });

  test.each([
    ['itself', 'a@example.jp', 'ok'],
    ['another host', 'a@example.com', 'name-constraints'],
    ['another mailbox', 'b@example.jp', 'name-constraints'],
  ])('a mailbox is constrained to %s', (_, base, expected) => {
    const der = user(withExtension(x.altNames(x.email('a@example.jp'))));
    expect(outcome(der, constrained(x.nameConstraints([x.email(base)])))).toBe(expected);
  });
});

describe('defects of the caller are no refusals', () => {
  const nothing = null as unknown as Uint8Array;
  test.each([
    ['verifyUserCertificate', () => verifyUserCertificate(nothing, anchors, AT)],
    ['verifyCrl', () => verifyCrl(nothing, anchors, AT)],
    ['trustAnchors', () => trustAnchors([nothing])],
  ])('%s', (_, call) => {
    expect(call).toThrow(TypeError);
  });
});

describe('verifySigned', () => {
  test('an RSA key does not sign by an algorithm of curves', () => {
    const { key } = anchors[0]!;
    const message = utf8('message');
    const pss = sign('sha256', message, {
      key: caKeys.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    });
    expect(verifySigned(key!, x.SHA256_ECDSA, message, pss)).toBe(false);
  });

  test('an algorithm that is not accepted', () => {
    const { key } = anchors[0]!;
    expect(verifySigned(key!, x.SHA1_RSA, utf8('message'), new Uint8Array(256))).toBe(false);
  });
});

describe('verifyCrl', () => {
  const date = x.utcTime('261201000000Z');
  const crl = (entry: Uint8Array, ...extensions: Uint8Array[]) =>
    x.signed(
      x.seq(
        x.int('01'),
        x.SHA256_RSA,
        CA_NAME,
        x.utcTime('261220000000Z'),
        x.utcTime('261221000000Z'),
        x.seq(entry),
        encodeTlv(0xa0, x.seq(...extensions)),
      ),
      x.SHA256_RSA,
      caKeys,
    );
  const plain = x.seq(x.int('07'), date);
  const number = x.extension('2.5.29.20', x.int('01'));
  const reason = (...content: Uint8Array[]) => x.extension('2.5.29.21', x.seq(...content));
  const of = (der: Uint8Array) => {
    const verdict = verifyCrl(der, anchors, AT);
    return verdict.ok ? 'ok' : verdict.reason;
  };

  test('longer than any list', () => {
    expect(of(new Uint8Array(256 * 1024 * 1024 + 1))).toBe('too-long');
  });

  test('an authority key id that does not read', () => {
    expect(of(crl(plain, number))).toBe('ok');
    expect(of(crl(plain, x.extension('2.5.29.35', fromHex('04'))))).toBe('extension-malformed');
  });

  test('a reason code beside another extension', () => {
    const code = (octet: string) => x.extension('2.5.29.21', encodeTlv(0x0a, fromHex(octet)));
    const invalidity = x.extension('2.5.29.24', x.generalizedTime('20261101000000Z'));
    const entry = (...extensions: Uint8Array[]) => x.seq(x.int('07'), date, x.seq(...extensions));
    expect(of(crl(entry(code('01'), invalidity), number))).toBe('ok');
    expect(of(crl(entry(code('07'), invalidity), number))).toBe('malformed');
    expect(of(crl(entry(reason(x.int('01')), invalidity), number))).toBe('malformed');
  });
});

describe('SerialSetBuilder', () => {
  test.each([
    [0, 0],
    [0, 21],
  ])('no serial number: octets %i to %i', (start, end) => {
    expect(() => new SerialSetBuilder().add(new Uint8Array(32), start, end)).toThrow(RangeError);
  });
});
