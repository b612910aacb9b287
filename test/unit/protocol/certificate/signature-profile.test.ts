import { JPKI_PROFILE, JPKI_SIGNATURE_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { AT, AUTHENTICATION, anchors, caKeys, user } from './authority.ts';
import * as x from './issue.ts';

// 署名用電子証明書: the other key of the same card, under another CA in life and under the same one here.

const SIGNATURE = '1.2.392.200149.8.5.1.1.20';
const NAME = '1.2.392.200149.8.5.5.1';

const otherName = (type: string, text: string) =>
  encodeTlv(0xa0, x.oid(type), encodeTlv(0xa0, encodeTlv(0x0c, Buffer.from(text))));

const SUBJECT = [
  ['2.5.4.6', 'JP'],
  ['2.5.4.7', 'Tokyo-to'],
  ['2.5.4.7', 'Kiyose-shi'],
  ['2.5.4.3', '20251027120000000A'],
] as const;

interface Change {
  readonly usage?: readonly number[];
  readonly policies?: readonly string[];
  readonly subject?: Uint8Array;
}

function signer({ usage = [0, 1], policies = [SIGNATURE], subject = x.name(...SUBJECT) }: Change) {
  return user({
    subject,
    extensions: [
      x.keyUsage(...usage),
      x.policies(...policies),
      x.extension('2.5.29.17', x.seq(otherName(NAME, '見本　花子'))),
      x.authorityKeyId(x.keyId(caKeys)),
    ],
  });
}

function outcome(der: Uint8Array, profile = JPKI_SIGNATURE_PROFILE): string {
  const verdict = verifyUserCertificate(der, anchors, AT, profile);
  return verdict.ok ? 'ok' : verdict.reason;
}

describe('signature certificates', () => {
  test('one as it should be', () => expect(outcome(signer({}))).toBe('ok'));

  test('is none for authentication', () =>
    expect(outcome(signer({}), JPKI_PROFILE)).toBe('signature-class'));

  test('one for authentication is none', () =>
    expect(outcome(user())).toBe('authentication-class'));

  test.each<[string, Change, string]>([
    ['both classes', { policies: [SIGNATURE, AUTHENTICATION] }, 'authentication-class'],
    ['of a phone', { policies: ['1.2.392.200149.8.5.1.1.40'] }, 'policy'],
    ['of a test card', { policies: ['1.2.392.200149.8.5.1.0.20'] }, 'policy'],
    ['any policy', { policies: ['2.5.29.32.0'] }, 'policy'],
    ['digitalSignature alone', { usage: [0] }, 'key-usage'],
    ['nonRepudiation alone', { usage: [1] }, 'key-usage'],
    ['more than both', { usage: [0, 1, 2] }, 'ok'],
    ['a CA', { usage: [0, 1, 5] }, 'is-a-ca'],
  ])('%s', (_, change, expected) => expect(outcome(signer(change))).toBe(expected));

  const [country, prefecture, city, commonName] = SUBJECT;
  test.each<[string, Uint8Array, string]>([
    ['no locality', x.name(country, commonName), 'ok'],
    ['a unit among localities', x.name(country, ['2.5.4.11', 'A'], commonName), 'subject'],
    ['no common name', x.name(country, prefecture, city), 'subject'],
    ['a country alone', x.name(country), 'subject'],
    ['another country', x.name(['2.5.4.6', 'US'], commonName), 'subject'],
    ['no country', x.name(prefecture, commonName), 'subject'],
    ['a name with a space', x.name(country, ['2.5.4.3', 'Hanako Mihon']), 'subject'],
  ])('subject: %s', (_, subject, expected) => expect(outcome(signer({ subject }))).toBe(expected));

  test('subject: none, with a critical alternative name', () => {
    const names = x.extension('2.5.29.17', x.seq(otherName(NAME, 'A')), true);
    const extensions = [x.keyUsage(0, 1), x.policies(SIGNATURE), names];
    expect(outcome(user({ subject: x.seq(), extensions }))).toBe('subject');
  });
});
