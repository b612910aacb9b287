import { concat, fromHex } from '@pinless-gate/protocol/bytes';
import {
  type CvAnchor,
  cvAnchor,
  verifyCvChain,
  verifyJpkiCvcChain,
} from '@pinless-gate/protocol/cvc/chain';
import {
  decodeJpkiCvc,
  encodeJpkiCvc,
  encodeJpkiCvcBody,
  isJpkiKeyId,
  jpkiCvcBlocks,
} from '@pinless-gate/protocol/cvc/jpki';
import { summarizeCvPublicKey } from '@pinless-gate/protocol/cvc/key-summary';
import { decodeCvPublicKey, resolveCvKey } from '@pinless-gate/protocol/cvc/public-key';
import {
  decodeCvAuthentication,
  decodeCvRequest,
  encodeCvAuthentication,
  encodeCvAuthenticationBody,
  encodeCvRequest,
  encodeCvRequestBody,
  verifyCvAuthentication,
  verifyCvRequest,
} from '@pinless-gate/protocol/cvc/request';
import {
  decodeCvCertificate,
  encodeCvCertificate,
  encodeCvCertificateBody,
} from '@pinless-gate/protocol/cvc/tr03110';
import type { RsaPublicKey } from '@pinless-gate/protocol/public-key';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import {
  AT_OID,
  anchor,
  body,
  chain,
  cvca,
  DV_RIGHTS,
  day,
  dv,
  dvBody,
  dvCertificate,
  issue,
  NOON,
  party,
  root,
  rsa,
  signed,
  terminal,
  terminalBody,
} from './authority.ts';

// What people read when a CV certificate does not hold: elsewhere tests hold on to codes.

const message = (expected: string) => expect.objectContaining({ message: expected });
const oid = (last: string) => encodeTlv(0x06, fromHex(`04007f0007020202${last}`));

describe('chains', () => {
  const verify =
    (certificates: Parameters<typeof verifyCvChain>[1], at = NOON, from: CvAnchor = anchor) =>
    () =>
      verifyCvChain(from, certificates, at);
  const undated: CvAnchor = { ...anchor, effective: undefined, expiry: undefined };

  test.each<[string, () => unknown]>([
    ['chain of 0 CV certificates', verify([])],
    ['CV certificate names another issuer', verify(chain.toReversed())],
    ["CV certificate of the wrong role: the last certificate is a dv's", verify([dvCertificate])],
    [
      'CV certificate of the wrong role: cvca over terminal',
      verify([issue({ ...terminalBody, authorityReference: 'JPGATECVCA00001' }, cvca)]),
    ],
    [
      'CV certificate of the wrong role: terminal type changes within the chain',
      verify([
        dvCertificate,
        issue(
          { ...terminalBody, authorization: { oid: fromHex('04007f00'), rights: fromHex('00') } },
          dv,
        ),
      ]),
    ],
    [
      'CV certificate of the wrong role: an anchor is a CVCA',
      () => cvAnchor(issue({ authorization: { oid: AT_OID, rights: DV_RIGHTS } }, cvca)),
    ],
    ['CV certificate is not signed by its issuer', verify([issue(dvBody, terminal)])],
    ['anchor: CV certificate has expired', verify(chain, day('2027-01-01'))],
    ['anchor: CV certificate is not effective yet', verify(chain, day('2025-12-31'))],
    ['CV certificate has expired', verify(chain, day('2027-01-01'), undated)],
    ['CV certificate is not effective yet', verify(chain, day('2025-12-31'), undated)],
    [
      'key in the chain is not RSA of 2048 bits or more',
      verify([issue({ ...dvBody, publicKey: party('rsa-sha256', 1024).key }, cvca)]),
    ],
    [
      'no domain parameters, neither here nor at the CA',
      () => resolveCvKey(dvBody.publicKey!, rsa.key),
    ],
  ])('%s', (expected, run) => {
    expect(run).toThrow(message(expected));
  });
});

