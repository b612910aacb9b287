import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '@pinless-gate/whitelist-builder/cli/program';
import { afterAll, describe, expect, test } from 'vitest';
import { AT, CA_NAME, ca, user, withExtension } from '../../protocol/certificate/authority.ts';
import { crl, entry, flag, normal, scope } from '../../protocol/certificate/crl-authority.ts';
import * as x from '../../protocol/certificate/issue.ts';
import { run } from '../../run.ts';

const directory = mkdtempSync(join(tmpdir(), 'crl-'));
afterAll(() => rmSync(directory, { recursive: true }));
function file(name: string, content: Uint8Array | string) {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}
const pem = (label: string, der: Uint8Array) =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
const missing = join(directory, 'missing');

const CA = file('ca.pem', pem('CERTIFICATE', ca()));
const CRL = file('crl.der', crl());
const USER = file('user.pem', pem('CERTIFICATE', user()));
const REVOKED = file('revoked.der', user({ serial: x.int('0705d991') }));
const at = ['--at', new Date(AT).toISOString()];
const verify = (...argv: readonly string[]) => run(program, 'crl', 'verify', ...argv);
const ask = (crls: readonly string[], ...more: readonly string[]) =>
  verify('--anchor', CA, ...crls.flatMap((path) => ['--crl', path]), ...at, '--cert', ...more);

