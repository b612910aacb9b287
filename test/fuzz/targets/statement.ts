import { equal } from '@pinless-gate/protocol/bytes';
import { formatCardStatement, parseCardStatement } from '@pinless-gate/protocol/card-statement';
import {
  decodeStatementRequest,
  encodeStatementRequest,
} from '@pinless-gate/protocol/statement-request';
import { type FuzzTarget, hold } from '../target.ts';

export const STATEMENT_KINDS = ['request', 'statement'] as const;

/** What a card is asked, and what it states. The first octet says which the others are. */
export const statement: FuzzTarget = {
  name: 'statement',
  open: () => (input) => {
    const octets = input.subarray(1);
    return STATEMENT_KINDS[(input[0] ?? 0) % STATEMENT_KINDS.length]! === 'request'
      ? checkRequest(octets)
      : checkStatement(octets);
  },
};

function checkRequest(octets: Uint8Array): boolean {
  const request = decodeStatementRequest(octets);
  hold(equal(encodeStatementRequest(request), octets), 'a request changed');
  hold(
    request.lines.every((line) => !/[\p{Cc}\p{Cf}]/u.test(line)),
    'a line moves the cursor',
  );
  return true;
}

function checkStatement(octets: Uint8Array): boolean {
  const json = parseJson(octets);
  if (json === undefined) return false;
  const stated = parseCardStatement(json);
  const again = formatCardStatement(stated);
  hold(again === formatCardStatement(parseCardStatement(JSON.parse(again))), 'a statement changed');
  hold(stated.method !== 'read' || !stated.signature, 'a signature that nobody asked for');
  return true;
}

function parseJson(octets: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(octets).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
