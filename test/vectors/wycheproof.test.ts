import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  verifyEcdsa,
  verifyEcdsaDer,
  verifyRsaPkcs1,
  verifyRsaPss,
} from '@pinless-gate/protocol/signature';
import { describe, expect, test } from 'vitest';

/** Vectors of others, not copied here: see docs/conformance.md. */
const folder = process.env.CONFORMANCE_VECTORS;

interface Group {
  readonly type: string;
  readonly publicKeyDer: string;
  readonly sha: string;
  readonly sLen?: number;
  readonly tests: readonly {
    readonly tcId: number;
    readonly msg: string;
    readonly sig: string;
    readonly result: 'valid' | 'invalid' | 'acceptable';
    readonly flags: readonly string[];
  }[];
}

const HASHES = { 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' } as const;

const FILES = [
  { file: 'rsa_signature_2048_sha256_test.json', verify: verifyRsaPkcs1 },
  { file: 'ecdsa_secp256r1_sha256_p1363_test.json', verify: verifyEcdsa },
  { file: 'ecdsa_secp256r1_sha256_test.json', verify: verifyEcdsaDer },
  { file: 'ecdsa_secp384r1_sha384_p1363_test.json', verify: verifyEcdsa },
  { file: 'ecdsa_secp384r1_sha384_test.json', verify: verifyEcdsaDer },
  { file: 'rsa_pss_2048_sha256_mgf1_32_test.json', verify: verifyRsaPss },
] as const;

const present = FILES.map((one) => ({
  ...one,
  location: path.join(folder ?? '', 'wycheproof', one.file),
})).filter(({ location }) => folder !== undefined && existsSync(location));

if (present.length === 0) {
  console.info(
    folder === undefined
      ? 'Wycheproof vectors not run: CONFORMANCE_VECTORS is not set (docs/conformance.md)'
      : `Wycheproof vectors not run: none in ${folder} (docs/conformance.md)`,
  );
}

describe('Wycheproof', () => {
  test('the vectors are there where their folder is named', () => {
    expect(present.length > 0).toBe(folder !== undefined);
  });

  // `acceptable` is refused too: a signature has one encoding.
  for (const { file, location, verify } of present) {
    test(file, () => {
      const { testGroups } = JSON.parse(readFileSync(location, 'utf8')) as { testGroups: Group[] };
      const disagree: number[] = [];
      let cases = 0;
      for (const { publicKeyDer, sha, tests } of testGroups) {
        const hash = HASHES[sha as keyof typeof HASHES];
        for (const { tcId, msg, sig, result } of tests) {
          const accepted = verify(fromHex(publicKeyDer), hash, fromHex(msg), fromHex(sig));
          if (accepted !== (result === 'valid')) disagree.push(tcId);
          cases++;
        }
      }
      expect(cases).toBeGreaterThan(200);
      expect(disagree).toEqual([]);
    });
  }
});
