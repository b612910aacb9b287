import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import { describe, expect, test } from 'vitest';
import { readVectors } from './read-vectors.ts';

const { file, ok } = readVectors<
  { institutionKeyPem: string },
  { challenge: string; signature: string }
>('external-authenticate');

describe('protocol.md 1.1, external authentication', () => {
  const privateKey = createPrivateKey(file.institutionKeyPem);
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });

  test.each(ok)('$name', ({ challenge, signature }) => {
    expect(toHex(sign('sha256', fromHex(challenge), privateKey))).toBe(signature);
    expect(verifyRsaPkcs1(spki, 'sha256', fromHex(challenge), fromHex(signature))).toBe(true);
  });

  test.each(ok)('$name: not over another challenge', ({ challenge, signature }) => {
    const other = fromHex(challenge).map((octet) => octet ^ 1);
    expect(verifyRsaPkcs1(spki, 'sha256', other, fromHex(signature))).toBe(false);
  });
});
