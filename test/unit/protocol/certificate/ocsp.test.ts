import { fromHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { type OcspOptions, verifyOcspResponse } from '@pinless-gate/protocol/certificate/ocsp';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { AT, anchors, CA_NAME, ca, caContents, caKeys, user, userKeys } from './authority.ts';
import { crl, entry } from './crl-authority.ts';
import * as x from './issue.ts';
import * as o from './ocsp-authority.ts';

const [anchor] = trustAnchors([ca()]);
const target = { anchor: anchor!, issuerName: CA_NAME, serial: fromHex('0705d990') };
const verify = (der: Uint8Array, options: OcspOptions = {}, of = target, at = AT) => {
  const verdict = verifyOcspResponse(der, of, at, options);
  return verdict.ok ? verdict.answer.status : verdict.reason;
};
const asked = { nonce: o.NONCE };
const response = o.response;
const one = (...parts: Parameters<typeof o.single>) => ({ singles: [o.single(...parts)] });
const dated = (...dates: Uint8Array[]) => one(o.GOOD, { dates });
const vouching = (change: Partial<x.Contents>, signer = caKeys) => ({
  certificates: [o.responder(change, signer)],
});
const extended = (...extensions: Uint8Array[]) => vouching({ extensions });
const byCa = { responder: o.byName(CA_NAME), certificates: null, signer: caKeys };
const critical = x.extension('1.2.3', x.int('01'), true);
const harmless = x.extension('1.2.3', x.int('01'));
const ec = x.ecKeys('P-256');
const sibling = x.rsaKeys();
const nearby = o.responder({ subject: x.name(['2.5.4.3', 'X']) });
const unread = [x.seq(x.int('01'))];

describe('verifyOcspResponse', () => {
  test('good, with the times that it was given', () => {
    expect(verifyOcspResponse(response(), target, AT, asked)).toEqual({
      ok: true,
      answer: {
        status: 'good',
        thisUpdate: Date.UTC(2026, 11, 20, 8, 30) / 1000,
        nextUpdate: Date.UTC(2026, 11, 20, 21) / 1000,
        producedAt: Date.UTC(2026, 11, 20, 8, 55) / 1000,
      },
    });
  });

  test.each<[string, Partial<o.ResponseContents>, string]>([
    ['revoked', one(o.revoked()), 'revoked'],
    ['revoked for a reason', one(o.revoked('01')), 'revoked'],
    ['on hold', one(o.revoked('06')), 'hold'],
    ['unknown', one(o.UNKNOWN), 'unknown'],
    ['by SHA-256', one(o.GOOD, { id: o.certId('0705d990', 'sha256') }), 'good'],
    ['without nextUpdate', dated(o.THIS_UPDATE), 'good'],
    ['the responder by its key', { responder: o.byKey() }, 'good'],
    ['the CA itself', byCa, 'good'],
    ['the CA by its key', { ...byCa, responder: o.byKey(caKeys) }, 'good'],
    ['harmless extensions', { extensions: [o.nonce(o.NONCE, true), harmless] }, 'good'],
    ['harmless extensions of the answer', one(o.GOOD, { extensions: [harmless] }), 'good'],
    [
      'an answer beside it',
      { singles: [o.single(o.revoked(), { id: o.certId('0705d991') }), o.single()] },
      'good',
    ],
    ['bystanders', { certificates: [...unread, nearby, user(), o.responder()] }, 'good'],
    ['without key usage', extended(x.extendedKeyUsage(o.OCSP_SIGNING), o.noCheck), 'good'],
    [
      'with P-256',
      {
        ...vouching({ spki: ec.spki, algorithm: x.SHA256_RSA }),
        signer: ec,
        algorithm: x.SHA256_ECDSA,
      },
      'good',
    ],
  ])('%s', (_, change, status) => {
    expect(verify(response(change), asked)).toBe(status);
  });

  test.each<[string, () => Uint8Array, string]>([
    ['empty', () => new Uint8Array(0), 'malformed'],
    ['a certificate', () => ca(), 'malformed'],
    ['indefinite length', () => fromHex('30800a01000000'), 'malformed'],
    ['trailing octets', () => Uint8Array.of(...response(), 0), 'malformed'],
    ['malformedRequest', () => o.failure('01'), 'status-malformed-request'],
    ['internalError', () => o.failure('02'), 'status-internal-error'],
    ['tryLater', () => o.failure('03'), 'status-try-later'],
    ['status 4', () => o.failure('04'), 'status-unknown'],
    ['sigRequired', () => o.failure('05'), 'status-signature-required'],
    ['unauthorized', () => o.failure('06'), 'status-unauthorized'],
    ['an answer with an error', () => o.wrap(o.basic(), undefined, '06'), 'status-unauthorized'],
    ['success without bytes', () => o.failure('00'), 'response-missing'],
    ['another type', () => o.wrap(o.basic(), '1.2.3'), 'response-type'],
    [
      'huge',
      () => response({ extensions: [x.extension('1.2', new Uint8Array(65_536))] }),
      'too-long',
    ],
  ])('%s', (_, make, reason) => {
    expect(verify(make())).toBe(reason);
  });

  test.each<[string, Partial<o.ResponseContents>, string]>([
    ['a version spelled out', { version: x.int('00') }, 'version'],
    ['a responder of neither kind', { responder: encodeTlv(0xa3) }, 'malformed'],
    ['a time of UTCTime', { producedAt: x.utcTime('261220085500Z') }, 'malformed'],
    ['17 answers', { singles: Array.from({ length: 17 }, () => o.single()) }, 'too-many'],
    ['9 certificates', { certificates: Array.from({ length: 9 }, () => nearby) }, 'too-many'],
    ['an answer that is none', { singles: [x.int('01')] }, 'malformed'],
    ['a status that is none', one(encodeTlv(0x83)), 'malformed'],
    ['a status with content', one(encodeTlv(0x80, Uint8Array.of(0))), 'malformed'],
    ['a reason that is none', one(o.revoked('0b')), 'malformed'],
    ['an unknown critical extension', { extensions: [critical] }, 'extension-unknown-critical'],
    [
      'an unknown critical extension of the answer',
      one(o.GOOD, { extensions: [critical] }),
      'extension-unknown-critical',
    ],
    ['an extension twice', { extensions: [harmless, harmless] }, 'extension-duplicate'],
    [
      'a nonce that is none',
      { extensions: [x.extension('1.3.6.1.5.5.7.48.1.2', x.int('01'))] },
      'extension-malformed',
    ],
    ['an empty nonce', { extensions: [o.nonce(new Uint8Array(0))] }, 'extension-malformed'],
    ['a nonce of 33', { extensions: [o.nonce(new Uint8Array(33))] }, 'extension-malformed'],
    ['SHA-1', { algorithm: x.SHA1_RSA }, 'signature-algorithm'],
    ['another key', { signer: sibling }, 'signature'],
    ['the CA’s name, another key', { ...byCa, signer: sibling }, 'signature'],
    ['no certificate', { certificates: null }, 'responder-unknown'],
    ['another certificate', { certificates: [nearby] }, 'responder-unknown'],
    ['a certificate that is none', { certificates: unread }, 'responder-malformed'],
    [
      'a certificate whose key bits are none',
      vouching({ spki: x.seq(x.seq(x.oid('1.2.3')), x.bits(Uint8Array.of(0), 1)) }),
      'responder-malformed',
    ],
    [
      'a key of an unknown kind',
      vouching({ spki: x.seq(x.seq(x.oid('1.2.3')), x.bits(Uint8Array.of(0))) }),
      'responder-key-weak',
    ],
    ['signed by a sibling CA', vouching({}, sibling), 'responder-not-issued-by-ca'],
    [
      'issued by another name',
      vouching({ issuer: x.name(['2.5.4.3', 'X']) }),
      'responder-not-issued-by-ca',
    ],
    [
      'a holder of a card',
      { responder: o.byKey(userKeys), certificates: [user()], signer: userKeys },
      'responder-not-authorized',
    ],
    [
      'another extended key usage',
      extended(x.keyUsage(0), x.extendedKeyUsage('1.3.6.1.5.5.7.3.2'), o.noCheck),
      'responder-not-authorized',
    ],
    [
      'any extended key usage',
      extended(x.extendedKeyUsage('2.5.29.37.0'), o.noCheck),
      'responder-not-authorized',
    ],
    [
      'a key for encryption',
      extended(x.keyUsage(2), x.extendedKeyUsage(o.OCSP_SIGNING), o.noCheck),
      'responder-not-authorized',
    ],
    [
      'a CA below the CA',
      extended(x.basicConstraints(true), x.extendedKeyUsage(o.OCSP_SIGNING), o.noCheck),
      'responder-not-authorized',
    ],
    [
      'a critical extension of its certificate',
      extended(x.extendedKeyUsage(o.OCSP_SIGNING), o.noCheck, critical),
      'responder-extension-critical',
    ],
    [
      'from tomorrow',
      vouching({ validity: x.seq(x.utcTime('261221000000Z'), x.utcTime('270101000000Z')) }),
      'responder-not-yet-valid',
    ],
    [
      'expired',
      vouching({ validity: x.seq(x.utcTime('261201000000Z'), x.utcTime('261220085959Z')) }),
      'responder-expired',
    ],
    [
      'a nocheck that is none',
      extended(
        x.extendedKeyUsage(o.OCSP_SIGNING),
        x.extension('1.3.6.1.5.5.7.48.1.5', x.int('01')),
      ),
      'responder-malformed',
    ],
    ['no answers', { singles: [] }, 'no-answer'],
    ['another serial number', one(o.GOOD, { id: o.certId('0705d991') }), 'no-answer'],
    ['another CA’s key', one(o.GOOD, { id: o.certId('0705d990', 'sha1', sibling) }), 'no-answer'],
    [
      'another hash',
      one(o.GOOD, {
        id: x.seq(x.SHA256_RSA, x.octets(), x.octets(), x.int('0705d990')),
      }),
      'no-answer',
    ],
    ['two answers', { singles: [o.single(), o.single(o.revoked())] }, 'several-answers'],
    ['ends before it begins', dated(o.THIS_UPDATE, o.nextUpdate('20261220082959Z')), 'dates'],
    ['produced before its answer', { producedAt: o.time('20261220082959Z') }, 'dates'],
    ['produced after its end', dated(o.THIS_UPDATE, o.nextUpdate('20261220085459Z')), 'dates'],
    ['of the future', { producedAt: o.time('20261220090501Z') }, 'not-yet-valid'],
    ['a second past its end', dated(o.THIS_UPDATE, o.nextUpdate('20261220085959Z')), 'stale'],
    ['a second older than a day', dated(o.time('20261219085959Z'), o.NEXT_UPDATE), 'too-old'],
  ])('%s', (_, change, reason) => {
    expect(verify(response(change))).toBe(reason);
  });

  const small = x.rsaKeys(1024);
  test('dates: both ends included', () => {
    const before = x.utcTime('200101000000Z');
    const after = x.utcTime('330101000000Z');
    const now = x.utcTime('261220090000Z');
    for (const validity of [x.seq(before, now), x.seq(now, after)]) {
      expect(verify(response(vouching({ validity })), asked)).toBe('good');
      const [of] = trustAnchors([ca({ validity })]);
      expect(verify(response(), asked, { ...target, anchor: of! })).toBe('good');
    }
    const at = o.time('20261220085500Z');
    const instant = response({
      ...one(o.GOOD, { dates: [at, encodeTlv(0xa0, at)] }),
      producedAt: at,
    });
    expect(verify(instant, asked, target, Date.UTC(2026, 11, 20, 8, 55))).toBe('good');
    expect(verify(instant, asked, target, Date.UTC(2026, 11, 20, 8, 55, 1))).toBe('stale');
  });

  test('a weak key', () => {
    const change = { ...vouching({ spki: small.spki }), signer: small };
    expect(verify(response(change))).toBe('responder-key-weak');
  });

  test('a name that two certificates bear is that of the one that signed', () => {
    const other = o.responder({ spki: sibling.spki });
    expect(verify(response({ certificates: [other, o.responder()] }))).toBe('good');
  });

  test('every prefix, and every octet changed, proves nothing', () => {
    const der = response();
    for (let i = 0; i < der.length; i++) {
      expect(verify(der.subarray(0, i))).toBe('malformed');
      const bad = verify(der.with(i, der[i]! ^ 0x01), asked);
      // Octets of the responder's own certificate that its signature covers change that, others the response.
      expect(bad).not.toMatch(/^(?:good|revoked|hold|unknown)$/);
    }
  });
});

describe('the CA', () => {
  const of = (change: Partial<x.Contents>) => {
    const [changed] = trustAnchors([ca(change)]);
    return { ...target, anchor: changed! };
  };

  test.each<[string, Partial<x.Contents>, string]>([
    ['no CA', { extensions: [x.keyUsage(5, 6)] }, 'anchor-unfit'],
    ['no key', { spki: x.seq(x.seq(x.oid('1.2.3')), x.bits(Uint8Array.of(0))) }, 'anchor-unfit'],
    [
      'from tomorrow',
      { validity: x.seq(x.utcTime('261221000000Z'), x.utcTime('330101000000Z')) },
      'anchor-not-yet-valid',
    ],
    [
      'expired',
      { validity: x.seq(x.utcTime('230101000000Z'), x.utcTime('261220085959Z')) },
      'anchor-expired',
    ],
  ])('%s', (_, change, reason) => {
    expect(verify(response(), asked, of(change))).toBe(reason);
  });

  test('a generation does not answer for another', () => {
    const next = of({ spki: sibling.spki, subject: caContents.subject });
    expect(verify(response(), asked, next)).toBe('responder-not-issued-by-ca');
    expect(verify(response(byCa), asked, next)).toBe('signature');
  });

  test('a defect is no refusal', () => {
    const broken = { ...anchor!, certificate: undefined as never };
    expect(() => verify(response(), {}, { ...target, anchor: broken })).toThrow(TypeError);
  });

  test('no time', () => {
    expect(() => verify(response(), {}, target, Number.NaN)).toThrow(RangeError);
  });
});

describe('options', () => {
  const produced = (text: string, extensions: Uint8Array[] | null = null) =>
    response({ producedAt: o.time(text), extensions });

  test.each<[string, Uint8Array, OcspOptions, string]>([
    ['the nonce', response(), asked, 'good'],
    ['another nonce', response(), { nonce: o.NONCE.with(0, 1) }, 'nonce-mismatch'],
    ['a shorter nonce', response(), { nonce: o.NONCE.subarray(1) }, 'nonce-mismatch'],
    ['a nonce that nobody sent', response(), {}, 'good'],
    ['no nonce', produced('20261220085959Z'), asked, 'nonce-missing'],
    ['no nonce, but fresh', produced('20261220085500Z'), { ...asked, withoutNonceS: 300 }, 'good'],
    [
      'no nonce, and a second too old',
      produced('20261220085459Z'),
      { ...asked, withoutNonceS: 300 },
      'nonce-missing',
    ],
    ['a hash that was not asked with', response(), { hashes: ['sha256'] }, 'no-answer'],
    ['as old as allowed', response(), { maxAgeS: 1800 }, 'good'],
    ['a second older', response(), { maxAgeS: 1799 }, 'too-old'],
    ['a clock ahead', produced('20261220090500Z'), {}, 'good'],
    ['a clock too far ahead', produced('20261220090500Z'), { toleranceS: 299 }, 'not-yet-valid'],
  ])('%s', (_, der, options, outcome) => {
    expect(verify(der, options)).toBe(outcome);
  });

  const crls = (serial: string, at = AT) => {
    const verdict = verifyCrl(crl({ entries: [entry(serial)] }), anchors, at);
    return verdict.ok ? [verdict.crl] : [];
  };
  test.each<[string, OcspOptions, string]>([
    ['no list', {}, 'responder-not-checked'],
    ['a list that clears it', { crls: crls('0901') }, 'good'],
    ['a list that has it', { crls: crls('0900') }, 'responder-revoked'],
  ])('a responder without nocheck: %s', (_, options, outcome) => {
    const der = response(extended(x.keyUsage(0), x.extendedKeyUsage(o.OCSP_SIGNING)));
    expect(verify(der, options)).toBe(outcome);
  });
});
