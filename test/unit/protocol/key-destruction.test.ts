import { encodeCbor } from '@pinless-gate/protocol/cbor';
import {
  DESTRUCTION_FORMAT,
  decodeDestruction,
  encodeDestruction,
  encodeDestructionBody,
  isSignedBy,
  type KeyDestruction,
  VERIFIED_BY,
} from '@pinless-gate/protocol/key-destruction';
import { describe, expect, test } from 'vitest';
import { device, EVENT_ID, GATE_ID, publisher } from './transport-fixture.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const KEYS = ['event-01', 'event-01-2'].map((label, i) => ({
  label,
  keyId: new Uint8Array(16).fill(i),
}));
const RECORD: KeyDestruction = {
  gateId: GATE_ID,
  eventId: EVENT_ID,
  keys: KEYS,
  destroyedAt: 1_796_200_000,
  verifiedBy: VERIFIED_BY,
};
const signed = (body: Uint8Array) => encodeDestruction(device.sign(DESTRUCTION_FORMAT, body));

describe('decodeDestruction', () => {
  test('comes back as it went, keys by label', () => {
    const body = encodeDestructionBody({ ...RECORD, keys: KEYS.toReversed() });
    expect(decodeDestruction(signed(body)).destruction).toEqual(RECORD);
  });

  test('every beginning is an error', () => {
    const whole = signed(encodeDestructionBody(RECORD));
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeDestruction(whole.subarray(0, length))).toThrow(code('ERR_CBOR'));
    }
  });

  test.each<[string, object, string]>([
    ['no keys', { keys: [] }, 'ERR_DESTRUCTION'],
    ['a key twice', { keys: [KEYS[0]!, KEYS[0]!] }, 'ERR_DESTRUCTION'],
    ['keys out of order', { keys: KEYS.toReversed() }, 'ERR_DESTRUCTION'],
    ['65 keys', { keys: Array(65).fill(KEYS[0]) }, 'ERR_DESTRUCTION'],
    ['verified by nothing', { verifiedBy: 'hope' }, 'ERR_DESTRUCTION'],
    ['an unknown member', { by: 'me' }, 'ERR_CBOR_UNKNOWN'],
  ])('%s', (_, change, expected) => {
    const body = encodeCbor({ ...RECORD, keys: KEYS, ...change });
    expect(() => decodeDestruction(signed(body))).toThrow(code(expected));
  });
});

describe('isSignedBy', () => {
  const record = decodeDestruction(signed(encodeDestructionBody(RECORD)));
  test('the gate itself', () => expect(isSignedBy(record, device.spki)).toBe(true));
  test('another gate', () => expect(isSignedBy(record, publisher.spki)).toBe(false));
  test('changed after it was signed', () => {
    const body = encodeDestructionBody({ ...RECORD, destroyedAt: 0 });
    expect(isSignedBy({ ...record, signed: { ...record.signed, body } }, device.spki)).toBe(false);
  });
});
