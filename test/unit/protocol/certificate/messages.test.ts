import { concat, fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import * as der from '@pinless-gate/protocol/certificate/der';
import { readGeneralNames } from '@pinless-gate/protocol/certificate/general-name';
import { readCertificateHead } from '@pinless-gate/protocol/certificate/head';
import { readName } from '@pinless-gate/protocol/certificate/name';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { ca, user } from './authority.ts';
import * as x from './issue.ts';
import { says } from './messages.ts';

// What people read when octets do not read: elsewhere tests hold on to reasons and codes.

const integer = x.int('01');

describe('DER', () => {
  const time = (tag: number, text: string) => () =>
    der.readTime({ tag, value: utf8(text), encoded: utf8(text) }, 'notBefore');
  const nested = (depth: number): Uint8Array => (depth === 0 ? x.seq() : x.seq(nested(depth - 1)));
  const read = (run: (value: Uint8Array, what: string) => unknown, hex: string) => () =>
    run(fromHex(hex), 'it');
  const reader = (hex: string) => new der.DerReader(fromHex(hex));

  test.each<[string, () => unknown]>([
    ['it is missing', () => reader('').next('it')],
    ['it has tag 5', () => reader('0500').value(der.INTEGER, 'it')],
    ['it has tag 31', () => reader('3100').sequence('it')],
    ['it: octets after the last member', () => reader('0500').end('it')],
    ['it is empty', () => reader('').rest('it', 1)],
    ['it is missing', () => der.readSequence(fromHex(''), 'it')],
    ['it: octets after the last member', () => der.readSequence(fromHex('30000500'), 'it')],
    ['it: nested too deeply', () => der.checkWellFormed(nested(17), 'it')],
    ['it: end-of-contents', read(der.checkWellFormed, '0000')],
    ['it: not an integer in the fewest octets', read(der.checkInteger, '')],
    ['it is negative', read(der.readUnsigned, 'ff')],
    ['it: not an integer in the fewest octets', read(der.readUnsigned, '0001')],
    ['it is too large', read(der.readSmallUnsigned, '0100000000')],
    ['it is negative', read(der.readSmallUnsigned, 'ff')],
    ['it: not a boolean', read(der.readBoolean, '01')],
    ['it: the default is spelled out', read(der.readTrue, '00')],
    ['it: not a bit string', read(der.readBitString, '')],
    ['it: not whole octets', read(der.readOctetsOfBitString, '0180')],
    ['it: too many bits', read(der.readNamedBits, '000000000001')],
    ['it: trailing zero bits', read(der.readNamedBits, '0000')],
    ['it: not an object identifier', read(der.readOid, '')],
    ['notBefore: not a time of RFC 5280', time(der.UTC_TIME, '')],
    ['notBefore: not a time of RFC 5280', time(der.UTC_TIME, 'x60101000000Z')],
    ['notBefore: not a time of RFC 5280', time(der.UTC_TIME, '261301000000Z')],
  ])('%s', (message, run) => says(run, message));
});

describe('heads of certificates', () => {
  test.each<[string, Uint8Array]>([
    ['certificate is not a sequence', fromHex('0500')],
    ['TBSCertificate is not a sequence', x.seq(integer)],
    ['4097 octets', fromHex('30820ffd')],
    ['TBSCertificate runs past the certificate', fromHex('30023001')],
    ['not of version 3', user({ version: null })],
    ['serial number is missing', user({ serial: x.octets() })],
    ['issuer is missing or empty', user({ issuer: x.seq() })],
    ['issuer is missing or empty', user({ algorithm: x.set() })],
    ['issuer: not a set of attributes', user({ issuer: x.seq(integer) })],
  ])('%s', (message, octets) => {
    says(() => readCertificateHead(octets), `certificate: ${message}`);
  });
});

describe('names', () => {
  const attribute = (...members: readonly Uint8Array[]) => x.seq(x.set(x.seq(...members)));
  const type = x.oid('2.5.4.3');
  const value = encodeTlv(0x0c, utf8('a'));

  test.each<[string, Uint8Array]>([
    ['name: not a set of attributes', x.seq(integer)],
    ['name is empty', x.seq(x.set())],
    ['name: not an attribute', x.seq(x.set(integer))],
    ['name is missing', attribute()],
    ['name: not an object identifier', attribute(fromHex('0600'), value)],
    ['name is missing', attribute(type)],
    ['name: octets after the last member', attribute(type, value, value)],
    ['name: an attribute is no string', attribute(type, integer)],
    ['name: characters outside their type', attribute(type, encodeTlv(0x0c))],
    ['name: attributes out of order', x.seq(x.set(x.seq(type, value), x.seq(type, value)))],
    ['name: 4103 octets of name', x.name(['2.5.4.3', 'a'.repeat(4082)])],
  ])('%s', (message, encoded) => says(() => readName(encoded, 'name'), message));

  const other = (...members: readonly Uint8Array[]) => encodeTlv(0xa0, ...members);
  test.each<[string, Uint8Array]>([
    ['names is empty', new Uint8Array(0)],
    ['names: over 128 names', concat(...new Array<Uint8Array>(129).fill(x.dns('a')))],
    ['names: characters outside IA5String', encodeTlv(0x81, fromHex('80'))],
    ['names: no general name has tag 89', encodeTlv(0x89)],
    ['names: not an object identifier', encodeTlv(0x88)],
    ['names: end-of-contents', encodeTlv(0xa3, fromHex('0000'))],
    ['names: not a set of attributes', x.directory(x.seq(integer))],
    ['names is missing', other()],
    ['names: not an object identifier', other(fromHex('0600'))],
    ['names is missing', other(type)],
    ['names: octets after the last member', other(type, encodeTlv(0xa0, integer), integer)],
    ['names: end-of-contents', other(type, encodeTlv(0xa0, fromHex('0000')))],
    ['names is empty', other(type, encodeTlv(0xa0))],
    ['names: two values', other(type, encodeTlv(0xa0, integer, integer))],
  ])('general names: %s', (message, encoded) => {
    says(() => readGeneralNames(encoded, 'names'), message);
  });
});

describe('anchors', () => {
  const ofTest = x.name(['2.5.4.10', 'JPKI-TEST']);

  test.each<[string, () => unknown]>([
    ['0 trust anchors', () => trustAnchors([])],
    [
      'trust anchor 2: certificate: certificate is missing',
      () => trustAnchors([ca(), new Uint8Array(0)]),
    ],
    ['trust anchor of the test hierarchy', () => trustAnchors([ca({ subject: ofTest })])],
    ['trust anchor 1 is not among the pinned ones', () => trustAnchors([ca()], { pins: [] })],
  ])('%s', (message, run) => says(run, message));

  test('the next action', () => {
    expect(() => trustAnchors([ca({ subject: ofTest })])).toThrow(
      expect.objectContaining({
        hint: 'gates and builders never take one; commands that only verify do with --allow-test-anchor',
      }),
    );
  });
});
