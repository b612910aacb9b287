import { generateKeyPairSync, sign } from 'node:crypto';
import {
  formatReceiptCode,
  parseReceiptCode,
  type ReceiptStatement,
  receiptMessage,
  receiptSigner,
} from '@pinless-gate/protocol/receipt-code';
import { describe, expect, test } from 'vitest';

const STATEMENT: ReceiptStatement = {
  event: new Uint8Array(8).fill(1),
  gate: new Uint8Array(4).fill(2),
  sequence: 41,
  at: 1_797_756_120,
  listVersion: 14,
  copy: 0,
  place: 2,
  partySize: 4,
  code: 'K7-42',
  ticketNo: 'T-000123-2',
  seat: { gate: '北口', block: '112', row: '7', number: '15' },
};
const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })) };
};
const { privateKey, spki } = newKey();
const signed = (statement: ReceiptStatement) =>
  formatReceiptCode(
    statement,
    sign('sha256', receiptMessage(statement), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  );
const octetsOf = (code: string) => Buffer.from(code.slice(4), 'base64url');
const codeOf = (octets: Uint8Array) => `PG1:${Buffer.from(octets).toString('base64url')}`;

describe('the code of a receipt', () => {
  test('says what was signed, and fits a QR of 30 mm', () => {
    const code = signed(STATEMENT);
    expect(parseReceiptCode(` ${code}\n`).statement).toEqual(STATEMENT);
    // Version 9 with level L.
    expect(code.length).toBeLessThanOrEqual(230);
  });

  test('of a gate without blocks and rows', () => {
    const bare = { ...STATEMENT, seat: { gate: 'B' } };
    expect(parseReceiptCode(signed(bare)).statement.seat).toEqual({
      gate: 'B',
      block: undefined,
      row: undefined,
      number: undefined,
    });
  });

  test('verifies under its key, and under no other', () => {
    const stranger = newKey().spki;
    expect(receiptSigner(parseReceiptCode(signed(STATEMENT)), [stranger, spki])).toBe(spki);
    expect(receiptSigner(parseReceiptCode(signed(STATEMENT)), [stranger])).toBeUndefined();
  });

  test('with any octet changed it is not read, or not believed', () => {
    const octets = octetsOf(signed(STATEMENT));
    for (let at = 0; at < octets.length; at++) {
      const changed = Buffer.from(octets);
      changed[at]! ^= 1;
      let believed: unknown;
      try {
        believed = receiptSigner(parseReceiptCode(codeOf(changed)), [spki]);
      } catch (error) {
        expect(error).toMatchObject({ name: 'FormatError' });
      }
      expect(believed, `octet ${at}`).toBeUndefined();
    }
  });

  test.each([
    ['nothing', ''],
    ['a short code', 'K7-42'],
    ['another scheme', 'HTTPS://example.jp/'],
    ['a signature alone', codeOf(new Uint8Array(64))],
    ['cut', signed(STATEMENT).slice(0, -100)],
    ['more at the end', codeOf(Buffer.concat([octetsOf(signed(STATEMENT)), Buffer.of(0)]))],
    [
      'another version',
      codeOf(Buffer.concat([Buffer.of(2), octetsOf(signed(STATEMENT)).subarray(1)])),
    ],
    ['padding', `${signed(STATEMENT)}=`],
  ])('%s is refused', (_, text) => {
    expect(() => parseReceiptCode(text)).toThrow(expect.objectContaining({ name: 'FormatError' }));
  });

  test.each([
    ['a ticket number of 256 octets', { ticketNo: 'T'.repeat(256) }],
    ['a party of 256', { partySize: 256 }],
    ['a sequence past 2^32', { sequence: 2 ** 32 }],
    ['half a second', { at: 0.5 }],
  ])('%s does not fit', (_, change) => {
    expect(() => receiptMessage({ ...STATEMENT, ...change })).toThrow('does not fit');
  });
});
