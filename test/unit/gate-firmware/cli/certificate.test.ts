import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateVerifyCommand } from '@pinless-gate/gate-firmware/cli/certificate';
import { concat } from '@pinless-gate/protocol/bytes';
import { afterAll, describe, expect, test } from 'vitest';
import { AT, ca, user } from '../../protocol/certificate/authority.ts';
import {
  basicConstraints,
  keyId,
  keyUsage,
  name,
  policies,
  rsaKeys,
  subjectKeyId,
} from '../../protocol/certificate/issue.ts';
import { run } from '../../run.ts';

const directory = mkdtempSync(join(tmpdir(), 'certificate-'));
afterAll(() => rmSync(directory, { recursive: true }));

const pem = (der: Uint8Array, label = 'CERTIFICATE') =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
function file(fileName: string, content: Uint8Array | string) {
  const path = join(directory, fileName);
  writeFileSync(path, content);
  return path;
}

const CA = file('ca.pem', pem(ca()));
const USER = file('user.der', user());
const USER_PEM = file('user.pem', `subject=/CN=somebody\n${pem(user())}`);
const SUBJECT = { subject: name(['2.5.4.3', 'somebody']) };
const at = ['--at', new Date(AT).toISOString()];

const verify = (...argv: readonly string[]) =>
  run(
    {
      name: 'gate',
      usage: 'usage',
      commands: { 'certificate verify': certificateVerifyCommand },
    },
    'certificate',
    'verify',
    ...argv,
  );

