import { concat, fromHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import {
  CERTIFICATE_PROFILES,
  GENERIC_PROFILE,
  JPKI_PROFILE,
} from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import {
  AT,
  AUTHENTICATION,
  anchors,
  CA_NAME,
  ca,
  caContents,
  caKeys,
  user,
  withExtension,
} from './authority.ts';
import * as x from './issue.ts';

// One step beside what a profile or an anchor allows.

function outcome(der: Uint8Array, profile = JPKI_PROFILE, cas = anchors): string {
  const verdict = verifyUserCertificate(der, cas, AT, profile);
  return verdict.ok ? 'ok' : verdict.reason;
}

test('profiles have names', () => {
  expect(Object.entries(CERTIFICATE_PROFILES).map(([key, { name }]) => [key, name])).toEqual([
    ['jpki', 'jpki'],
    ['jpki-signature', 'jpki-signature'],
    ['generic', 'generic'],
  ]);
});

test('a time that is no number', () => {
  expect(() => verifyUserCertificate(user(), anchors, Number.NaN)).toThrow(
    'time of verification is not a number',
  );
});

describe('keys of JPKI have e = 65537', () => {
  const spki = (e: string) =>
    x.seq(
      fromHex('300d06092a864886f70d0101010500'),
      x.bits(x.seq(x.int(`00${'c5'.repeat(256)}`), x.int(e))),
    );
  test.each([
    ['010001', 'ok'],
    ['010003', 'key-type'],
    ['010101', 'key-type'],
    ['020001', 'key-type'],
    ['01000101', 'key-type'],
  ])('%s: %s', (e, expected) => {
    expect(outcome(user({ spki: spki(e) }))).toBe(expected);
    expect(outcome(user({ spki: spki(e) }), GENERIC_PROFILE)).toBe('ok');
  });
});

describe('subjects of JPKI are C=JP and a common name', () => {
  const attribute = (type: string, text: string) =>
    x.seq(x.oid(type), encodeTlv(0x13, Buffer.from(text)));
  const country = attribute('2.5.4.6', 'JP');
  const common = attribute('2.5.4.3', 'ABC');
  const unit = attribute('2.5.4.11', 'ABC');
  const of = (...rdns: readonly Uint8Array[]) => user({ subject: x.seq(...rdns) });

  test.each<[string, Uint8Array, string]>([
    ['that', of(x.set(country), x.set(common)), 'ok'],
    ['one more', of(x.set(country), x.set(common), x.set(unit)), 'subject'],
    ['the country alone', of(x.set(country)), 'subject'],
    ['two attributes with the country', of(x.set(country, unit), x.set(common)), 'subject'],
    ['two attributes with the name', of(x.set(country), x.set(common, unit)), 'subject'],
    [
      'something else in the country',
      of(x.set(attribute('2.5.4.11', 'JP')), x.set(common)),
      'subject',
    ],
    ['another country', of(x.set(attribute('2.5.4.6', 'jp')), x.set(common)), 'subject'],
    ['something else in the name', of(x.set(country), x.set(unit)), 'subject'],
    ['64 characters', of(x.set(country), x.set(attribute('2.5.4.3', 'A'.repeat(64)))), 'ok'],
    ['65 characters', of(x.set(country), x.set(attribute('2.5.4.3', 'A'.repeat(65)))), 'subject'],
    ['a space before', of(x.set(country), x.set(attribute('2.5.4.3', ' ABC'))), 'subject'],
    ['a space behind', of(x.set(country), x.set(attribute('2.5.4.3', 'ABC '))), 'subject'],
  ])('%s', (_, der, expected) => {
    expect(outcome(der)).toBe(expected);
  });

  test('nor is an alternative name one', () => {
    const names = x.extension('2.5.29.17', x.seq(x.dns('a.example.jp')), true);
    expect(outcome(user({ subject: x.seq(), ...withExtension(names) }))).toBe('subject');
  });
});

describe('anchors', () => {
  const stranger = x.rsaKeys();
  const withoutKeyId = user({ extensions: [x.keyUsage(0), x.policies(AUTHENTICATION)] });
  const extended = (...extensions: readonly Uint8Array[]) =>
    trustAnchors([ca({ extensions: [...caContents.extensions!, ...extensions] })]);

  test('the fault of one is not that of another', () => {
    const faulty = ca({ spki: stranger.spki, extensions: caContents.extensions!.slice(1) });
    const another = ca({ spki: stranger.spki, extensions: caContents.extensions!.slice(0, 2) });
    const both = trustAnchors([faulty, another]);
    expect(outcome(withoutKeyId, JPKI_PROFILE, both)).toBe('signature');
    expect(outcome(withoutKeyId, JPKI_PROFILE, trustAnchors([faulty]))).toBe('anchor-not-a-ca');
  });

  test('one of the names in an authority key id is enough', () => {
    const id = x.extension(
      '2.5.29.35',
      x.seq(
        encodeTlv(0x80, x.keyId(caKeys)),
        encodeTlv(0xa1, concat(x.dns('ca.example.jp'), x.directory(CA_NAME))),
        encodeTlv(0x82, fromHex('06d18006')),
      ),
    );
    expect(outcome(user(withExtension(id, 2)))).toBe('ok');
  });

  test.each([
    [0, 'policy'],
    [1, 'policy'],
    [2, 'ok'],
  ])('an explicit policy after %i certificates', (count, expected) => {
    const explicit = encodeTlv(0x80, Uint8Array.of(count));
    const cas = extended(x.extension('2.5.29.36', x.seq(explicit), true));
    expect(outcome(user({ extensions: [x.keyUsage(0)] }), GENERIC_PROFILE, cas)).toBe(expected);
  });

  test('any policy of its own, inhibited, is none', () => {
    const any = x.policies('2.5.29.32.0');
    const inhibited = (skip: string) => x.extension('2.5.29.54', x.int(skip), true);
    expect(outcome(user(), JPKI_PROFILE, extended(any))).toBe('ok');
    expect(outcome(user(), JPKI_PROFILE, extended(any, inhibited('01')))).toBe('ok');
    expect(outcome(user(), JPKI_PROFILE, extended(any, inhibited('00')))).toBe('policy');
  });

  test('policies of its own do not stand for those of users', () => {
    const cas = extended(x.policies('1.2.3', '1.2.4'));
    const required = { ...GENERIC_PROFILE, policies: ['1.2.3'] };
    const named = (id: string) => user(withExtension(x.policies(id), 1));
    expect(outcome(named('1.2.3'), required, cas)).toBe('ok');
    expect(outcome(named('1.2.4'), required, cas)).toBe('policy');
    expect(outcome(named('1.2.5'), required, cas)).toBe('policy');
  });
});
