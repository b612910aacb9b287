import { concat, fromHex } from '@pinless-gate/protocol/bytes';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { CA_NAME, user, withExtension } from './authority.ts';
import * as x from './issue.ts';
import { membersOf, says } from './messages.ts';

// What people read when a certificate does not read: elsewhere tests hold on to reasons and codes.

const integer = x.int('01');

describe('certificates', () => {
  const [tbs, algorithm, signature] = membersOf(user()) as [Uint8Array, Uint8Array, Uint8Array];
  const parts = membersOf(tbs);
  const inner = (...members: readonly Uint8Array[]) =>
    x.seq(x.seq(...members), algorithm, signature);
  const validity = (...members: readonly Uint8Array[]) => user({ validity: x.seq(...members) });
  const notBefore = x.utcTime('251027120000Z');
  const extended = (extension: Uint8Array) => user(withExtension(extension));

  test.each<[string, Uint8Array]>([
    ['certificate is missing', new Uint8Array(0)],
    ['certificate has tag 31', x.set()],
    ['certificate: octets after the last member', concat(user(), x.int('01'))],
    ['TBSCertificate is missing', x.seq()],
    ['signature algorithm is missing', x.seq(tbs)],
    ['signature is missing', x.seq(tbs, algorithm)],
    ['certificate: octets after the last member', x.seq(tbs, algorithm, signature, integer)],
    ['version is missing', inner(encodeTlv(0xa0))],
    ['version: octets after the last member', user({ version: concat(x.v3, x.v3) })],
    ['version: not an integer in the fewest octets', user({ version: x.int('0002') })],
    ['version has tag 4', user({ version: x.octets() })],
    ['not of version 3', user({ version: x.int('01') })],
    ['serial number is missing', inner(parts[0]!)],
    ['serial number: not an integer in the fewest octets', user({ serial: x.int('0001') })],
    ['serial number is not positive or over 20 octets', user({ serial: x.int('00') })],
    ['signature algorithm is missing', inner(...parts.slice(0, 2))],
    ['issuer is missing', inner(...parts.slice(0, 3))],
    ['issuer: not a set of attributes', user({ issuer: x.seq(integer) })],
    ['issuer is empty', user({ issuer: x.seq() })],
    ['validity is missing', inner(...parts.slice(0, 4))],
    ['notBefore is missing', validity()],
    ['notBefore: not a time of RFC 5280', validity(integer)],
    ['notAfter is missing', validity(notBefore)],
    ['notAfter: not a time of RFC 5280', validity(notBefore, integer)],
    ['validity: octets after the last member', validity(notBefore, notBefore, notBefore)],
    ['subject is missing', inner(...parts.slice(0, 5))],
    ['subject: not a set of attributes', user({ subject: x.seq(integer) })],
    ['public key is missing', inner(...parts.slice(0, 6))],
    ['unique id: not a bit string', user({ uniqueIds: encodeTlv(0x81) })],
    ['unique id: not a bit string', user({ uniqueIds: encodeTlv(0x82) })],
    ['TBSCertificate: octets after the last member', user({ trailing: integer })],
    ['extensions is missing', inner(...parts.slice(0, 7), encodeTlv(0xa3))],
    [
      'extensions: octets after the last member',
      inner(...parts.slice(0, 7), encodeTlv(0xa3, x.seq(integer), integer)),
    ],
    ['extensions is empty', user({ extensions: [] })],
    ['extensions: not an extension', extended(integer)],
    ['extensions is missing', extended(x.seq())],
    ['extensions is missing', extended(x.seq(x.oid('1.2.3')))],
    ['extensions: not an object identifier', extended(x.seq(encodeTlv(6), x.octets()))],
    ['extensions: critical: not a boolean', extended(x.seq(x.oid('1.2.3'), fromHex('010101')))],
    [
      'extensions: octets after the last member',
      extended(x.seq(x.oid('1.2.3'), x.octets(), x.octets())),
    ],
    ['extension 2.5.29.15 stands twice', extended(x.keyUsage(0))],
    [
      'over 64 extensions',
      user({
        extensions: Array.from({ length: 65 }, (_, i) => x.extension(`1.2.3.${i}`, integer)),
      }),
    ],
    ['algorithms inside and outside differ', user({ outerAlgorithm: x.SHA256_ECDSA })],
    ['signature algorithm is not accepted', user({ algorithm: x.SHA1_RSA })],
    ['signature: not whole octets', x.seq(tbs, algorithm, x.bits(Uint8Array.of(0x80), 7))],
    ['65537 octets', new Uint8Array(65_537)],
  ])('%s', (message, certificate) => {
    says(() => parseCertificate(certificate), `certificate: ${message}`);
  });

  const bits = (id: string, ...members: readonly Uint8Array[]) =>
    x.extension(id, x.seq(...members));
  const point = (...members: readonly Uint8Array[]) => bits('2.5.29.31', x.seq(...members));
  const policy = (...members: readonly Uint8Array[]) => bits('2.5.29.32', x.seq(...members));
  const qualifier = (...members: readonly Uint8Array[]) =>
    policy(x.oid('1.2.3'), x.seq(x.seq(...members)));
  const cps = x.oid('1.3.6.1.5.5.7.2.1');
  const notice = x.oid('1.3.6.1.5.5.7.2.2');
  const constraints = (...members: readonly Uint8Array[]) => bits('2.5.29.30', ...members);
  const a0 = (...members: readonly Uint8Array[]) => encodeTlv(0xa0, ...members);

  test.each<[string, string, Uint8Array]>([
    ['2.5.29.35', 'authority key id is missing', x.extension('2.5.29.35', new Uint8Array(0))],
    ['2.5.29.35', 'authority key id: octets after the last member', bits('2.5.29.35', integer)],
    [
      '2.5.29.35',
      'authority key id: issuer and serial number go together',
      bits('2.5.29.35', encodeTlv(0x82, fromHex('01'))),
    ],
    [
      '2.5.29.35',
      'authority key id: not an integer in the fewest octets',
      bits('2.5.29.35', encodeTlv(0xa1, x.directory(CA_NAME)), encodeTlv(0x82)),
    ],
    [
      '2.5.29.35',
      'authority key id is empty',
      bits('2.5.29.35', encodeTlv(0xa1), encodeTlv(0x82, fromHex('01'))),
    ],
    ['2.5.29.14', 'subject key id has tag 2', x.extension('2.5.29.14', integer)],
    [
      '2.5.29.14',
      'subject key id: octets after the last member',
      x.extension('2.5.29.14', concat(x.octets(), integer)),
    ],
    ['2.5.29.19', 'basic constraints has tag 2', x.extension('2.5.29.19', integer)],
    ['2.5.29.19', 'basic constraints: the default is spelled out', bits('2.5.29.19', x.FALSE)],
    ['2.5.29.19', 'basic constraints is negative', bits('2.5.29.19', x.TRUE, x.int('ff'))],
    [
      '2.5.29.19',
      'basic constraints: octets after the last member',
      bits('2.5.29.19', x.TRUE, integer, integer),
    ],
    ['2.5.29.19', 'basic constraints: path length without a CA', bits('2.5.29.19', integer)],
    ['2.5.29.37', 'extended key usage is empty', bits('2.5.29.37')],
    ['2.5.29.37', 'extended key usage has tag 2', x.extension('2.5.29.37', integer)],
    ['2.5.29.37', 'extended key usage: not an object identifier', bits('2.5.29.37', integer)],
    [
      '2.5.29.37',
      'extended key usage: not an object identifier',
      bits('2.5.29.37', fromHex('0600')),
    ],
    ['2.5.29.17', 'alternative names has tag 2', x.extension('2.5.29.17', integer)],
    ['2.5.29.17', 'alternative names is empty', bits('2.5.29.17')],
    ['2.5.29.18', 'alternative names is empty', bits('2.5.29.18')],
    [
      '2.5.29.17',
      'alternative names: neither IPv4 nor IPv6',
      bits('2.5.29.17', x.ip('7f000001'), x.ip('7f')),
    ],
    ['2.5.29.37', 'extended key usage is missing', x.extension('2.5.29.37', new Uint8Array(0))],
    ['2.5.29.36', 'policy constraints has tag 2', x.extension('2.5.29.36', integer)],
    ['2.5.29.36', 'policy constraints: empty', bits('2.5.29.36')],
    ['2.5.29.36', 'policy constraints: octets after the last member', bits('2.5.29.36', integer)],
    [
      '2.5.29.36',
      'policy constraints is negative',
      bits('2.5.29.36', encodeTlv(0x81, fromHex('ff'))),
    ],
    [
      '2.5.29.36',
      'policy constraints is negative',
      bits('2.5.29.36', encodeTlv(0x80, fromHex('ff'))),
    ],
    ['2.5.29.54', 'inhibit any policy has tag 30', bits('2.5.29.54')],
    ['2.5.29.54', 'inhibit any policy is negative', x.extension('2.5.29.54', x.int('ff'))],
    ['2.5.29.31', 'distribution points is empty', bits('2.5.29.31')],
    ['2.5.29.31', 'distribution points has tag 2', x.extension('2.5.29.31', integer)],
    ['2.5.29.31', 'distribution point is not a sequence', bits('2.5.29.31', integer)],
    ['2.5.29.31', 'distribution point: neither name nor issuer', point()],
    ['2.5.29.31', 'distribution point: octets after the last member', point(integer)],
    [
      '2.5.29.31',
      'distribution point: not a bit string',
      point(a0(a0(x.uri('a'))), encodeTlv(0x81)),
    ],
    ['2.5.29.31', 'distribution point is empty', point(encodeTlv(0xa2))],
    ['2.5.29.31', 'distribution point name is missing', point(a0())],
    ['2.5.29.31', 'distribution point name has tag 2', point(a0(integer))],
    [
      '2.5.29.31',
      'distribution point name: octets after the last member',
      point(a0(a0(x.uri('a')), integer)),
    ],
    ['2.5.29.31', 'distribution point name is empty', point(a0(a0()))],
    ['2.5.29.31', 'distribution point name is empty', point(a0(encodeTlv(0xa1)))],
    ['2.5.29.30', 'name constraints has tag 2', x.extension('2.5.29.30', integer)],
    ['2.5.29.30', 'name constraints: empty', constraints()],
    ['2.5.29.30', 'name constraints: octets after the last member', constraints(integer)],
    ['2.5.29.30', 'subtrees is empty', constraints(a0())],
    ['2.5.29.30', 'subtree is not a sequence', constraints(a0(integer))],
    ['2.5.29.30', 'subtree is missing', constraints(a0(x.seq()))],
    ['2.5.29.30', 'subtree: no general name has tag 2', constraints(a0(x.seq(integer)))],
    [
      '2.5.29.30',
      'subtree: octets after the last member',
      constraints(a0(x.seq(x.dns('a'), integer))),
    ],
    ['2.5.29.30', 'subtree: not a network', constraints(a0(x.seq(x.ip('01'))))],
    ['2.5.29.30', 'subtree: a DNS name begins with a dot', constraints(a0(x.seq(x.dns('.a'))))],
    [
      '2.5.29.30',
      'too many subtrees',
      x.nameConstraints(new Array<Uint8Array>(257).fill(x.dns('a'))),
    ],
  ])('extension %s: %s', (id, message, extension) => {
    const parse = () => parseCertificate(user({ extensions: [extension] }));
    says(parse, `certificate: extension ${id}: ${message}`);
    const cause = expect.objectContaining({ code: expect.stringMatching(/^ERR_(DER|TLV)_\w+$/) });
    expect(parse).toThrow(expect.objectContaining({ cause }));
  });

  test.each<[string, Uint8Array]>([
    ['policies is empty', bits('2.5.29.32')],
    ['policies has tag 2', x.extension('2.5.29.32', integer)],
    ['policy is not a sequence', bits('2.5.29.32', integer)],
    ['policy is missing', policy()],
    ['policy: not an object identifier', policy(fromHex('0600'))],
    [
      'policy: octets after the last member',
      policy(x.oid('1.2.3'), x.seq(x.seq(cps, encodeTlv(0x16))), integer),
    ],
    ['qualifiers has tag 2', policy(x.oid('1.2.3'), integer)],
    ['qualifiers is empty', policy(x.oid('1.2.3'), x.seq())],
    ['qualifier is not a sequence', policy(x.oid('1.2.3'), x.seq(integer))],
    ['qualifier is missing', qualifier()],
    ['qualifier: not an object identifier', qualifier(fromHex('0600'))],
    ['CPS pointer is missing', qualifier(cps)],
    ['user notice is missing', qualifier(notice)],
    ['user notice: end-of-contents', qualifier(notice, x.seq(fromHex('0000')))],
    ['unknown policy qualifier', qualifier(x.oid('1.2.3'))],
    ['qualifier: octets after the last member', qualifier(cps, encodeTlv(0x16), integer)],
    ['a policy stands twice', x.policies('1.2.3', '1.2.3')],
  ])('policies: %s', (message, extension) => {
    const parse = () => parseCertificate(user({ extensions: [extension] }));
    says(parse, `certificate: extension 2.5.29.32: ${message}`);
    const cause = expect.objectContaining({ code: expect.stringMatching(/^ERR_(DER|TLV)_\w+$/) });
    expect(parse).toThrow(expect.objectContaining({ cause }));
  });

  test.each<[string, Uint8Array]>([
    ['key usage has tag 2', x.extension('2.5.29.15', integer)],
    ['key usage: trailing zero bits', x.extension('2.5.29.15', x.bits(Uint8Array.of(0)))],
    ['key usage: no bit is set', x.extension('2.5.29.15', x.bits(new Uint8Array(0)))],
  ])('%s', (message, extension) => {
    const expected = `certificate: extension 2.5.29.15: ${message}`;
    says(() => parseCertificate(user({ extensions: [extension] })), expected);
  });
});
