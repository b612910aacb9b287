import { concat, fromHex } from '@pinless-gate/protocol/bytes';
import { parseCrl } from '@pinless-gate/protocol/certificate/crl-parser';
import { SerialSetBuilder } from '@pinless-gate/protocol/certificate/serial-set';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, test } from 'vitest';
import { crl, date, entry, normal, reason } from './crl-authority.ts';
import * as x from './issue.ts';
import { membersOf, says } from './messages.ts';

// What people read when a list does not read: elsewhere tests hold on to reasons and codes.

const integer = x.int('01');

describe('lists', () => {
  const [tbs, algorithm, signature] = membersOf(crl()) as [Uint8Array, Uint8Array, Uint8Array];
  const parts = membersOf(tbs);
  const inner = (...members: readonly Uint8Array[]) =>
    x.seq(x.seq(...members), algorithm, signature);
  const entries = (...list: readonly Uint8Array[]) => crl({ entries: list });
  const enumerated = (...members: readonly Uint8Array[]) =>
    x.extension('2.5.29.21', concat(...members));
  const invalidity = x.extension('2.5.29.24', x.generalizedTime('20261101000000Z'));

  test.each<[string, Uint8Array]>([
    ['CRL is missing', new Uint8Array(0)],
    ['TBSCertList is missing', x.seq()],
    ['signature algorithm is missing', x.seq(tbs)],
    ['signature is missing', x.seq(tbs, algorithm)],
    ['CRL: octets after the last member', x.seq(tbs, algorithm, signature, integer)],
    ['CRL is not of version 2', crl({ version: x.int('02') })],
    ['signature algorithm is missing', inner(parts[0]!)],
    ['issuer is missing', inner(...parts.slice(0, 2))],
    ['issuer: not a set of attributes', crl({ issuer: x.seq(integer) })],
    ['thisUpdate is missing', inner(...parts.slice(0, 3))],
    ['thisUpdate: not a time of RFC 5280', crl({ dates: [x.utcTime('')] })],
    ['nextUpdate: not a time of RFC 5280', crl({ dates: [normal.dates[0]!, x.utcTime('')] })],
    ['TBSCertList: octets after the last member', inner(...parts, integer)],
    ['algorithms inside and outside differ', crl({ algorithm: x.SHA256_ECDSA })],
    [
      'signature algorithm is not accepted',
      crl({ algorithm: x.SHA1_RSA, outerAlgorithm: x.SHA1_RSA }),
    ],
    ['signature: not whole octets', x.seq(tbs, algorithm, x.bits(Uint8Array.of(0x80), 7))],
    ['extensions need version 2', crl({ version: null, entries: null })],
    ['extensions need version 2', crl({ version: null, extensions: null })],
    ['CRL extensions is missing', inner(...parts.slice(0, 5), encodeTlv(0xa0))],
    [
      'CRL extensions: octets after the last member',
      inner(...parts.slice(0, 5), encodeTlv(0xa0, x.seq(integer), integer)),
    ],
    ['CRL extensions is empty', crl({ extensions: [] })],
    ['list of revoked certificates is there but empty', entries()],
    ['not an entry', entries(integer)],
    ['entry without a serial number', entries(x.seq(x.octets(), date))],
    ['serial number: not an integer in the fewest octets', entries(entry('0001'))],
    ['revocation date: not a time of RFC 5280', entries(x.seq(integer, integer))],
    ['entry is empty', entries(x.seq(integer, date, x.seq()))],
    ['entry: not an extension', entries(x.seq(integer, date, x.seq(integer)))],
    ['entry has tag 2', entries(x.seq(integer, date, integer))],
    [
      'entry: octets after the last member',
      entries(x.seq(integer, date, x.seq(invalidity), integer)),
    ],
    ['entry extension 1.2.3', entries(entry('01', x.extension('1.2.3', integer, true)))],
    ['no such reason code', entries(entry('01', reason('07')))],
    ['reason code has tag 2', entries(entry('01', enumerated(integer), invalidity))],
    [
      'reason code: octets after the last member',
      entries(entry('01', enumerated(encodeTlv(0x0a, fromHex('01')), integer), invalidity)),
    ],
  ])('%s', (message, list) => says(() => parseCrl(list), `certificate: ${message}`));

  test('a serial number that is none', () => {
    const add = () => new SerialSetBuilder().add(new Uint8Array(32), 0, 21);
    says(add, 'serial of 21 octets');
  });
});
