import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCardFile, readCardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pem, rsaPair } from './terminal.ts';

const pair = rsaPair();
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const jpki = {
  format: 'pinless-gate/card/1',
  profile: 'jpki',
  scenario: 'normal',
  label: 'JPKIAPICCTOKEN2',
  certificatePem: CERTIFICATE,
  privateKeyPem: pem(pair.privateKey),
  caCertificatePem: CERTIFICATE,
  terminalCa: { keyId: '39'.repeat(16), publicKeyPem: pem(pair.publicKey) },
  pin: '1234',
};

describe('parseCardFile', () => {
  test('takes a card with every option', () => {
    const file = {
      ...jpki,
      atr: '3b80',
      timing: 'none',
      faults: [{ atStep: 'sign', answer: 'leave', nth: 2 }],
      removeAfterStep: 'sign',
      foreign: false,
      refusesTerminal: false,
      certificateNeedsPin: true,
      lastCommandIndicator: true,
    };
    expect(parseCardFile(file)).toEqual(file);
  });

  test.each<[string, object]>([
    ['format', { format: 'pinless-gate/card/2' }],
    ['profile', { profile: 'kazashi' }],
    ['pin', { pin: '12345' }],
    ['pin', { pin: 1234 }],
    ['privateKeyPem', { privateKeyPem: '-----BEGIN RSA PRIVATE KEY-----\n' }],
    ['certificatePem', { certificatePem: '' }],
    ['terminalCa.keyId', { terminalCa: { ...jpki.terminalCa, keyId: '39' } }],
    ['terminalCa.keyId', { terminalCa: { ...jpki.terminalCa, keyId: 'zz'.repeat(16) } }],
    ['faults.0.atStep', { faults: [{ atStep: 'verify', answer: 'leave' }] }],
    ['faults.0.answer', { faults: [{ atStep: 'sign', answer: 'away' }] }],
    ['removeAfterStep', { removeAfterStep: 'verify' }],
    ['colour', { colour: 'pink' }],
    ['date', { date: '2026-11-20' }],
  ])('a wrong %s is named', (key, change) => {
    expect(() => parseCardFile({ ...jpki, ...change }, 'a.json')).toThrow(
      expect.objectContaining({
        code: 'ERR_CARD_FILE',
        message: expect.stringContaining(`a.json: ${key}: `),
      }),
    );
  });

  test.each([null, [], 'card', {}])('%j is no card', (content) => {
    expect(() => parseCardFile(content)).toThrow(
      expect.objectContaining({ code: 'ERR_CARD_FILE' }),
    );
  });
});

describe('readCardFile', () => {
  test('what is not JSON is named', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'card-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'card.json');
    writeFileSync(path, JSON.stringify(jpki).slice(1));
    await expect(readCardFile(path)).rejects.toMatchObject({ code: 'ERR_CARD_FILE' });
  });
});