describe('certificates of JPKI', () => {
  const keyId = fromHex('39303030303031080530303100000000');
  const publicKey = rsa.key.key as RsaPublicKey;
  const encodedBody = encodeJpkiCvcBody({ issuerKeyId: keyId, subjectKeyId: keyId, publicKey });
  const encoded = encodeJpkiCvc(encodedBody, new Uint8Array(256));
  const put = (at: number, hex: string) =>
    concat(encoded.subarray(0, at), fromHex(hex), encoded.subarray(at + hex.length / 2));

  test.each<[string, () => unknown]>([
    ['CV certificate: wrong lengths', () => decodeJpkiCvc(concat(encoded, Uint8Array.of(0)))],
    [
      'CV certificate: not RSA-2048 with e of 65537 or more',
      () => decodeJpkiCvc(put(44, '000003')),
    ],
    ['tag 7f4e at offset 5', () => decodeJpkiCvc(put(5, '7f4e'))],
    ['not a key id of JPKI', () => decodeJpkiCvc(put(10, '41'))],
    ['CV certificate of 567 octets', () => jpkiCvcBlocks(new Uint8Array(567))],
    [
      'CV certificate is not signed by its issuer',
      () => verifyJpkiCvcChain({ keyId, publicKey }, [decodeJpkiCvc(encoded)]),
    ],
    [
      'RSA-2048 with an e of three octets is wanted, this key has 1024 bits',
      () =>
        encodeJpkiCvcBody({
          issuerKeyId: keyId,
          subjectKeyId: keyId,
          publicKey: party('rsa-sha256', 1024).key.key as RsaPublicKey,
        }),
    ],
    ['body of 1, signature of 2 octets', () => encodeJpkiCvc(new Uint8Array(1), new Uint8Array(2))],
  ])('%s', (expected, run) => {
    expect(isJpkiKeyId(keyId)).toBe(true);
    expect(run).toThrow(message(expected));
  });
});

describe('certificates and requests of TR-03110', () => {
  const requestBody = encodeCvRequestBody({
    holderReference: 'JPGATETERM00001',
    publicKey: terminal.key,
  });
  const request = encodeCvRequest(requestBody, signed(requestBody, dv));
  const covered = encodeCvAuthenticationBody(request, 'JPGATETERM00000');
  const authentication = encodeCvAuthentication(covered, signed(covered, dv));
  const rebuilt =
    (...members: readonly Uint8Array[]) =>
    () =>
      decodeCvCertificate(encodeCvCertificate(encodeTlv(0x7f4e, ...members), root.signature));
  const dated = (date: string) => {
    const find = fromHex('5f2506020600010001');
    const at = Buffer.from(root.encoded).indexOf(find);
    return () =>
      decodeCvCertificate(
        concat(
          root.encoded.subarray(0, at),
          fromHex(`5f2506${date}`),
          root.encoded.subarray(at + find.length),
        ),
      );
  };

  test.each<[string, () => unknown]>([
    ['CV certificate: object 5f29 is missing', rebuilt()],
    ['CV certificate: object 5f29 wanted, 42 found', rebuilt(encodeTlv(0x42))],
    [
      'CV certificate: an object too many',
      () => decodeCvCertificate(concat(root.encoded, fromHex('00'))),
    ],
    ['CV certificate: unknown profile identifier', rebuilt(encodeTlv(0x5f29, Uint8Array.of(1)))],
    ['CV certificate: not a date', dated('02060001000a')],
    ['CV certificate: no such day', dated('020600020300')],
    [
      'date outside the years 2000 to 2099',
      () => encodeCvCertificateBody(body({ effective: day('1999-12-31') })),
    ],
    ['reference of 0 characters', () => encodeCvCertificateBody(body({ holderReference: '' }))],
    ['CV certificate: key for an unknown algorithm', () => decodeCvPublicKey(oid('0201'))],
    [
      'CV certificate: padded number',
      () => decodeCvPublicKey(concat(oid('0102'), encodeTlv(0x81, Uint8Array.of(0)))),
    ],
    [
      'CV certificate: unknown domain parameters',
      () =>
        decodeCvPublicKey(
          concat(
            oid('0203'),
            ...[0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87].map((tag) => encodeTlv(tag)),
          ),
        ),
    ],
    ['request is not signed by its own key', () => verifyCvRequest(decodeCvRequest(request))],
    [
      'request is not signed by the key that it names',
      () => verifyCvAuthentication(decodeCvAuthentication(authentication), cvca.key),
    ],
    ['algorithm: not an object identifier', () => summarizeCvPublicKey(encodeTlv(0x06))],
  ])('%s', (expected, run) => {
    expect(run).toThrow(message(expected));
  });
});
