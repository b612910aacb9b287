import { createHash } from 'node:crypto';
import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import {
  checkKazashiPin,
  type KazashiPin,
  type ProvenSurface,
  requireLinked,
  SurfaceError,
  verifySurface,
} from '@pinless-gate/protocol/kazashi/surface';
import {
  decodeSurfaceRecord,
  encodeSurfaceContent,
  encodeSurfaceRecord,
  isBirthDate,
  modulusHash,
  surfaceKey,
} from '@pinless-gate/protocol/kazashi/surface-record';
import { rsaPublicKey } from '@pinless-gate/protocol/public-key';
import { describe, expect, test } from 'vitest';
import { CA_KEY_ID, newPair, recordOf, SIGNER_KEY_ID, signerOf } from './surface-files.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const [caPair, signerPair, card, otherPair] = [newPair(), newPair(), newPair(), newPair()];
const ca = { keyId: CA_KEY_ID, publicKey: caPair.publicKey };
const record = recordOf(signerPair, card);
const signer = signerOf(caPair, signerPair);

const changed = (octets: Uint8Array, at: number, value?: number): Uint8Array => {
  const copy = octets.slice();
  copy[at] = value ?? copy[at]! ^ 1;
  return copy;
};

describe('decodeSurfaceRecord', () => {
  test('the layout of kazashi-facts 2.1: 547 octets, 281 of them signed', () => {
    const decoded = decodeSurfaceRecord(record);
    expect(record).toHaveLength(547);
    expect(decoded.birthDate).toBe('19800217');
    expect(decoded.publicKey.modulus).toEqual(card.publicKey.modulus);
    expect(decoded.content).toEqual(record.subarray(5, 286));
    expect(decoded.signature).toEqual(record.subarray(291));
  });

  test('what was decoded encodes to the same octets', () => {
    const { signature, ...content } = decodeSurfaceRecord(record);
    expect(encodeSurfaceRecord(encodeSurfaceContent(content), signature)).toEqual(record);
  });

  test('every prefix, and one octet more, are refused', () => {
    for (let length = 0; length < record.length; length++) {
      expect(() => decodeSurfaceRecord(record.subarray(0, length))).toThrow(
        code('ERR_SURFACE_LENGTH'),
      );
    }
    const longer = new Uint8Array(548);
    longer.set(record);
    expect(() => decodeSurfaceRecord(longer)).toThrow(code('ERR_SURFACE_LENGTH'));
  });

  const headers = [...range(0, 8), ...range(16, 30), ...range(286, 291)];
  test('any other octet in a header, the exponent among them, is refused', () => {
    for (const at of headers) {
      expect(() => decodeSurfaceRecord(changed(record, at))).toThrow(code('ERR_SURFACE_LAYOUT'));
    }
    expect(headers).toHaveLength(27);
  });

  test.each([
    ['a letter', '1980021x'],
    ['a month of 13', '19801301'],
    ['no such day', '19810229'],
    ['another century', '29800217'],
    ['a day of no month', '19800012'],
  ])('a birth date with %s', (_, text) => {
    const bad = record.slice();
    bad.set(utf8(text), 8);
    expect(() => decodeSurfaceRecord(bad)).toThrow(code('ERR_SURFACE_BIRTH_DATE'));
  });

  test.each([
    ['an even modulus', 285, 0],
    ['a modulus of 2047 bits', 30, 0x7f],
  ])('%s', (_, at, value) => {
    const bad = changed(record, at, value);
    expect(() => decodeSurfaceRecord(bad)).toThrow(/RSA/);
  });

  test.each(['19800217', '20000229', '19200000', '19990400', '18991231'])(
    '%s is a date',
    (text) => {
      expect(isBirthDate(text)).toBe(true);
    },
  );

  test('a key that is not RSA-2048 is not encoded', () => {
    const publicKey = rsaPublicKey(new Uint8Array(384).fill(0xff), fromHex('010001'));
    expect(() => encodeSurfaceContent({ birthDate: '19800217', publicKey })).toThrow(RangeError);
    expect(() => surfaceKey(publicKey.modulus)).toThrow(code('ERR_SURFACE_KEY'));
  });
});

