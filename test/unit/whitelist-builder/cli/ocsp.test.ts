import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '@pinless-gate/whitelist-builder/cli/program';
import { afterAll, describe, expect, test } from 'vitest';
import { AT, ca, user } from '../../protocol/certificate/authority.ts';
import { crl, entry } from '../../protocol/certificate/crl-authority.ts';
import * as x from '../../protocol/certificate/issue.ts';
import {
  NONCE,
  OCSP_SIGNING,
  responder,
  response,
  revoked,
  single,
} from '../../protocol/certificate/ocsp-authority.ts';
import { run } from '../../run.ts';

const directory = mkdtempSync(join(tmpdir(), 'ocsp-'));
afterAll(() => rmSync(directory, { recursive: true }));
function file(name: string, content: Uint8Array) {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}
const [CA, USER, RESPONSE] = [file('ca', ca()), file('user', user()), file('good', response())];
const missing = join(directory, 'missing');
const given = ['--anchor', CA, '--response', RESPONSE, '--cert', USER];
const at = ['--at', new Date(AT).toISOString()];
const verify = (...argv: readonly string[]) => run(program, 'ocsp', 'verify', ...argv);

describe('whitelist ocsp verify', () => {
  test('good', async () => {
    const nonce = Buffer.from(NONCE).toString('hex');
    expect(await verify(...given, ...at, '--nonce', nonce)).toEqual({
      code: 0,
      out: [`${USER}: good`],
      err: [],
    });
  });

  test('--json', async () => {
    const { out } = await verify(...given, ...at, '--json');
    expect(JSON.parse(out[0]!)).toEqual({
      ...{ file: USER, ok: true, status: 'good' },
      thisUpdate: '2026-12-20T08:30:00.000Z',
      nextUpdate: '2026-12-20T21:00:00.000Z',
    });
  });

  test.each<[string, string[], string]>([
    ['revoked', ['--response', file('r', response({ singles: [single(revoked())] }))], 'revoked'],
    ['another nonce', ['--nonce', '00'], 'response: nonce-mismatch'],
    ['too old', ['--max-age', '1', '--at', '2026-12-20T09:31:00Z'], 'response: too-old'],
    ['no response', ['--response', missing], 'response: unreadable'],
    ['a response that is none', ['--response', CA], 'response: malformed'],
    ['no certificate', ['--cert', missing], 'wrong usage'],
  ])('%s', async (_, more, says) => {
    const { code, out, err } = await verify(...given, ...at, ...more);
    expect(code).toBe(says === 'wrong usage' ? 2 : 1);
    expect(`${out}${err}`).toContain(says === 'wrong usage' ? 'one certificate' : says);
  });

  test('a responder without nocheck is cleared by a list of the CA, and by no other', async () => {
    const extensions = [x.extendedKeyUsage(OCSP_SIGNING)];
    const der = response({ certificates: [responder({ extensions })] });
    const asked = [...given, ...at, '--response', file('unchecked', der)];
    expect((await verify(...asked)).out[0]).toContain('responder-not-checked');
    expect((await verify(...asked, '--crl', file('crl', crl()))).code).toBe(0);
    const listing = file('listing', crl({ entries: [entry('0900')] }));
    expect((await verify(...asked, '--crl', listing)).out[0]).toContain('responder-revoked');
    const stranger = file('stranger', crl({}, x.rsaKeys()));
    const { out, err } = await verify(...asked, '--crl', stranger, '--crl', missing);
    expect(out[0]).toContain('responder-not-checked');
    expect(err).toEqual([`${stranger}: not used (signature)`, `${missing}: not used (unreadable)`]);
  });

  test('a certificate that does not hold', async () => {
    const { code, out } = await verify(
      ...['--anchor', CA, '--response', RESPONSE, ...at, '--cert', CA],
    );
    expect({ code, out }).toEqual({ code: 1, out: [`${CA}: unknown (certificate: is-a-ca)`] });
  });
});

test.each<[string, string[], string]>([
  ['no anchor', ['verify'], '--anchor is required'],
  ['no response', ['verify', '--anchor', CA], '--response is required'],
  ['no hex', ['verify', ...given, '--nonce', '0'], '--nonce is'],
  ['a nonce of 33', ['verify', ...given, '--nonce', '00'.repeat(33)], '--nonce is'],
  ['no URL', ['check', '--anchor', CA, '--cert', USER], '--url is required'],
  ['a file', ['check', '--anchor', CA, '--cert', USER, '--url', 'file:///x'], '--url is no'],
  [
    'another hash',
    ['check', '--anchor', CA, '--cert', USER, '--url', 'http://x/', '--hash', 'md5'],
    '--hash is',
  ],
  [
    'no time',
    ['check', '--anchor', CA, '--cert', USER, '--url', 'http://x/', '--timeout', '0'],
    '--timeout must be',
  ],
])('wrong usage: %s', async (_, argv, message) => {
  const { code, err } = await run(program, 'ocsp', ...argv);
  expect(code).toBe(2);
  expect(err[0]).toContain(message);
});
