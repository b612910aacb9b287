import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mayHavePasskeys } from '@pinless-gate/issuer-console/credentials/passkey';
import { argon2Passwords } from '@pinless-gate/issuer-console/credentials/password';
import { readSeal, sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { totpCodes } from '@pinless-gate/issuer-console/credentials/totp';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../authenticator.ts';
import { NOW } from '../fixture.ts';

describe('argon2Passwords', () => {
  const passwords = argon2Passwords();

  test('argon2id with the cost that was decided; only the right one fits', async () => {
    const hash = await passwords.hash('correct horse battery');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.verify(hash, 'correct horse battery')).toBe(true);
    expect(await passwords.verify(hash, 'correct horse batterz')).toBe(false);
  });

  test('where there is no hash nothing fits, not even nobody’s password', async () => {
    expect(await passwords.verify(undefined, 'nobody has this password')).toBe(false);
  });

  test('so many wait, and no more', async () => {
    const all = Array.from({ length: 50 }, () => passwords.verify(undefined, 'x'));
    const settled = await Promise.allSettled(all);
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(16);
    expect(refused[0]).toMatchObject({ reason: { code: 'ERR_HTTP_RATE', waitS: 1 } });
  });
});

describe('totpCodes', () => {
  // RFC 6238 appendix B, SHA-1, of whose eight digits the last six are shown here.
  const secret = new TextEncoder().encode('12345678901234567890');
  test.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at %i s', (at, code) => {
    expect(totpCodes.stepOf(secret, code, at * 1000)).toBe(Math.floor(at / 30));
  });

  test('one step to either side, and no further; its number tells a replay', () => {
    const key = totpCodes.newSecret();
    const code = codeOf(totpCodes.format(key), NOW);
    const step = Math.floor(NOW / 30_000);
    expect([-1, 0, 1].map((by) => totpCodes.stepOf(key, code, NOW + by * 30_000))).toEqual([
      step,
      step,
      step,
    ]);
    expect(totpCodes.stepOf(key, code, NOW + 60_000)).toBeUndefined();
    expect(totpCodes.stepOf(key, '12345', NOW)).toBeUndefined();
    expect(key).toHaveLength(20);
  });

  test('the address names issuer and account', () => {
    expect(totpCodes.address(secret, 'hanako')).toMatch(
      /^otpauth:\/\/totp\/pinless-gate:hanako\?issuer=pinless-gate&secret=GEZDGNBV/,
    );
  });
});

describe('sealWith', () => {
  const seal = sealWith(new Uint8Array(32).fill(1));
  const secret = Uint8Array.of(1, 2, 3);

  test('opens what it sealed, for what it was bound to', () => {
    const sealed = seal.seal(secret, 'totp a');
    expect(seal.open(sealed, 'totp a')).toEqual(secret);
    expect(seal.open(sealed, 'totp b')).toBeUndefined();
    expect(sealWith(new Uint8Array(32)).open(sealed, 'totp a')).toBeUndefined();
    expect(seal.seal(secret, 'totp a')).not.toEqual(sealed);
  });

  test('no octet may change, and none be missing', () => {
    const sealed = seal.seal(secret, 'a');
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i]! ^= 1;
      expect(seal.open(changed, 'a')).toBeUndefined();
      expect(seal.open(sealed.subarray(0, i), 'a')).toBeUndefined();
    }
  });

  test('a key file holds 64 hex digits', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'console-seal-'));
    const path = join(directory, 'seal.key');
    await writeFile(path, `${'01'.repeat(32)}\n`);
    expect((await readSeal(path)).open(seal.seal(secret, 'a'), 'a')).toEqual(secret);
    await writeFile(path, 'short');
    await expect(readSeal(path)).rejects.toMatchObject({ code: 'ERR_ACCOUNTS_SEAL_KEY' });
    await rm(directory, { recursive: true });
  });
});

test.each([
  ['https://console.example.jp', true],
  ['http://localhost:8470', true],
  ['https://192.168.1.2', false],
  ['https://[::1]', false],
  ['http://console.example.jp', false],
])('passkeys of %s: %s', (origin, can) => {
  expect(mayHavePasskeys(new URL(origin))).toBe(can);
});
