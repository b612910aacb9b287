import { createPublicKey, verify } from 'node:crypto';
import { ByteReader, concat, domain, utf8 } from './bytes.ts';
import { FormatError } from './errors.ts';
import type { Seat } from './record.ts';

/** What a gate says of one receipt, so that staff can check the paper without a network. Names nobody. */
export interface ReceiptStatement {
  /** The first 8 octets of the event's id. */
  readonly event: Uint8Array;
  /** The first 4 octets of the gate's id. */
  readonly gate: Uint8Array;
  /** Of the journal entry that admitted. */
  readonly sequence: number;
  /** Unix seconds. */
  readonly at: number;
  readonly listVersion: number;
  /** 0 for the first print, rising with each copy. */
  readonly copy: number;
  readonly place: number;
  readonly partySize: number;
  /** Short code of the tap. */
  readonly code: string;
  readonly ticketNo: string;
  readonly seat: Seat;
}

export interface ReceiptCode {
  readonly statement: ReceiptStatement;
  /** What the signature is over. */
  readonly message: Uint8Array;
  /** r‖s. */
  readonly signature: Uint8Array;
}

const PREFIX = 'PG1:';
const VERSION = 1;
const EVENT_OCTETS = 8;
const GATE_OCTETS = 4;
const SIGNATURE_OCTETS = 64;
const DOMAIN = domain('pinless-gate/receipt/1');

/** The octets to be signed: domain, then the statement. Throws where a field is longer than the layout has room for. */
export function receiptMessage(statement: ReceiptStatement): Uint8Array {
  return concat(DOMAIN, encodeStatement(statement));
}

/** `PG1:` and base64url of statement and signature: 170 characters or so, for a QR. */
export function formatReceiptCode(statement: ReceiptStatement, signature: Uint8Array): string {
  return PREFIX + Buffer.from(concat(encodeStatement(statement), signature)).toString('base64url');
}

/** Reads without believing: `verifyReceiptCode` believes. Throws `FormatError`. */
export function parseReceiptCode(text: string): ReceiptCode {
  const trimmed = text.trim();
  const body = trimmed.slice(PREFIX.length);
  if (!trimmed.startsWith(PREFIX) || !/^[0-9A-Za-z_-]+$/.test(body)) {
    throw new FormatError('ERR_RECEIPT_CODE', 'not the code of a receipt');
  }
  const octets = new Uint8Array(Buffer.from(body, 'base64url'));
  const end = octets.length - SIGNATURE_OCTETS;
  if (end <= 0 || Buffer.from(octets).toString('base64url') !== body) {
    throw new FormatError('ERR_RECEIPT_CODE', 'code of a receipt: too short, or not base64url');
  }
  const encoded = octets.subarray(0, end);
  return {
    statement: decodeStatement(encoded),
    message: concat(DOMAIN, encoded),
    signature: octets.subarray(end),
  };
}

/** Which of the gates' device keys (SubjectPublicKeyInfo) signed it; undefined where none did. */
export function receiptSigner<K extends Uint8Array>(
  { message, signature }: ReceiptCode,
  deviceKeys: readonly K[],
): K | undefined {
  return deviceKeys.find((spki) => {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  });
}

/**
 * version 1, event 8, gate 4, sequence 4, at 4, list version 4, copy 1, place 1, party 1, then code, ticket number,
 * gate, block, row and number, each its length (1) and UTF-8; absent is empty. Numbers are big-endian.
 */
function encodeStatement(statement: ReceiptStatement): Uint8Array {
  const { event, gate, sequence, at, listVersion, copy, place, partySize, seat } = statement;
  const texts = [statement.code, statement.ticketNo, seat.gate, seat.block, seat.row, seat.number];
  return concat(
    Uint8Array.of(VERSION),
    event.subarray(0, EVENT_OCTETS),
    gate.subarray(0, GATE_OCTETS),
    ...[sequence, at, listVersion].map((value) => uint(value, 4)),
    ...[copy, place, partySize].map((value) => uint(value, 1)),
    ...texts.map((text = '') => {
      const octets = utf8(text);
      return concat(uint(octets.length, 1), octets);
    }),
  );
}

function decodeStatement(bytes: Uint8Array): ReceiptStatement {
  const reader = new ByteReader(bytes);
  const version = reader.uint8('version');
  if (version !== VERSION) {
    throw new FormatError('ERR_RECEIPT_CODE', `code of a receipt: version ${version}`);
  }
  const number = (length: number, what: string) =>
    Buffer.from(reader.take(length, what)).readUIntBE(0, length);
  const text = (what: string) => decodeText(reader.take(reader.uint8(what), what));
  const statement = {
    event: reader.take(EVENT_OCTETS, 'event'),
    gate: reader.take(GATE_OCTETS, 'gate'),
    sequence: number(4, 'sequence'),
    at: number(4, 'time'),
    listVersion: number(4, 'list version'),
    copy: number(1, 'copy'),
    place: number(1, 'place'),
    partySize: number(1, 'party'),
    code: text('code'),
    ticketNo: text('ticket'),
    seat: {
      gate: text('gate'),
      block: text('block') || undefined,
      row: text('row') || undefined,
      number: text('number') || undefined,
    },
  };
  reader.end('code of a receipt');
  return statement;
}

function decodeText(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (cause) {
    throw new FormatError('ERR_RECEIPT_CODE', 'code of a receipt: not UTF-8', { cause });
  }
}

function uint(value: number, octets: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value >= 256 ** octets) {
    throw new FormatError('ERR_RECEIPT_FIELD', `${value} does not fit ${octets} octets`);
  }
  const bytes = Buffer.alloc(octets);
  bytes.writeUIntBE(value, 0, octets);
  return new Uint8Array(bytes);
}
