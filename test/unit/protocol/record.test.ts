import { fromHex } from '@pinless-gate/protocol/bytes';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import type { KazashiPin } from '@pinless-gate/protocol/kazashi/surface';
import {
  decodeSeatRecord,
  encodeSeatRecord,
  openRecord,
  type SeatRecord,
  sealRecord,
  type Ticket,
} from '@pinless-gate/protocol/record';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });

const ticket: Ticket = {
  ticketNo: 'T-000123-1',
  seat: { gate: 'B', block: '112', row: '7', number: '15' },
  zone: undefined,
  category: 'adult',
  admission: { from: 1_797_746_400, until: 1_797_768_000 },
  entries: 1,
  reentry: false,
  flags: [],
  with: undefined,
  place: 1,
};
const record: SeatRecord = {
  tickets: [ticket],
  party: { id: fromHex('0011223344556677'), size: 2 },
  publicKey: undefined,
  notAfter: undefined,
  language: 'ja',
  revocationCheckedAt: undefined,
  evidenceId: 'E-77',
};
const padded = (item: Uint8Array, zeros: number) => {
  const bytes = new Uint8Array(item.length + 1 + zeros);
  bytes.set(item);
  bytes[item.length] = 0x80;
  return bytes;
};

describe('seat record', () => {
  test('round trip, in multiples of 128 octets', () => {
    const text = fc.string({ minLength: 1, maxLength: 40 });
    const time = fc.nat(2 ** 31);
    const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
    const tickets = fc.array(
      fc.record<Ticket>({
        ticketNo: text,
        seat: fc.record({
          gate: text,
          block: optional(text),
          row: optional(text),
          number: optional(text),
        }),
        zone: optional(text),
        category: text,
        admission: fc.record({ from: time, until: time }),
        entries: fc.nat(99),
        reentry: fc.boolean(),
        flags: fc.array(text, { maxLength: 3 }),
        with: optional(text),
        place: fc.nat(99),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(tickets, fc.boolean(), (list, pinned) => {
        const pin = pinned ? { publicKey: fromHex('30820122'), notAfter: 7 } : {};
        const one: SeatRecord = { ...record, ...pin, tickets: list };
        const encoded = encodeSeatRecord(one);
        expect(encoded.length % 128).toBe(0);
        expect(decodeSeatRecord(encoded)).toEqual(one);
      }),
    );
  });

  test('every prefix is refused', () => {
    const encoded = encodeSeatRecord(record);
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeSeatRecord(encoded.subarray(0, length))).toThrow(
        code('ERR_RECORD_PADDING'),
      );
    }
  });

  const members = {
    party: record.party.id,
    partySize: 1,
    language: 'ja',
    evidenceId: 'E',
    tickets: [],
  };
  const item = (change: object) => {
    const encoded = encodeCbor({ ...members, ...change });
    return padded(encoded, 127 - (encoded.length % 128));
  };
  const someTicket = {
    ticketNo: 'T',
    seat: { gate: 'A' },
    category: 'adult',
    from: 0,
    until: 1,
    entries: 1,
    reentry: false,
    flags: [],
    place: 1,
  };

  test.each<[string, Uint8Array, string]>([
    ['no tickets', item({}), 'ERR_RECORD'],
    [
      'a key without its end',
      item({ tickets: [someTicket], publicKey: fromHex('30') }),
      'ERR_RECORD',
    ],
    ['an end without a key', item({ tickets: [someTicket], notAfter: 1 }), 'ERR_RECORD'],
    ['an unknown language', item({ tickets: [someTicket], language: 'fr' }), 'ERR_RECORD'],
    ['an unknown member', item({ tickets: [someTicket], name: 'x' }), 'ERR_CBOR_UNKNOWN'],
    ['a flag that is no text', item({ tickets: [{ ...someTicket, flags: [1] }] }), 'ERR_RECORD'],
    [
      'a party of another length',
      item({ tickets: [someTicket], party: fromHex('00') }),
      'ERR_CBOR_TYPE',
    ],
    [
      'a unit of padding too much',
      padded(encodeCbor(members), 383 - encodeCbor(members).length),
      'ERR_RECORD_PADDING',
    ],
    ['no padding mark', new Uint8Array(128).fill(1), 'ERR_RECORD_PADDING'],
    ['zeros', new Uint8Array(128), 'ERR_RECORD_PADDING'],
  ])('%s', (_, encoded, expected) => {
    expect(() => decodeSeatRecord(encoded)).toThrow(code(expected));
  });
});

