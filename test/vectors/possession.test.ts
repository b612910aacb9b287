import { createHash } from 'node:crypto';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { possessionMessage, sha256DigestInfo } from '@pinless-gate/protocol/possession';
import { verifyRsaPkcs1, verifyRsaPkcs1Digest } from '@pinless-gate/protocol/signature';
import { describe, expect, test } from 'vitest';
import { readVectors } from './read-vectors.ts';

interface Case {
  readonly unixMs: number;
  readonly nonce: string;
  readonly message: string;
  readonly sha256: string;
  readonly digestInfo: string;
}

describe('protocol.md 1.3, what the card signs', () => {
  const { file, ok } = readVectors<{ eventId: string; gateId: string }, Case>('possession');

  test.each(ok)('$name', ({ unixMs, nonce, message, sha256, digestInfo }) => {
    const computed = possessionMessage({
      eventId: fromHex(file.eventId),
      gateId: fromHex(file.gateId),
      unixMs,
      nonce: fromHex(nonce),
    });
    expect(toHex(computed)).toBe(message);
    const hash = createHash('sha256').update(computed).digest();
    expect(toHex(hash)).toBe(sha256);
    expect(toHex(sha256DigestInfo(hash))).toBe(digestInfo);
  });
});

describe('protocol.md 1.3, the signature of the card', () => {
  const { file, ok, bad } = readVectors<
    { cardSpki: string; message: string },
    { signature: string }
  >('possession-signature');
  const key = fromHex(file.cardSpki);
  const message = fromHex(file.message);
  const digest = createHash('sha256').update(message).digest();
  const holds = (signature: string) => [
    verifyRsaPkcs1(key, 'sha256', message, fromHex(signature)),
    verifyRsaPkcs1Digest(key, 'sha256', digest, fromHex(signature)),
  ];

  test.each(ok)('$name', ({ signature }) => expect(holds(signature)).toEqual([true, true]));
  test.each(bad)('$name: refused', ({ signature }) =>
    expect(holds(signature)).toEqual([false, false]),
  );
});
