import { CborMap, type CborValue, decodeCbor, encodeCbor } from '@pinless-gate/protocol/cbor';
import { decodePolicy, encodePolicy, type Policy } from '@pinless-gate/protocol/policy';
import { describe, expect, test } from 'vitest';
import { withCode } from '../gate-firmware/fixture.ts';

const BEFORE: Policy = {
  gates: ['A', 'B'],
  toleranceS: 600,
  staleAfterS: 86_400,
  refuseAfterS: 259_200,
};
const FULL: Policy = {
  ...BEFORE,
  timeZone: 'Asia/Tokyo',
  zones: [{ name: 'Arena', gates: ['A', 'B'] }],
  rules: [
    {
      categories: ['adult', 'child'],
      entries: 3,
      entriesPerDay: 1,
      entriesPerGate: 2,
      reentry: 'after-exit',
      checkOutMinute: 240,
      minimumS: 1800,
      windows: [{ from: 1, until: 2 }],
      companion: 'required',
    },
    { entries: 9 },
  ],
  attention: [{ flag: 'child', lane: 'lamp' }],
  paused: [{ gates: ['A'], from: 5, until: 6 }, {}],
  arrival: 'parts',
  faceCheck: 'staff',
  passage: { annulAfterS: 20 },
};

const decode = (value: CborValue) =>
  decodePolicy(new CborMap(decodeCbor(encodeCbor(value), 'policy'), 'policy'));

describe('the policy', () => {
  test('with every rule comes back whole', () => {
    expect(decode(encodePolicy(FULL))).toEqual(FULL);
  });

  test('of before there were rules has the octets that it had', () => {
    expect(Buffer.from(encodeCbor(encodePolicy(BEFORE))).toString('hex')).toBe(
      'a465676174657382614161426a746f6c6572616e6365531902586b7374616c65416674657253' +
        '1a000151806c7265667573654166746572531a0003f480',
    );
  });

  const rule = (more: object) => ({ rules: [{ entries: 1, ...more }] });
  test.each<[string, object]>([
    ['a zone of time that nobody knows', { timeZone: 'Asia/Atlantis' }],
    ['an empty list', { rules: [] }],
    ['a rule that says nothing', { rules: [{ categories: ['adult'] }] }],
    ['no entries at all', rule({ entries: 0 })],
    ['too many', rule({ entries: 10_000 })],
    ['an hour that is none', { timeZone: 'Asia/Tokyo', ...rule({ checkOutMinute: 1440 }) }],
    ['an hour without a time zone', rule({ checkOutMinute: 240 })],
    ['a day without a time zone', rule({ entriesPerDay: 1 })],
    ['an unknown re-entry', rule({ reentry: 'always' })],
    ['a window that ends before it begins', rule({ windows: [{ from: 2, until: 2 }] })],
    ['a category twice', rule({ categories: ['a', 'a'] })],
    ['a category of no name', rule({ categories: [''] })],
    ['a category that is no text', rule({ categories: [1] })],
    ['a companion that is optional', rule({ companion: 'optional' })],
    ['a name that is too long', { attention: [{ flag: 'x'.repeat(101), lane: 'lamp' }] }],
    ['65 rules', { rules: Array.from({ length: 65 }, () => ({ entries: 1 })) }],
    [
      'two hours for one category',
      { timeZone: 'UTC', rules: [{ checkOutMinute: 1 }, { categories: ['a'], checkOutMinute: 2 }] },
    ],
    ['a flag twice', { attention: [1, 2].map(() => ({ flag: 'child', lane: 'lamp' })) }],
    ['a flag without a lane', { attention: [{ flag: 'child' }] }],
    ['a zone twice', { zones: [1, 2].map(() => ({ name: 'Arena', gates: ['A'] })) }],
    ['a zone of a gate that is not there', { zones: [{ name: 'Arena', gates: ['C'] }] }],
    ['a pause of such a gate', { paused: [{ gates: ['C'] }] }],
    ['a pause that is over before it begins', { paused: [{ from: 5, until: 5 }] }],
    ['another arrival', { arrival: 'together' }],
    ['a face check by nobody', { faceCheck: 'none' }],
    ['a passage of no time', { passage: { annulAfterS: 0 } }],
    ['a passage of an hour', { passage: { annulAfterS: 3600 } }],
  ])('%s is refused', (_, more) => {
    const value = { ...(encodePolicy(BEFORE) as object), ...more } as CborValue;
    expect(() => decode(value)).toThrow(withCode('ERR_POLICY'));
  });

  test.each<[string, object]>([
    ['the policy', { more: 1 }],
    ['a rule', rule({ more: 1 })],
    ['a window', rule({ windows: [{ from: 1, until: 2, more: 1 }] })],
    ['a zone', { zones: [{ name: 'Arena', gates: ['A'], more: 1 }] }],
    ['attention', { attention: [{ flag: 'child', lane: 'lamp', more: 1 }] }],
    ['a pause', { paused: [{ more: 1 }] }],
    ['the passage', { passage: { annulAfterS: 1, more: 1 } }],
  ])('%s has no unknown member', (_, more) => {
    const value = { ...(encodePolicy(BEFORE) as object), ...more } as CborValue;
    expect(() => decode(value)).toThrow(withCode('ERR_CBOR_UNKNOWN'));
  });
});
