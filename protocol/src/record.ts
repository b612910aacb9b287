import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concat, domain } from './bytes.ts';
import { CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import { checkKazashiPin, type KazashiPin } from './kazashi/surface.ts';

/** Languages of the attendee display and the receipt. */
export const LANGUAGES = ['ja', 'en', 'zh', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A seat as printed on the ticket. Free seating leaves out what it does not have. */
export interface Seat {
  readonly gate: string;
  readonly block?: string | undefined;
  readonly row?: string | undefined;
  readonly number?: string | undefined;
}

export interface Ticket {
  readonly ticketNo: string;
  readonly seat: Seat;
  readonly zone?: string | undefined;
  /** For instance `adult` or `child`, as the vendor names it. */
  readonly category: string;
  /** Unix seconds, both ends included. */
  readonly admission: { readonly from: number; readonly until: number };
  /** How often this ticket may enter. */
  readonly entries: number;
  readonly reentry: boolean;
  /** For instance `child`, `concession`: staff should look. */
  readonly flags: readonly string[];
  /** The ticket of the same party that this one enters with. */
  readonly with?: string | undefined;
  /** Place in the party, from 1. */
  readonly place: number;
}

/** What a card opens. Sealed in the list; readable only while the card it belongs to is on the reader. */
export interface SeatRecord {
  readonly tickets: readonly Ticket[];
  readonly party: { readonly id: Uint8Array; readonly size: number };
  /** SubjectPublicKeyInfo of the card's user-authentication key, when it was known at building. */
  readonly publicKey?: Uint8Array | undefined;
  /** notAfter of the certificate, Unix seconds; present together with `publicKey`. */
  readonly notAfter?: number | undefined;
  readonly language: Language;
  /** Unix seconds; absent when the holder's certificate was never checked. */
  readonly revocationCheckedAt?: number | undefined;
  readonly evidenceId: string;
  /** Where the card was linked for the profile `kazashi` (protocol.md 1.4). */
  readonly kazashi?: KazashiPin | undefined;
}

const PADDING_UNIT = 128;

/**
 * CBOR, then padding 80 00… (ISO/IEC 9797-1 method 2) to a multiple of 128 octets, so that the sealed
 * length says little of the size of a party.
 */
export function encodeSeatRecord(record: SeatRecord): Uint8Array {
  const item = encodeCbor({
    tickets: record.tickets.map((ticket) => ({
      ticketNo: ticket.ticketNo,
      seat: { ...ticket.seat },
      zone: ticket.zone,
      category: ticket.category,
      from: ticket.admission.from,
      until: ticket.admission.until,
      entries: ticket.entries,
      reentry: ticket.reentry,
      flags: ticket.flags,
      with: ticket.with,
      place: ticket.place,
    })),
    party: record.party.id,
    partySize: record.party.size,
    publicKey: record.publicKey,
    notAfter: record.notAfter,
    language: record.language,
    revocationCheckedAt: record.revocationCheckedAt,
    evidenceId: record.evidenceId,
    kazashi: record.kazashi && { ...record.kazashi },
  });
  const length = Math.ceil((item.length + 1) / PADDING_UNIT) * PADDING_UNIT;
  const padded = new Uint8Array(length);
  padded.set(item);
  padded[item.length] = 0x80;
  return padded;
}

export function decodeSeatRecord(padded: Uint8Array): SeatRecord {
  const end = padded.findLastIndex((octet) => octet !== 0);
  const exact = padded.length % PADDING_UNIT === 0 && padded.length - end <= PADDING_UNIT;
  if (end < 0 || padded[end] !== 0x80 || !exact) {
    throw new FormatError('ERR_RECORD_PADDING', 'seat record: wrong padding');
  }
  const map = CborMap.decode(padded.subarray(0, end), 'seat record');
  const record: SeatRecord = {
    tickets: map.array('tickets').map(decodeTicket),
    party: { id: map.bytes('party', 8), size: map.uint('partySize') },
    publicKey: map.bytesOrUndefined('publicKey'),
    notAfter: map.uintOrUndefined('notAfter'),
    language: decodeLanguage(map.text('language')),
    revocationCheckedAt: map.uintOrUndefined('revocationCheckedAt'),
    evidenceId: map.text('evidenceId'),
    kazashi: map.has('kazashi') ? decodeKazashi(map.map('kazashi')) : undefined,
  };
  map.end();
  if (record.tickets.length === 0) {
    throw new FormatError('ERR_RECORD', 'seat record: no tickets');
  }
  if ((record.publicKey === undefined) !== (record.notAfter === undefined)) {
    throw new FormatError('ERR_RECORD', 'seat record: publicKey and notAfter go together');
  }
  return record;
}

function decodeTicket(value: CborValue): Ticket {
  const map = new CborMap(value, 'ticket');
  const seat = map.map('seat');
  const ticket: Ticket = {
    ticketNo: map.text('ticketNo'),
    seat: {
      gate: seat.text('gate'),
      block: seat.textOrUndefined('block'),
      row: seat.textOrUndefined('row'),
      number: seat.textOrUndefined('number'),
    },
    zone: map.textOrUndefined('zone'),
    category: map.text('category'),
    admission: { from: map.uint('from'), until: map.uint('until') },
    entries: map.uint('entries'),
    reentry: map.boolean('reentry'),
    flags: map.array('flags').map((flag) => {
      if (typeof flag !== 'string') throw new FormatError('ERR_RECORD', 'ticket.flags: not text');
      return flag;
    }),
    with: map.textOrUndefined('with'),
    place: map.uint('place'),
  };
  seat.end();
  map.end();
  return ticket;
}

function decodeKazashi(map: CborMap): KazashiPin {
  const pin: KazashiPin = {
    reference: map.text('reference'),
    birthDate: map.text('birthDate'),
    modulusHash: map.bytes('modulusHash', 32),
    signerKeyId: map.bytes('signerKeyId', 16),
    modulus: map.bytesOrUndefined('modulus', 256),
  };
  map.end();
  return checkKazashiPin(pin);
}

function decodeLanguage(text: string): Language {
  const language = LANGUAGES.find((known) => known === text);
  if (!language) throw new FormatError('ERR_RECORD', 'seat record: unknown language');
  return language;
}

const SEAT = domain('pinless-gate/seat/1');
const VERSION = 1;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

export interface SealContext {
  readonly eventId: Uint8Array;
  readonly conversionValue: Uint8Array;
}

/**
 * `version ‖ nonce ‖ AES-256-GCM` (protocol.md 4). The nonce must be fresh: one seal key may seal more
 * than one version of its entry.
 */
export function sealRecord(
  sealKey: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  context: SealContext,
): Uint8Array {
  if (nonce.length !== NONCE_LENGTH) throw new RangeError(`nonce of ${nonce.length} octets`);
  const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
  cipher.setAAD(additionalData(context));
  const ciphertext = concat(cipher.update(plaintext), cipher.final());
  return concat(Uint8Array.of(VERSION), nonce, ciphertext, cipher.getAuthTag());
}

/** Throws `ERR_SEAL_*` unless this very entry was sealed under this key. */
export function openRecord(
  sealKey: Uint8Array,
  sealed: Uint8Array,
  context: SealContext,
): Uint8Array {
  if (sealed.length < 1 + NONCE_LENGTH + TAG_LENGTH) {
    throw new FormatError('ERR_SEAL_TRUNCATED', `sealed record of ${sealed.length} octets`);
  }
  if (sealed[0] !== VERSION) {
    throw new FormatError('ERR_SEAL_VERSION', `sealed record of version ${sealed[0]}`);
  }
  const nonce = sealed.subarray(1, 1 + NONCE_LENGTH);
  const decipher = createDecipheriv('aes-256-gcm', sealKey, nonce);
  decipher.setAAD(additionalData(context));
  decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
  const plaintext = decipher.update(sealed.subarray(1 + NONCE_LENGTH, -TAG_LENGTH));
  try {
    return concat(plaintext, decipher.final());
  } catch (cause) {
    throw new FormatError('ERR_SEAL_AUTHENTICATION', 'sealed record does not authenticate', {
      cause,
    });
  }
}

function additionalData({ eventId, conversionValue }: SealContext): Uint8Array {
  if (eventId.length !== 16 || conversionValue.length !== 16) {
    throw new RangeError('event id and conversion value have 16 octets');
  }
  return concat(SEAT, eventId, conversionValue);
}