describe('gate certificate verify', () => {
  test('DER and PEM, with text before the block', async () => {
    const { code, out, err } = await verify('--anchor', CA, ...at, USER, USER_PEM);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: [`${USER}: ok`, `${USER_PEM}: ok`],
      err: [],
    });
  });

  test('one reason a file, to the last file, and exit code 1', async () => {
    const bad = file('bad.der', user().with(-1, user().at(-1)! ^ 1));
    const missing = join(directory, 'missing');
    const { code, out } = await verify('--anchor', CA, ...at, bad, missing, directory, USER);
    expect(code).toBe(1);
    expect(out).toEqual([
      `${bad}: signature`,
      `${missing}: unreadable`,
      `${directory}: unreadable`,
      `${USER}: ok`,
    ]);
  });

  test('--json: an object a file, the reason only where there is one', async () => {
    const garbage = file('garbage', 'x');
    const { code, out } = await verify('--anchor', CA, ...at, '--json', USER, garbage);
    expect(code).toBe(1);
    expect(out.map((line) => JSON.parse(line))).toEqual([
      { file: USER, ok: true },
      { file: garbage, ok: false, reason: 'malformed' },
    ]);
  });

  const broken = pem(user()).replace('\n', '\n!');
  test.each<[string, Uint8Array | string, string]>([
    ['an empty file', '', 'malformed'],
    ['a line feed after the DER', concat(user(), Uint8Array.of(0x0a)), 'malformed'],
    ['PEM that is no base64', broken, 'malformed'],
    ['PEM that ends early', pem(user()).slice(0, -20), 'malformed'],
    ['PEM of something else', pem(user(), 'X509 CRL'), 'malformed'],
    ['two certificates in a file', pem(user()) + pem(user()), 'malformed'],
    ['a certificate of over 64 KiB', new Uint8Array(65_537).fill(0x30), 'too-long'],
    ['a file of over 256 KiB', new Uint8Array(262_145).fill(0x30), 'too-long'],
    ['a CA', ca(), 'is-a-ca'],
  ])('%s', async (_, content, reason) => {
    const path = file('one', content);
    expect((await verify('--anchor', CA, ...at, path)).out).toEqual([`${path}: ${reason}`]);
  });

  test('a name with a line feed stays on its line', async () => {
    const path = `${directory}/x\n${directory}/y: ok`;
    const { out } = await verify('--anchor', CA, path);
    expect(out).toEqual([`${directory}/x?${directory}/y: ok: unreadable`]);
  });

  test('generations of one name, in files of their own or in one', async () => {
    const keys = rsaKeys();
    const next = ca(
      {
        spki: keys.spki,
        extensions: [basicConstraints(true), keyUsage(5, 6), subjectKeyId(keyId(keys))],
      },
      keys,
    );
    const both = file('both.pem', pem(next) + pem(ca()));
    expect((await verify('--anchor', both, ...at, USER)).code).toBe(0);
    expect((await verify('--anchor', file('n.der', next), '--anchor', CA, ...at, USER)).code).toBe(
      0,
    );
    expect((await verify('--anchor', file('n.der', next), ...at, USER)).out).toEqual([
      `${USER}: authority-key-id`,
    ]);
  });

  test.each([
    ['the first second', '2025-10-27T12:00:00Z', 'ok'],
    ['in another zone', '2025-10-27T21:00:00+09:00', 'ok'],
    ['a second earlier', '2025-10-27T11:59:59Z', 'not-yet-valid'],
    ['Unix seconds', String(Date.UTC(2030, 1, 17, 14, 59, 59) / 1000), 'ok'],
    ['a second later', String(Date.UTC(2030, 1, 17, 15) / 1000), 'expired'],
    ['after the CA', '2040-01-01T00:00:00Z', 'anchor-expired'],
  ])('--at: %s', async (_, time, outcome) => {
    expect((await verify('--anchor', CA, '--at', time, USER)).out).toEqual([`${USER}: ${outcome}`]);
  });

  const other = user({ ...SUBJECT, extensions: [keyUsage(0), policies('1.2.3', '1.2.4')] });
  test.each<[string, readonly string[], string]>([
    ['jpki', [], 'policy'],
    ['jpki with its policy', ['--policy', '1.2.3'], 'subject'],
    ['generic', ['--profile', 'generic'], 'ok'],
    ['generic with a policy', ['--profile', 'generic', '--policy', '1.2.4'], 'ok'],
    ['generic with another', ['--profile', 'generic', '--policy', '1.2.5'], 'policy'],
    [
      'one of several will do',
      ['--profile', 'generic', '--policy', '1.2.5', '--policy', '1.2.3'],
      'ok',
    ],
  ])('--profile and --policy: %s', async (_, options, outcome) => {
    const path = file('other.der', other);
    const { out } = await verify('--anchor', CA, ...at, ...options, path);
    expect(out).toEqual([`${path}: ${outcome}`]);
  });

  test.each<[string, readonly string[], string]>([
    ['no anchor', [USER], '--anchor is missing'],
    ['no file', ['--anchor', CA], 'which certificates?'],
    [
      'an unknown profile',
      ['--anchor', CA, '--profile', 'x', USER],
      'jpki or jpki-signature or generic',
    ],
    [
      'a profile that every object has',
      ['--anchor', CA, '--profile', 'toString', USER],
      'jpki or jpki-signature or generic',
    ],
    ['a policy that is a word', ['--anchor', CA, '--policy', 'any', USER], 'no object identifier'],
    [
      'a time without a zone',
      ['--anchor', CA, '--at', '2026-12-20T18:00', USER],
      '--at is neither',
    ],
    ['no such day', ['--anchor', CA, '--at', '2026-02-30T18:00Z', USER], '--at is neither'],
    ['a date alone', ['--anchor', CA, '--at', '2026-12-20', USER], '--at is neither'],
    ['no time at all', ['--anchor', CA, '--at', '', USER], '--at is neither'],
    ['an unknown option', ['--anchor', CA, '--force', USER], "Unknown option '--force'"],
  ])('wrong usage: %s', async (_, argv, message) => {
    const { code, out, err } = await verify(...argv);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err[0]).toContain(message);
  });

  test.each<[string, () => string, string]>([
    ['that is not there', () => join(directory, 'missing'), 'ENOENT'],
    ['that is none', () => file('no-ca.pem', 'x'), 'ERR_ANCHOR_MALFORMED'],
    [
      'of the test hierarchy',
      () => file('test-ca.der', ca({ subject: name(['2.5.4.10', 'JPKI-TEST']) })),
      'ERR_ANCHOR_TEST',
    ],
  ])('an anchor %s ends the command', async (_, make, code) => {
    const path = make();
    const result = await verify('--anchor', CA, '--anchor', path, USER);
    expect(result).toMatchObject({ code: 1, out: [] });
    expect(result.err[0]).toContain(path);
    expect(result.err[0]).toContain(`[${code}]`);
  });

  test('an anchor that may not sign is a reason', async () => {
    const path = file('weak-ca.der', ca({ extensions: [keyUsage(5)] }));
    expect((await verify('--anchor', path, ...at, USER)).out).toEqual([`${USER}: anchor-not-a-ca`]);
  });
});
