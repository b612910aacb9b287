import { CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';

/**
 * What a console asks a person to state with their card, outside of any gate (docs/card-statement.md). The card signs
 * a message over these very octets, so they are kept and handed on as they came.
 */
export interface StatementRequest {
  readonly consoleId: Uint8Array;
  /** Scheme, name and port of the console: whoever holds the card compares it with where the request came from. */
  readonly origin: string;
  readonly purpose: StatementPurpose;
  /** What it is about, as the console names it: 1 to 64 printable ASCII characters. */
  readonly subjectId: string;
  readonly eventId: Uint8Array;
  /** Shown to the person before the PIN is asked for: 1 to 12 lines of up to 120 characters. */
  readonly lines: readonly string[];
  /** 32 fresh random octets. */
  readonly nonce: Uint8Array;
  /** Unix milliseconds; at most a day apart. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export const STATEMENT_PURPOSES = ['purchase', 'companion', 'transfer', 'check'] as const;
export type StatementPurpose = (typeof STATEMENT_PURPOSES)[number];

export const REQUEST_FORMAT = 'pinless-gate/statement-request/1';
export const MAX_REQUEST_LENGTH = 8192;
export const MAX_REQUEST_AGE_MS = 86_400_000;
export const REQUEST_NONCE_LENGTH = 32;
const MAX_LINES = 12;
const MAX_LINE_LENGTH = 120;

/** Deterministic CBOR. Throws a `FormatError` for what `decodeStatementRequest` would not take. */
export function encodeStatementRequest(request: StatementRequest): Uint8Array {
  const encoded = encodeCbor({ format: REQUEST_FORMAT, ...request });
  decodeStatementRequest(encoded);
  return encoded;
}

export function decodeStatementRequest(bytes: Uint8Array): StatementRequest {
  if (bytes.length > MAX_REQUEST_LENGTH) throw wrong('LENGTH', `${bytes.length} octets`);
  const map = CborMap.decode(bytes, 'statement request');
  if (map.text('format') !== REQUEST_FORMAT) throw wrong('FORMAT', 'of another format');
  const request = {
    consoleId: map.bytes('consoleId', 16),
    origin: readOrigin(map.text('origin')),
    purpose: readPurpose(map.text('purpose')),
    subjectId: readSubject(map.text('subjectId')),
    eventId: map.bytes('eventId', 16),
    lines: readLines(map.array('lines')),
    nonce: map.bytes('nonce', REQUEST_NONCE_LENGTH),
    issuedAt: map.uint('issuedAt'),
    expiresAt: map.uint('expiresAt'),
  };
  map.end();
  const life = request.expiresAt - request.issuedAt;
  if (life > 0 && life <= MAX_REQUEST_AGE_MS) return request;
  throw wrong('TIME', 'expires before it is issued, or more than a day after');
}

function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.origin === text && /^https?:$/.test(url.protocol)) return text;
  throw wrong('ORIGIN', 'origin is not scheme, name and port');
}

function readPurpose(text: string): StatementPurpose {
  const purpose = STATEMENT_PURPOSES.find((each) => each === text);
  if (purpose) return purpose;
  throw wrong('PURPOSE', 'of no known purpose');
}

function readSubject(text: string): string {
  if (/^[\x21-\x7e]{1,64}$/.test(text)) return text;
  throw wrong('SUBJECT', 'subject is not 1 to 64 printable ASCII characters');
}

function readLines(values: readonly CborValue[]): string[] {
  const lines = values.filter(isLine);
  const several = lines.length >= 1 && lines.length <= MAX_LINES;
  if (several && lines.length === values.length) return lines;
  throw wrong('LINES', `not 1 to ${MAX_LINES} lines of text`);
}

/** People read it before they type a PIN: nothing that moves a cursor or turns text around. */
function isLine(value: CborValue): value is string {
  return (
    typeof value === 'string' &&
    value.length >= 1 &&
    value.length <= MAX_LINE_LENGTH &&
    !/[\p{C}\p{Zl}\p{Zp}]/u.test(value)
  );
}

function wrong(what: string, why: string): FormatError {
  return new FormatError(`ERR_REQUEST_${what}`, `statement request: ${why}`);
}