describe('verifySurface', () => {
  test('a record under its signer under the pinned CA', () => {
    const proven = verifySurface(record, signer, ca);
    expect(proven.birthDate).toBe('19800217');
    expect(proven.signerKeyId).toEqual(SIGNER_KEY_ID);
    expect(proven.publicKey.modulus).toEqual(card.publicKey.modulus);
  });

  test.each<[string, Uint8Array, Uint8Array, string]>([
    ['a record of another signer', recordOf(otherPair, card), signer, 'ERR_SURFACE_SIGNATURE'],
    ['a record that the card signed', recordOf(card, card), signer, 'ERR_SURFACE_SIGNATURE'],
    ['another birth date', changed(record, 15, 0x38), signer, 'ERR_SURFACE_SIGNATURE'],
    ['another key', changed(record, 200), signer, 'ERR_SURFACE_SIGNATURE'],
    ['a changed signature', changed(record, 546), signer, 'ERR_SURFACE_SIGNATURE'],
    ['a signer of another CA', record, signerOf(otherPair, signerPair), 'ERR_CVC_SIGNATURE'],
    [
      'a signer that names another generation of the CA',
      record,
      signerOf(caPair, signerPair, fromHex('39393030303233080530303200000000')),
      'ERR_SURFACE_ISSUER',
    ],
    [
      'a signer that names the CA but for its last octet',
      record,
      signerOf(caPair, signerPair, changed(CA_KEY_ID, 15)),
      'ERR_SURFACE_ISSUER',
    ],
    ['a signer cut short', record, signer.subarray(0, 567), 'ERR_TLV_TRUNCATED'],
    ['a record in place of the signer', record, record, 'ERR_TLV_TAG'],
    ['a signer in place of the record', signer, signer, 'ERR_SURFACE_LENGTH'],
  ])('%s', (_, ef0001, ef0004, expected) => {
    expect(() => verifySurface(ef0001, ef0004, ca)).toThrow(code(expected));
  });
});

describe('requireLinked', () => {
  const proven = (): ProvenSurface => verifySurface(record, signer, ca);
  const pin: KazashiPin = {
    reference: '550217',
    birthDate: '19800217',
    modulusHash: new Uint8Array(createHash('sha256').update(card.publicKey.modulus).digest()),
    signerKeyId: SIGNER_KEY_ID,
  };

  test('the chip that was linked', () => {
    expect(requireLinked(proven(), pin).publicKey.modulus).toEqual(card.publicKey.modulus);
  });

  test.each<[string, Partial<KazashiPin>, string]>([
    [
      'another chip of the same birthday',
      { modulusHash: modulusHash(otherPair.publicKey) },
      'ERR_SURFACE_KEY_OTHER',
    ],
    ['another birth date', { birthDate: '19800218' }, 'ERR_SURFACE_BIRTH_DATE_OTHER'],
    ['another municipality', { signerKeyId: CA_KEY_ID }, 'ERR_SURFACE_SIGNER_OTHER'],
  ])('%s', (_, change, expected) => {
    const act = () => requireLinked(proven(), { ...pin, ...change });
    expect(act).toThrow(SurfaceError);
    expect(act).toThrow(code(expected));
  });

  test.each<[string, Partial<KazashiPin>]>([
    ['a reference of five digits', { reference: '55021' }],
    ['a reference with a letter', { reference: '55021x' }],
    ['a reference of full-width digits', { reference: '５５０２１７' }],
    ['no date', { birthDate: '19801301' }],
    ['a short hash', { modulusHash: new Uint8Array(31) }],
    ['no key id', { signerKeyId: new Uint8Array(16) }],
    ['the modulus of another card', { modulus: otherPair.publicKey.modulus }],
    ['a modulus of one octet', { modulus: Uint8Array.of(3) }],
  ])('checkKazashiPin refuses %s', (_, change) => {
    expect(() => checkKazashiPin({ ...pin, ...change })).toThrow(/kazashi|RSA/);
  });

  test('checkKazashiPin takes the modulus of the hash', () => {
    const whole = { ...pin, modulus: card.publicKey.modulus };
    expect(checkKazashiPin(whole)).toBe(whole);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
