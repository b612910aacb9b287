import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  decodeJpkiCvc,
  decodeJpkiCvcBlocks,
  encodeJpkiCvc,
  encodeJpkiCvcBody,
  jpkiCvcBlocks,
  verifyJpkiCvc,
} from '@pinless-gate/protocol/cvc/jpki';
import { describe, expect, test } from 'vitest';
import { readVectors } from './read-vectors.ts';

interface Case {
  readonly certificate: string;
  readonly issuerSpki: string;
  readonly subjectSpki: string;
  readonly issuerKeyId: string;
  readonly subjectKeyId: string;
  readonly blocks: readonly [string, string];
}

const { ok, bad } = readVectors<object, Case>('cvc-jpki');
const verify = ({ certificate, issuerSpki }: Case) =>
  verifyJpkiCvc(decodeJpkiCvc(fromHex(certificate)), fromHex(issuerSpki));

describe('protocol.md 1.1, CV certificates', () => {
  test.each(ok)('$name', (vector) => {
    const cvc = verify(vector);
    expect(toHex(cvc.issuerKeyId)).toBe(vector.issuerKeyId);
    expect(toHex(cvc.subjectKeyId)).toBe(vector.subjectKeyId);
    expect(toHex(cvc.publicKey.spki)).toBe(vector.subjectSpki);
    const [first, second] = jpkiCvcBlocks(cvc.encoded);
    expect([toHex(first), toHex(second)]).toEqual(vector.blocks);
    expect(decodeJpkiCvcBlocks(first, second)).toEqual(cvc);
    expect(toHex(encodeJpkiCvc(encodeJpkiCvcBody(cvc), cvc.signature))).toBe(vector.certificate);
  });

  test.each(bad.filter((one) => one.expect === 'signature'))('$name: not signed', (vector) => {
    expect(() => verify(vector)).toThrow(expect.objectContaining({ code: 'ERR_CVC_SIGNATURE' }));
  });

  test.each(bad.filter((one) => one.expect === 'error'))('$name: not read', ({ certificate }) => {
    expect(() => decodeJpkiCvc(fromHex(certificate))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_(CVC_LAYOUT|TLV_)/) }),
    );
  });

  test('every case is judged by one of the above', () => {
    const known = bad.filter((one) => ['signature', 'error'].includes(one.expect));
    expect(known).toHaveLength(bad.length);
  });
});
