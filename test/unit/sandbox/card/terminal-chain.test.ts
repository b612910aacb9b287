import { createPublicKey } from 'node:crypto';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { TerminalChain } from '@pinless-gate/test/sandbox/card/terminal-chain';
import { describe, expect, test } from 'vitest';
import { readVectors } from '../../../vectors/read-vectors.ts';

interface Case {
  readonly certificate: string;
  readonly issuerSpki: string;
  readonly subjectSpki?: string;
  readonly issuerKeyId?: string;
}

const BODY_BLOCK_LENGTH = 307;
const { ok, bad } = readVectors<object, Case>('cvc-jpki');
const [intermediate, institution] = [ok[0]!, ok[1]!];
const ca = {
  keyId: fromHex(intermediate.issuerKeyId!),
  key: createPublicKey({
    key: Buffer.from(intermediate.issuerSpki, 'hex'),
    format: 'der',
    type: 'spki',
  }),
};

function load(chain: TerminalChain, { certificate }: Case): string[] {
  const octets = fromHex(certificate);
  return [
    chain.loadBody(octets.subarray(0, BODY_BLOCK_LENGTH)),
    chain.loadSignature(octets.subarray(BODY_BLOCK_LENGTH)),
  ].map((sw) => sw.toString(16));
}

describe('TerminalChain', () => {
  test('accepts the chain of a second implementation', () => {
    const chain = new TerminalChain(ca);
    expect(load(chain, intermediate)).toEqual(['9000', '9000']);
    expect(chain.terminalKey).toBeUndefined();
    expect(load(chain, institution)).toEqual(['9000', '9000']);
    const spki = chain.terminalKey!.export({ format: 'der', type: 'spki' });
    expect(spki.toString('hex')).toBe(institution.subjectSpki);
  });

  test.each(bad)('refuses a certificate: $name', (one) => {
    const chain = new TerminalChain(ca);
    const [, signature] = load(chain, one);
    expect(signature).not.toBe('9000');
    expect(chain.terminalKey).toBeUndefined();
  });

  test('forgets the chain', () => {
    const chain = new TerminalChain(ca);
    load(chain, intermediate);
    load(chain, institution);
    chain.reset();
    expect(chain.terminalKey).toBeUndefined();
    expect(load(chain, institution)).toEqual(['9000', '6a88']);
  });
});