describe('whitelist crl verify', () => {
  test('good and revoked', async () => {
    expect(await ask([CRL], USER)).toEqual({ code: 0, out: [`${USER}: good`], err: [] });
    expect(await ask([CRL], USER, REVOKED, '--cert', USER)).toEqual({
      code: 1,
      out: [`${USER}: good`, `${USER}: good`, `${REVOKED}: revoked`],
      err: [],
    });
  });

  test('a list in PEM', async () => {
    const path = file('crl.pem', pem('X509 CRL', crl()));
    expect((await ask([path], USER)).code).toBe(0);
  });

  test('--json', async () => {
    const { code, out } = await ask([CRL], USER, REVOKED, missing, '--json');
    expect(code).toBe(1);
    expect(out.map((line) => JSON.parse(line))).toEqual([
      { file: USER, ok: true, status: 'good' },
      { file: REVOKED, ok: false, status: 'revoked' },
      { file: missing, ok: false, status: 'unknown', reason: 'unreadable', of: 'certificate' },
    ]);
  });

  const withExtensions = (...extensions: readonly Uint8Array[]) =>
    crl({ extensions: [...normal.extensions!, ...extensions] });
  const stranger = x.rsaKeys();
  test.each<[string, () => Uint8Array | string, string]>([
    [
      'stale',
      () => crl({ dates: [x.utcTime('261218000000Z'), x.utcTime('261220085959Z')] }),
      'stale',
    ],
    [
      'of tomorrow',
      () => crl({ dates: [x.utcTime('261221000000Z'), x.utcTime('261222000000Z')] }),
      'not-yet-valid',
    ],
    ['without an end', () => crl({ dates: [x.utcTime('261220000000Z')] }), 'no-next-update'],
    ['a delta', () => withExtensions(x.extension('2.5.29.27', x.int('01'), true)), 'delta'],
    ['indirect', () => withExtensions(scope(flag(0x84))), 'indirect'],
    ['for CAs only', () => withExtensions(scope(flag(0x82))), 'scope'],
    [
      'an unknown critical extension',
      () => withExtensions(x.extension('1.2.3', x.int('01'), true)),
      'extension-unknown-critical',
    ],
    ['signed by another key', () => crl({}, stranger), 'signature'],
    ['of another issuer', () => crl({ issuer: x.name(['2.5.4.10', 'X']) }), 'unknown-issuer'],
    ['a certificate', () => ca(), 'malformed'],
    ['empty', () => '', 'malformed'],
    ['an octet short', () => crl().subarray(0, -1), 'malformed'],
  ])('no answer from a list that is not used: %s', async (_, make, reason) => {
    const path = file('one', make());
    expect(await ask([path], USER, REVOKED)).toEqual({
      code: 1,
      out: [`${USER}: unknown (${path}: ${reason})`, `${REVOKED}: unknown (${path}: ${reason})`],
      err: [`${path}: not used (${reason})`],
    });
    // A list that nobody vouches for neither proves anything nor takes anything away.
    const both = await ask([path, CRL], USER, REVOKED, '--json');
    expect(both.out.map((line) => JSON.parse(line).status)).toEqual(['good', 'revoked']);
    expect(both.err).toEqual([`${path}: not used (${reason})`]);
  });

  test('a list that is not there', async () => {
    const { code, out } = await ask([missing], USER, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out[0]!)).toEqual({
      file: USER,
      ok: false,
      status: 'unknown',
      reason: 'unreadable',
      of: 'crl',
      crl: missing,
    });
  });

  test.each([
    ['9', 'good'],
    ['8', 'too-old'],
  ])('--max-age %s: %s', async (hours, outcome) => {
    const { out, code } = await ask([CRL], USER, '--max-age', hours);
    expect(code).toBe(outcome === 'good' ? 0 : 1);
    expect(out[0]).toContain(outcome);
  });

  test('a fresh list of another generation says nothing', async () => {
    const keys = x.rsaKeys();
    const next = { spki: keys.spki, extensions: [x.basicConstraints(true), x.keyUsage(5, 6)] };
    const other = file('next.der', ca(next, keys));
    const list = file('next.crl', crl({ issuer: CA_NAME, extensions: null }, keys));
    const { code, out } = await ask([list], USER, '--anchor', other);
    expect({ code, out }).toEqual({ code: 1, out: [`${USER}: unknown (not-covered)`] });
  });

  test.each<[string, () => Uint8Array, string]>([
    ['of another CA', () => user({}, stranger), 'signature'],
    [
      'expired',
      () => user({ validity: x.seq(x.utcTime('250101000000Z'), x.utcTime('261219000000Z')) }),
      'expired',
    ],
    ['a CA', () => ca(), 'is-a-ca'],
    ['none', () => new Uint8Array(0), 'malformed'],
  ])('no answer about a certificate that does not hold: %s', async (_, make, reason) => {
    const path = file('one', make());
    const { code, out } = await ask([CRL], path);
    expect({ code, out }).toEqual({ code: 1, out: [`${path}: unknown (certificate: ${reason})`] });
  });

  test('what only JPKI asks for is not asked here', async () => {
    const path = file(
      'one',
      user({ subject: x.name(['2.5.4.3', 'somebody']), ...withExtension(x.policies('1.2.3'), 1) }),
    );
    expect((await ask([CRL], path)).code).toBe(0);
  });

  test('a serial number of 20 octets', async () => {
    const serial = `7f${'ff'.repeat(19)}`;
    const list = file('long.crl', crl({ entries: [entry(serial)] }));
    const path = file('one', user({ serial: x.int(serial) }));
    expect(
      (await ask([list], path, USER, '--json')).out.map((line) => JSON.parse(line).status),
    ).toEqual(['revoked', 'good']);
  });

  test.each<[string, readonly string[], string]>([
    ['no anchor', ['--crl', CRL, '--cert', USER], '--anchor is required'],
    ['no list', ['--anchor', CA, '--cert', USER], '--crl is required'],
    ['no certificate', ['--anchor', CA, '--crl', CRL], '--cert is required'],
    [
      'a certificate without its option',
      ['--anchor', CA, '--crl', CRL, USER],
      '--cert is required',
    ],
    [
      'no age',
      ['--anchor', CA, '--crl', CRL, '--cert', USER, '--max-age', '0'],
      '--max-age must be',
    ],
    [
      'half an hour',
      ['--anchor', CA, '--crl', CRL, '--cert', USER, '--max-age', '0.5'],
      '--max-age must be',
    ],
    [
      'a time without a zone',
      ['--anchor', CA, '--crl', CRL, '--cert', USER, '--at', '2026-12-20T09:00'],
      '--at is neither',
    ],
    ['an unknown option', ['--force'], "Unknown option '--force'"],
  ])('wrong usage: %s', async (_, argv, message) => {
    const { code, out, err } = await verify(...argv);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err[0]).toContain(message);
  });

  test.each<[string, () => string, string]>([
    ['not there', () => missing, 'ENOENT'],
    ['none', () => CRL, 'ERR_ANCHOR_MALFORMED'],
  ])('an anchor that is %s ends the command', async (_, make, expected) => {
    const { code, out, err } = await verify('--anchor', make(), '--crl', CRL, '--cert', USER);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err[0]).toContain(`[${expected}]`);
  });
});
