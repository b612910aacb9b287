import { kindOfLabel, requireKey } from '@pinless-gate/hsm/key-rules';
import type { KeyInfo, KeyKind } from '@pinless-gate/hsm/key-store';
import { describe, expect, test } from 'vitest';

const EVENT: KeyInfo = {
  label: 'event-1',
  id: '00',
  type: 'secret',
  bits: 512,
  sensitive: true,
  extractable: false,
  wrapWithTrusted: false,
  alwaysSensitive: true,
  neverExtractable: true,
  local: true,
  usage: ['sign'],
};
const RSA: KeyInfo = { ...EVENT, label: 'institution', type: 'rsa', bits: 2048 };
const EC: KeyInfo = { ...EVENT, label: 'device', type: 'ec', bits: 256 };

const check = (kind: KeyKind, info: KeyInfo | undefined) => () => requireKey('the-key', kind, info);

describe('requireKey', () => {
  test.each<[KeyKind, KeyInfo]>([
    ['institution', RSA],
    ['event', EVENT],
    ['publisher', EC],
    ['device', EC],
    ['event', { ...EVENT, usage: ['sign', 'verify'] }],
    ['institution', { ...RSA, usage: ['sign', 'sign-recover'] }],
    // Brought from the issuer's module, as event keys will be: it was extractable there.
    ['event', { ...EVENT, local: false, alwaysSensitive: false, neverExtractable: false }],
  ])('%s: fit', (kind, info) => {
    expect(check(kind, info)).not.toThrow();
  });

  test.each<[string, KeyKind, KeyInfo | undefined, string]>([
    ['no such key', 'event', undefined, 'ERR_HSM_KEY_MISSING'],
    ['RSA for an event', 'event', RSA, 'ERR_HSM_KEY_TYPE'],
    ['a secret for a publisher', 'publisher', EVENT, 'ERR_HSM_KEY_TYPE'],
    ['EC for an institution', 'institution', EC, 'ERR_HSM_KEY_TYPE'],
    ['a type we do not know', 'device', { ...EC, type: 'other' }, 'ERR_HSM_KEY_TYPE'],
    ['RSA of 2047 bits', 'institution', { ...RSA, bits: 2047 }, 'ERR_HSM_KEY_SIZE'],
    ['RSA of 3072 bits', 'institution', { ...RSA, bits: 3072 }, 'ERR_HSM_KEY_SIZE'],
    ['a secret of 63 octets', 'event', { ...EVENT, bits: 504 }, 'ERR_HSM_KEY_SIZE'],
    ['another curve', 'device', { ...EC, bits: 0 }, 'ERR_HSM_KEY_SIZE'],
    ['extractable', 'event', { ...EVENT, extractable: true }, 'ERR_HSM_KEY_EXTRACTABLE'],
    ['not sensitive', 'event', { ...EVENT, sensitive: false }, 'ERR_HSM_KEY_SENSITIVE'],
    ['may not sign', 'event', { ...EVENT, usage: ['verify'] }, 'ERR_HSM_KEY_USAGE'],
    ['may nothing', 'device', { ...EC, usage: [] }, 'ERR_HSM_KEY_USAGE'],
    ...['encrypt', 'decrypt', 'wrap', 'unwrap', 'derive'].map(
      (flag): [string, KeyKind, KeyInfo, string] => [
        `may also ${flag}`,
        'institution',
        { ...RSA, usage: ['sign', flag] },
        'ERR_HSM_KEY_USAGE',
      ],
    ),
  ])('%s', (_, kind, info, code) => {
    expect(check(kind, info)).toThrow(expect.objectContaining({ code }));
  });

  test.each<[KeyKind, string]>([
    ['institution', 'hsm institution new --label the-key'],
    ['event', 'hsm event-key new --label the-key'],
    ['publisher', 'hsm publisher new --label the-key'],
    ['device', 'hsm device new --label the-key'],
  ])('%s: the hint says what to run', (kind, command) => {
    const hint = expect.stringContaining(command);
    expect(check(kind, undefined)).toThrow(expect.objectContaining({ hint }));
  });
});

describe('kindOfLabel', () => {
  test.each([
    ['institution', 'institution'],
    ['institution-2', 'institution'],
    ['event-2be552203c4c0f4f0703b037dfbd00e5', 'event'],
    ['publisher', 'publisher'],
    ['device-gate-a', 'device'],
    ['devices', undefined],
    ['my-device', undefined],
    ['', undefined],
  ])('%j: %s', (label, kind) => {
    expect(kindOfLabel(label)).toBe(kind);
  });
});
