import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { readCertificateHead } from '@pinless-gate/protocol/certificate/head';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CA_NAME, user } from './authority.ts';
import * as x from './issue.ts';

const refused = (bytes: Uint8Array, reason: string) =>
  expect(() => readCertificateHead(bytes)).toThrow(expect.objectContaining({ reason }));

describe('readCertificateHead', () => {
  test('reads length, issuer and serial number from 256 octets, as the whole certificate has them', () => {
    const der = user();
    const head = readCertificateHead(der.subarray(0, 256));
    const whole = parseCertificate(der);
    expect(head.length).toBe(der.length);
    expect(toHex(head.issuerName)).toBe(toHex(CA_NAME));
    expect(toHex(head.serial)).toBe(toHex(whole.serial));
    expect(readCertificateHead(der)).toEqual(head);
  });

  test('a certificate of 4096 octets is short enough', () => {
    expect(readCertificateHead(concat(fromHex('30820ffc'), user().subarray(4))).length).toBe(4096);
  });

  test('TBSCertificate may not run past the certificate, nor its members past it', () => {
    const version = fromHex('a003020102');
    const members = concat(version, x.int('07'), x.SHA256_RSA, CA_NAME);
    const head = readCertificateHead(x.seq(x.seq(members)));
    expect(toHex(head.serial)).toBe('07');
    const short = x.seq(members).with(2, members.length - 1);
    refused(concat(fromHex('30820200'), short, new Uint8Array(300)), 'malformed');
  });

  test.each<[Uint8Array, string]>([
    [fromHex('0500'), 'ERR_DER_TAG'],
    [fromHex('30023001'), 'ERR_TLV_TRUNCATED'],
    [user({ serial: x.octets() }), 'ERR_DER_TAG'],
    [user({ issuer: x.seq() }), 'ERR_DER_TAG'],
  ])('%#: the cause has a code', (octets, code) => {
    expect(() => readCertificateHead(octets)).toThrow(
      expect.objectContaining({
        code: 'ERR_CERTIFICATE_MALFORMED',
        cause: expect.objectContaining({ code }),
      }),
    );
  });

  test('codes are reasons in capitals', () => {
    expect(() => readCertificateHead(user({ serial: x.int('00') }))).toThrow(
      expect.objectContaining({ code: 'ERR_CERTIFICATE_SERIAL_NUMBER' }),
    );
  });

  test('drops the octet for the sign', () => {
    expect(toHex(readCertificateHead(user({ serial: x.int('00f0000001') })).serial)).toBe(
      'f0000001',
    );
  });

  test('every prefix up to the end of the issuer is refused', () => {
    const der = user();
    const issuerEnd = Buffer.from(der).indexOf(CA_NAME) + CA_NAME.length;
    for (let length = 0; length < issuerEnd; length++) {
      expect(() => readCertificateHead(der.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_CERTIFICATE_/) }),
      );
    }
    expect(readCertificateHead(der.subarray(0, issuerEnd)).length).toBe(der.length);
  });

  test.each<[string, Uint8Array, string]>([
    ['length over 4096', concat(fromHex('30820ffd'), user().subarray(4)), 'too-long'],
    ['length of 4 GiB', fromHex('3084ffffffff'), 'too-long'],
    ['inner length past the outer', concat(fromHex('30820100'), user().subarray(4)), 'malformed'],
    ['long length form for a short one', fromHex('3082007f3000'), 'malformed'],
    ['all zero, as an empty file answers', new Uint8Array(256), 'malformed'],
    ['all ff, as an erased file answers', new Uint8Array(256).fill(0xff), 'malformed'],
    ['version 1', user({ version: null }), 'version'],
    ['serial zero', user({ serial: x.int('00') }), 'serial-number'],
    ['serial negative', user({ serial: x.int('ff') }), 'serial-number'],
    ['serial of another type', user({ serial: fromHex('040101') }), 'malformed'],
    ['issuer empty', user({ issuer: x.seq() }), 'malformed'],
    ['issuer missing', user({ issuer: new Uint8Array(0) }), 'malformed'],
  ])('%s', (_, bytes, reason) => refused(bytes, reason));

  test('whatever the octets, it returns or refuses', () => {
    const start = [...user().subarray(0, 256)];
    const changed = fc
      .array(fc.tuple(fc.nat(255), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = Uint8Array.from(start);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        try {
          const { length, serial } = readCertificateHead(bytes);
          return length <= 4096 && serial.length >= 1 && serial.length <= 20 && serial[0] !== 0;
        } catch (error) {
          return (error as { code?: string }).code?.startsWith('ERR_CERTIFICATE_') === true;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
