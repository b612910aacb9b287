import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  type StatementMethod,
  statementMessage,
  surfaceMessage,
} from '@pinless-gate/protocol/card-statement';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import {
  decodeStatementRequest,
  encodeStatementRequest,
  type StatementPurpose,
} from '@pinless-gate/protocol/statement-request';
import { describe, expect, test } from 'vitest';
import { readVectors } from './read-vectors.ts';

interface Shared {
  readonly spki: string;
  readonly consoleId: string;
  readonly eventId: string;
  readonly subjectId: string;
  readonly nonce: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

interface Case {
  readonly request: string;
  readonly purpose: StatementPurpose;
  readonly origin: string;
  readonly lines: readonly string[];
  readonly method: Exclude<StatementMethod, 'read'>;
  readonly modulusHash?: string;
  readonly message: string;
  readonly surfaceMessage: string;
  readonly signature: string;
}

describe('docs/card-statement.md', () => {
  const { file, ok, bad } = readVectors<Shared, Case>('card-statement');

  test.each(ok)('$name', (one) => {
    const { purpose, origin, lines, method, modulusHash } = one;
    const { subjectId, issuedAt, expiresAt } = file;
    const request = {
      consoleId: fromHex(file.consoleId),
      eventId: fromHex(file.eventId),
      nonce: fromHex(file.nonce),
      ...{ origin, purpose, subjectId, lines, issuedAt, expiresAt },
    };
    const octets = fromHex(one.request);
    expect(decodeStatementRequest(octets)).toEqual(request);
    expect(toHex(encodeStatementRequest(request))).toBe(one.request);
    const message = statementMessage(
      octets,
      method,
      modulusHash === undefined ? undefined : fromHex(modulusHash),
    );
    expect(toHex(message)).toBe(one.message);
    expect(toHex(surfaceMessage(octets))).toBe(one.surfaceMessage);
    const signature = fromHex(one.signature);
    expect(verifyRsaPkcs1(fromHex(file.spki), 'sha256', message, signature)).toBe(true);
  });

  test.each(bad)('$name: $expect', ({ request, expect: code }) =>
    expect(() => decodeStatementRequest(fromHex(request))).toThrow(
      expect.objectContaining({ code }),
    ),
  );
});
