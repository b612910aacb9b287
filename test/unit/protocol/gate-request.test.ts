import { generateKeyPairSync, sign } from 'node:crypto';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import {
  formatGateCredential,
  type GateCredential,
  gateRequestMessage,
  isRequestOf,
  parseGateCredential,
} from '@pinless-gate/protocol/gate-request';
import { describe, expect, test } from 'vitest';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const deviceKey = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
const request = { method: 'POST', path: '/api/journal?x=1', body: Uint8Array.of(1, 2, 3) };
const unsigned = {
  gateId: new Uint8Array(16).fill(7),
  at: 1_797_000_000_000,
  nonce: new Uint8Array(16),
};

function credentialOf(more: Partial<GateCredential> = {}): GateCredential {
  const message = gateRequestMessage(request, unsigned);
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return { ...unsigned, signature: new Uint8Array(sign('sha256', message, key)), ...more };
}

const formatError = expect.objectContaining({ name: 'FormatError' });

describe('a signed request', () => {
  test('is its gate’s own, and the header brings it whole', () => {
    const credential = parseGateCredential(formatGateCredential(credentialOf()));
    expect(credential).toEqual(credentialOf({ signature: credential.signature }));
    expect(isRequestOf(deviceKey, request, credential)).toBe(true);
  });

  test('begins with a tag of its own, so that no other signature of the key is one', () => {
    const message = Buffer.from(gateRequestMessage(request, unsigned)).toString('latin1');
    expect(message.startsWith('pinless-gate/gate-request/1\0')).toBe(true);
  });

  test.each<[string, Partial<typeof request>, Partial<GateCredential>]>([
    ['method', { method: 'PUT' }, {}],
    ['path', { path: '/api/journal' }, {}],
    ['body', { body: Uint8Array.of(1, 2) }, {}],
    ['gate', {}, { gateId: new Uint8Array(16) }],
    ['time', {}, { at: unsigned.at + 1 }],
    ['nonce', {}, { nonce: new Uint8Array(16).fill(1) }],
    ['signature', {}, { signature: new Uint8Array(64) }],
  ])('with another %s is not', (_, change, more) => {
    expect(isRequestOf(deviceKey, { ...request, ...change }, credentialOf(more))).toBe(false);
  });
});

describe('parseGateCredential', () => {
  const header = formatGateCredential(credentialOf());
  const scheme = 'PinlessGate ';
  const octets = Buffer.from(header.slice(scheme.length), 'base64');

  test('refuses every prefix', () => {
    for (let length = 0; length < octets.length; length++) {
      const cut = scheme + octets.subarray(0, length).toString('base64');
      expect(() => parseGateCredential(cut)).toThrow(formatError);
    }
  });

  const of = (value: object) =>
    scheme + Buffer.from(encodeCbor({ version: 1, ...value })).toString('base64');
  test.each([
    ['nothing', ''],
    ['another scheme', header.replace('PinlessGate', 'Bearer')],
    ['the scheme in other letters', header.replace('PinlessGate', 'pinlessgate')],
    ['one that is long', `${scheme}${'A'.repeat(600)}`],
    ['base64 with a line break', `${header.slice(0, 40)}\n${header.slice(40)}`],
    ['another version', of({ ...credentialOf(), version: 2 })],
    ['a member too many', of({ ...credentialOf(), more: 1 })],
    ['a short nonce', of({ ...credentialOf(), nonce: new Uint8Array(15) })],
    ['a time before 1970', of({ ...credentialOf(), at: -1 })],
    ['a signature in DER', of({ ...credentialOf(), signature: new Uint8Array(70) })],
  ])('refuses %s', (_, text) => {
    expect(() => parseGateCredential(text)).toThrow(formatError);
  });
});
