import { createHmac } from 'node:crypto';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import {
  conversionInput,
  eventKeyIdInput,
  splitConversion,
} from '@pinless-gate/protocol/conversion';
import { describe, expect, test } from 'vitest';

const KEY = Buffer.alloc(64, 0x0b);
const hmac = (data: Uint8Array) => new Uint8Array(createHmac('sha512', KEY).update(data).digest());

/** A store with one key, known here, and a count of crossings. */
function fakeStore() {
  const crossings: number[] = [];
  const checked = (label: string) => {
    if (label !== 'event-1') throw new TypeError(`unexpected label ${label}`);
  };
  const store = {
    mac: async (label: string, data: Uint8Array) => {
      checked(label);
      return hmac(data);
    },
    macAll: async (label: string, data: readonly Uint8Array[]) => {
      checked(label);
      crossings.push(data.length);
      return data.map(hmac);
    },
  } as unknown as KeyStore;
  return { converter: new Converter(store, 'event-1'), crossings };
}

const name = (i: number) => ({
  issuerName: Uint8Array.of(0x30, i % 100),
  serial: Uint8Array.of(1, i >> 8, i),
});
const expected = (i: number) => {
  const { issuerName, serial } = name(i);
  return splitConversion(hmac(conversionInput(issuerName, serial)));
};

describe('Converter', () => {
  test('convert', async () => {
    const { issuerName, serial } = name(7);
    expect(await fakeStore().converter.convert(issuerName, serial)).toEqual(expected(7));
  });

  test('convertAll: in order, over many issuers and several crossings', async () => {
    const { converter, crossings } = fakeStore();
    const names = Array.from({ length: 1300 }, (_, i) => name(i));
    const conversions = await converter.convertAll(names);
    expect(conversions).toEqual(names.map((_, i) => expected(i)));
    expect(crossings.length).toBeGreaterThan(1);
    expect(crossings.reduce((sum, count) => sum + count)).toBe(1300);
  });

  test('convertAll of nothing asks nothing', async () => {
    const { converter, crossings } = fakeStore();
    expect(await converter.convertAll([])).toEqual([]);
    expect(crossings).toEqual([]);
  });

  test('leading zeros of a serial number do not matter, the issuer does', async () => {
    const { converter } = fakeStore();
    const { issuerName, serial } = name(7);
    const [plain, padded, other] = await converter.convertAll([
      { issuerName, serial },
      { issuerName, serial: Uint8Array.of(0, ...serial) },
      { issuerName: Uint8Array.of(0x30, 8), serial },
    ]);
    expect(padded).toEqual(plain);
    expect(other).not.toEqual(plain);
  });

  test.each([
    ['empty', new Uint8Array(0), 'ERR_SERIAL_ZERO'],
    ['zero', new Uint8Array(20), 'ERR_SERIAL_ZERO'],
    ['of 21 octets', new Uint8Array(21).fill(1), 'ERR_SERIAL_LENGTH'],
  ])('a serial number %s is refused before the module is asked', async (_, serial, code) => {
    const { converter, crossings } = fakeStore();
    const refusal = expect.objectContaining({ code });
    await expect(converter.convert(name(1).issuerName, serial)).rejects.toThrow(refusal);
    await expect(converter.convertAll([{ ...name(1), serial }])).rejects.toThrow(refusal);
    expect(crossings).toEqual([]);
  });

  test('eventKeyId is the front of an HMAC of its own', async () => {
    const eventId = new Uint8Array(16).fill(9);
    const id = await fakeStore().converter.eventKeyId(eventId);
    expect(id).toEqual(hmac(eventKeyIdInput(eventId)).slice(0, 16));
  });
});
