import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import {
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  evidenceOf,
  verifyEvidence,
} from '@pinless-gate/issuer-console/domain/evidence';
import type { Stated } from '@pinless-gate/issuer-console/domain/visitor-desk';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { formatCardStatement, statementMessage } from '@pinless-gate/protocol/card-statement';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import { encodeStatementRequest } from '@pinless-gate/protocol/statement-request';
import { beforeAll, describe, expect, test } from 'vitest';
import { holderCertificate, newCa } from '../../whitelist-builder/fixture.ts';

const CONSOLE = '0123456789abcdef0123456789abcdef';
const EVENT = 'e'.repeat(32);
const CLAIMED = {
  consoleId: CONSOLE,
  eventId: EVENT,
  purpose: 'purchase',
  subject: 'W-1',
} as const;
const AT = 1_766_000_000_000;
const CHIP = 'ab'.repeat(32);

let certificate: Uint8Array;
let plain: Evidence;
let captured: Evidence;

/** What the desk hands on, of a statement with or without the chip. */
beforeAll(async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  certificate = new Uint8Array(
    Buffer.from(await holderCertificate(await newCa(), { spki }), 'base64'),
  );
  const request = encodeStatementRequest({
    consoleId: fromHex(CONSOLE),
    eventId: fromHex(EVENT),
    origin: 'https://console.example.jp',
    purpose: 'purchase',
    subjectId: 'W-1',
    lines: ['adult × 1'],
    nonce: new Uint8Array(32),
    issuedAt: AT,
    expiresAt: AT + 1000,
  });
  const stated = (modulusHash?: string): Stated => {
    const message = statementMessage(
      request,
      'signature',
      modulusHash ? fromHex(modulusHash) : undefined,
    );
    const signature = new Uint8Array(sign('sha256', message, privateKey));
    const given = { request, method: 'signature', certificate, signature } as const;
    const surface = { reference: '123456', birthDate: '19800217', signerKeyId: '00'.repeat(16) };
    const kazashi = modulusHash === undefined ? {} : { kazashi: { ...surface, modulusHash } };
    const holder = { serial: '0705d990', issuer: 'jpki-auth', ...kazashi };
    return {
      request,
      statement: JSON.parse(formatCardStatement(given)),
      proven: { method: 'signature', holder },
    } as unknown as Stated;
  };
  plain = evidenceOf(stated(), AT);
  captured = evidenceOf(stated(CHIP), AT);
});

const evidence = (which: 'plain' | 'captured') => (which === 'plain' ? plain : captured);

describe.each(['plain', 'captured'] as const)('evidence, %s', (which) => {
  test('holds after it was kept, also with the certificate in hand', () => {
    const kept = decodeEvidence(encodeEvidence(evidence(which)));
    expect(encodeEvidence(kept)).toEqual(encodeEvidence(evidence(which)));
    expect(verifyEvidence(kept, CLAIMED).lines).toEqual(['adult × 1']);
    expect(verifyEvidence(kept, { ...CLAIMED, certificate }).subjectId).toBe('W-1');
  });

  test('holds neither certificate nor birth date', () => {
    const octets = Buffer.from(encodeEvidence(evidence(which)));
    expect(octets.includes(Buffer.from(certificate.subarray(0, 64)))).toBe(false);
    expect(octets.includes('19800217')).toBe(false);
    const hash = createHash('sha256').update(certificate).digest();
    expect(octets.includes(hash)).toBe(true);
  });

  test.each<[string, Partial<Evidence>, object]>([
    ['of another purchase', {}, { subject: 'W-2' }],
    ['of a handover', {}, { purpose: 'transfer' }],
    ['of another event', {}, { eventId: 'f'.repeat(32) }],
    ['of another console', {}, { consoleId: 'f'.repeat(32) }],
    ['with another certificate in hand', {}, { certificate: new Uint8Array(3) }],
    ['by the other method', { method: 'authentication' }, {}],
    ['with another chip', { modulusHash: new Uint8Array(32) }, {}],
    ['with another signature', { signature: new Uint8Array(256) }, {}],
    ['of a request with one octet more', { request: new Uint8Array(3) }, {}],
  ])('%s does not hold', (_, changed, claimed) => {
    const spoiled = { ...evidence(which), ...changed };
    expect(() => verifyEvidence(spoiled, { ...CLAIMED, ...claimed })).toThrow(
      expect.objectContaining({ code: 'ERR_EVIDENCE' }),
    );
  });
});

test.each([
  ['of another format', { format: 'x', method: 'signature' }],
  ['by no known method', { format: 'pinless-gate/evidence/1', method: 'read' }],
])('what is %s is no evidence', (_, members) => {
  expect(() => decodeEvidence(encodeCbor(members))).toThrow(
    expect.objectContaining({ code: 'ERR_EVIDENCE' }),
  );
});
