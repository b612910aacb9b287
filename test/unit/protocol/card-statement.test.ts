import {
  type CardStatement,
  formatCardStatement,
  parseCardStatement,
  statementMessage,
} from '@pinless-gate/protocol/card-statement';
import {
  decodeStatementRequest,
  encodeStatementRequest,
} from '@pinless-gate/protocol/statement-request';
import { describe, expect, test } from 'vitest';

const octets = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff);
const request = octets(400);
const kazashi = {
  reference: '550217',
  record: octets(547),
  signer: octets(568),
  signature: octets(256),
};
const signed = {
  request,
  method: 'signature',
  certificate: octets(1500),
  signature: octets(256),
  authenticationCertificate: octets(1400),
  kazashi,
} as const satisfies CardStatement;

const json = (statement: CardStatement) =>
  JSON.parse(formatCardStatement(statement)) as Record<string, unknown>;
const codeOf = (value: unknown) => {
  try {
    parseCardStatement(value);
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('card statements', () => {
  test.each<[string, CardStatement]>([
    ['with everything', signed],
    [
      'authenticated',
      { request, method: 'authentication', certificate: octets(9), signature: octets(9) },
    ],
    ['read', { request, method: 'read', certificate: octets(9) }],
  ])('come back: %s', (_, statement) => {
    expect(parseCardStatement(json(statement))).toEqual(statement);
  });

  const of = (change: object) => ({ ...json(signed), ...change });
  const authenticated = { ...json(signed), method: 'authentication' };
  test.each<[string, unknown, string]>([
    ['null', null, 'ERR_STATEMENT_FORMAT'],
    ['an array', [], 'ERR_STATEMENT_FORMAT'],
    ['text', 'card', 'ERR_STATEMENT_FORMAT'],
    ['another format', of({ format: 'pinless-gate/card-statement/2' }), 'ERR_STATEMENT_FORMAT'],
    ['another method', of({ method: 'pin' }), 'ERR_STATEMENT_METHOD'],
    ['no signature', of({ signature: undefined }), 'ERR_STATEMENT_MEMBER'],
    ['a number', of({ certificate: 1 }), 'ERR_STATEMENT_MEMBER'],
    ['nothing in it', of({ certificate: '' }), 'ERR_STATEMENT_MEMBER'],
    ['an unknown member', of({ pin: '1234' }), 'ERR_STATEMENT_MEMBER'],
    ['base64url with padding', of({ request: 'AA==' }), 'ERR_STATEMENT_MEMBER'],
    ['base64 that is not canonical', of({ certificate: 'AB==' }), 'ERR_BASE64'],
    ['a long certificate', of({ certificate: 'A'.repeat(5468) }), 'ERR_STATEMENT_LENGTH'],
    ['a second certificate with authentication', authenticated, 'ERR_STATEMENT_MEMBER'],
    ['a signature with read', { ...json(signed), method: 'read' }, 'ERR_STATEMENT_MEMBER'],
    ['kazashi that is none', of({ kazashi: 'yes' }), 'ERR_STATEMENT_MEMBER'],
    [
      'five digits',
      of({ kazashi: { ...(json(signed).kazashi as object), reference: '12345' } }),
      'ERR_STATEMENT_MEMBER',
    ],
    [
      'digits as a number',
      of({ kazashi: { ...(json(signed).kazashi as object), reference: 550217 } }),
      'ERR_STATEMENT_MEMBER',
    ],
  ])('refused: %s', (_, value, code) => expect(codeOf(value)).toBe(code));

  test.each(['format', 'request', 'method', 'certificate'])('refused without %s', (name) => {
    const { [name]: _, ...rest } = json(signed);
    expect(codeOf(rest)).toMatch(/^ERR_STATEMENT_(?:MEMBER|FORMAT|METHOD)$/);
  });

  test('a prototype is no member', () => {
    expect(codeOf(Object.create(json(signed)))).toBe('ERR_STATEMENT_MEMBER');
  });

  test('a hash of another length is a defect of the caller', () => {
    expect(() => statementMessage(request, 'signature', octets(31))).toThrow(RangeError);
  });
});

describe('statement requests', () => {
  test('of over 8 KiB are not looked at', () => {
    expect(() => decodeStatementRequest(octets(8193))).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_LENGTH' }),
    );
  });

  test('are not written unless they could be read', () => {
    const wrong = {
      consoleId: octets(16),
      origin: 'https://console.example.jp',
      purpose: 'purchase',
      subjectId: 'A-1',
      eventId: octets(16),
      lines: [],
      nonce: octets(32),
      issuedAt: 1,
      expiresAt: 2,
    } as const;
    expect(() => encodeStatementRequest(wrong)).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_LINES' }),
    );
  });
});