describe('sealed record', () => {
  const key = new Uint8Array(32).fill(7);
  const context = {
    eventId: new Uint8Array(16).fill(1),
    conversionValue: new Uint8Array(16).fill(2),
  };
  const sealed = sealRecord(key, new Uint8Array(12), encodeSeatRecord(record), context);

  test('opens under its own key, event and entry only', () => {
    expect(decodeSeatRecord(openRecord(key, sealed, context))).toEqual(record);
    const others = [
      [key.with(31, 0), context],
      [key, { ...context, eventId: new Uint8Array(16) }],
      [key, { ...context, conversionValue: new Uint8Array(16) }],
    ] as const;
    for (const [otherKey, other] of others) {
      expect(() => openRecord(otherKey, sealed, other)).toThrow(code('ERR_SEAL_AUTHENTICATION'));
    }
  });

  test('every prefix and every flipped bit is refused', () => {
    for (let i = 0; i < sealed.length; i++) {
      const flipped = sealed.with(i, sealed[i]! ^ (1 << (i % 8)));
      for (const wrong of [sealed.subarray(0, i), flipped]) {
        expect(() => openRecord(key, wrong, context)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ERR_SEAL_/) }),
        );
      }
    }
  });

  test.each([
    ['a nonce of 11 octets', () => sealRecord(key, new Uint8Array(11), new Uint8Array(0), context)],
    [
      'an event id of 15',
      () => openRecord(key, sealed, { ...context, eventId: new Uint8Array(15) }),
    ],
  ])('%s is a defect of the caller', (_, call) => expect(call).toThrow(RangeError));
});

describe('seat record of a linked card', () => {
  const kazashi: KazashiPin = {
    reference: '550217',
    birthDate: '19800217',
    modulusHash: new Uint8Array(32).fill(9),
    signerKeyId: fromHex('39393133323231080530303000000000'),
    modulus: undefined,
  };
  const linked = { ...record, kazashi };

  test('round trip', () => {
    expect(decodeSeatRecord(encodeSeatRecord(linked))).toEqual(linked);
  });

  test('without the member it encodes as before there was one', () => {
    const { kazashi: _, ...before } = linked;
    expect(encodeSeatRecord({ ...record, kazashi: undefined })).toEqual(encodeSeatRecord(before));
    expect(Buffer.from(encodeSeatRecord(before)).includes('kazashi')).toBe(false);
  });

  test.each<[string, object, string]>([
    ['a reference of five digits', { reference: '55021' }, 'ERR_KAZASHI'],
    ['no birth date', { birthDate: '19800231' }, 'ERR_KAZASHI'],
    ['a hash of 31 octets', { modulusHash: new Uint8Array(31) }, 'ERR_CBOR_TYPE'],
    ['a key id of zeros', { signerKeyId: new Uint8Array(16) }, 'ERR_KAZASHI'],
    ['a modulus of 255 octets', { modulus: new Uint8Array(255) }, 'ERR_CBOR_TYPE'],
    ['an unknown member', { name: 'x' }, 'ERR_CBOR_UNKNOWN'],
    ['a missing member', { birthDate: undefined }, 'ERR_CBOR_TYPE'],
  ])('%s', (_, change, expected) => {
    const bad = encodeSeatRecord({ ...record, kazashi: { ...kazashi, ...change } });
    expect(() => decodeSeatRecord(bad)).toThrow(code(expected));
  });
});
