import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { BIT_STRING, readSequence } from '@pinless-gate/protocol/certificate/der';
import {
  type CertIdHash,
  certIdHash,
  certIdOf,
  encodeOcspRequest,
  encodeTbsRequest,
} from '@pinless-gate/protocol/certificate/ocsp-request';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { CA_NAME, caKeys, USER_NAME, user, userKeys } from './authority.ts';
import * as x from './issue.ts';
import { certId, NONCE, nonce } from './ocsp-authority.ts';

const subject = (serial: string) => ({
  issuerName: CA_NAME,
  issuerSpki: caKeys.spki,
  serial: fromHex(serial),
});
const idOf = (serial = '0705d990', hash: CertIdHash = 'sha1') => certIdOf(subject(serial), hash);

describe('encodeOcspRequest', () => {
  test.each<[string, string, CertIdHash]>([
    ['0705d990', '0705d990', 'sha1'],
    ['0705d990', '0705d990', 'sha256'],
    ['80', '0080', 'sha1'],
  ])('serial number %s, %s', (serial, content, hash) => {
    const request = encodeOcspRequest(encodeTbsRequest({ certId: idOf(serial, hash) }));
    const list = x.seq(x.seq(certId(content, hash)));
    expect(toHex(request)).toBe(toHex(x.seq(x.seq(list))));
  });

  test('a nonce', () => {
    const extensions = encodeTlv(0xa2, x.seq(nonce(NONCE)));
    const tbs = encodeTbsRequest({ certId: idOf(), nonce: NONCE });
    expect(toHex(tbs)).toBe(toHex(x.seq(x.seq(x.seq(certId())), extensions)));
  });

  test.each([0, 33])('no nonce of %d octets', (length) => {
    const question = { certId: idOf(), nonce: new Uint8Array(length) };
    expect(() => encodeTbsRequest(question)).toThrow(RangeError);
  });

  const requestor = encodeTlv(0xa1, encodeTlv(0xa4, USER_NAME));
  test('signed with RSA', () => {
    const tbs = encodeTbsRequest({ certId: idOf(), requestor: USER_NAME });
    expect(toHex(tbs)).toBe(toHex(x.seq(requestor, x.seq(x.seq(certId())))));
    const signature = sign('sha256', tbs, userKeys.privateKey);
    const certificates = [user()];
    const request = encodeOcspRequest(tbs, { kind: 'rsa', signature, certificates });
    const wrapped = x.seq(x.SHA256_RSA, x.bits(signature), encodeTlv(0xa0, x.seq(user())));
    expect(toHex(request)).toBe(toHex(x.seq(tbs, encodeTlv(0xa0, wrapped))));
  });

  test('signed with P-256: r‖s becomes DER', () => {
    const { privateKey } = x.ecKeys('P-256');
    const tbs = encodeTbsRequest({ certId: idOf(), requestor: USER_NAME });
    const signature = sign('sha256', tbs, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const request = encodeOcspRequest(tbs, { kind: 'ec', signature, certificates: [] });
    const outer = readSequence(request, 'request');
    outer.sequence('TBSRequest');
    const wrapped = readSequence(outer.value(0xa0, 'signature'), 'signature');
    wrapped.sequence('algorithm');
    const der = wrapped.value(BIT_STRING, 'signature').subarray(1);
    expect(verify('sha256', tbs, createPublicKey(privateKey), der)).toBe(true);
  });
});

test('certIdHash', () => {
  const known = ['300906052b0e03021a0500', '300706052b0e03021a', '300b0609608648016503040201'];
  expect(known.map((hex) => certIdHash(fromHex(hex)))).toEqual(['sha1', 'sha1', 'sha256']);
  expect(certIdHash(x.SHA256_RSA)).toBeUndefined();
  const digest = createHash('sha1').update(CA_NAME).digest('hex');
  expect(toHex(concat(idOf().issuerNameHash))).toBe(digest);
});
