import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { newRsaKey } from '@pinless-gate/test/sandbox/jlis/keys';
import { OCSP_FAULTS, type OcspFault } from '@pinless-gate/test/sandbox/jlis/ocsp';
import { type JlisServer, startJlisServer } from '@pinless-gate/test/sandbox/jlis/server';
import { program } from '@pinless-gate/whitelist-builder/cli/program';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../unit/run.ts';

const directory = mkdtempSync(join(tmpdir(), 'ocsp-'));
const at = (name: string) => join(directory, name);
const openssl = async (...args: string[]) => {
  const { stdout, stderr } = await promisify(execFile)('openssl', args);
  return stdout + stderr;
};

let jlis: Jlis;
let server: JlisServer;
let serials: string[];

beforeAll(async () => {
  jlis = await Jlis.create(at('jlis'));
  const { publicKeyPem } = await newRsaKey();
  const issued = await jlis.issueAll([{ publicKeyPem }, { publicKeyPem }, { publicKeyPem }]);
  for (const [i, { pem }] of issued.entries()) writeFileSync(at(`user${i}.pem`), pem);
  serials = issued.map(({ serial }) => serial);
  await jlis.revoke(serials[1]!);
  await jlis.revoke(serials[2]!, 6);
  server = await startJlisServer(at('jlis'));
});

afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const CA = at('jlis/ca.pem');
const [good, revoked, held] = [at('user0.pem'), at('user1.pem'), at('user2.pem')];
const check = (url: string, ...more: string[]) =>
  run(program, 'ocsp', 'check', '--anchor', CA, '--url', url, ...more);

describe('our client', () => {
  test('asks the sandbox’s responder', async () => {
    const { code, out } = await check(server.url, '--cert', good, revoked, held);
    expect(out).toEqual([`${good}: good`, `${revoked}: revoked`, `${held}: hold`]);
    expect(code).toBe(1);
    const sha256 = await check(server.url, '--hash', 'sha256', '--cert', good);
    expect(sha256).toEqual({ code: 0, out: [`${good}: good`], err: [] });
  });

  const REASONS: Record<OcspFault, string> = {
    stale: 'stale',
    future: 'not-yet-valid',
    'other-serial': 'no-answer',
    'other-issuer': 'no-answer',
    'no-nonce': 'nonce-missing',
    'other-nonce': 'nonce-mismatch',
    'two-answers': 'several-answers',
    'end-entity': 'responder-not-authorized',
    'sibling-ca': 'responder-not-issued-by-ca',
    'expired-responder': 'responder-expired',
    'bad-signature': 'signature',
    ber: 'malformed',
    truncated: 'malformed',
    huge: 'ERR_OCSP_LENGTH',
    'try-later': 'status-try-later',
    unknown: '',
    'wants-signature': 'status-signature-required',
  };
  test.each(Object.keys(OCSP_FAULTS) as OcspFault[])('refuses a responder: %s', async (fault) => {
    server.fault(fault);
    const { code, out } = await check(server.url, '--json', '--cert', good);
    server.fault(undefined);
    expect(code).toBe(1);
    const answer = JSON.parse(out[0]!);
    expect(answer).toMatchObject({ ok: false, status: 'unknown' });
    expect(answer.reason ?? '').toBe(REASONS[fault]);
  });

  test('takes an answer without the nonce where that is allowed, and it is fresh', async () => {
    server.fault('no-nonce');
    const { code } = await check(server.url, '--without-nonce', '60', '--cert', good);
    server.fault(undefined);
    expect(code).toBe(0);
  });

  test('nobody listens', async () => {
    const { code, out } = await check('http://127.0.0.1:1/', '--json', '--cert', good);
    expect(code).toBe(1);
    expect(JSON.parse(out[0]!)).toMatchObject({ reason: 'ERR_OCSP_UNREACHABLE' });
  });

  test('somebody listens and never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const url = `http://127.0.0.1:${port}/`;
    const { out } = await check(url, '--timeout', '1', '--json', '--cert', good);
    silent.close();
    expect(JSON.parse(out[0]!)).toMatchObject({ reason: 'ERR_OCSP_TIMEOUT' });
  });
});

describe('openssl as the client of the sandbox', () => {
  const ask = (...more: string[]) =>
    openssl('ocsp', '-issuer', CA, '-CAfile', CA, '-url', server.url, ...more);

  test('reads and believes the answers', async () => {
    const text = await ask('-cert', good, '-cert', revoked, '-cert', held);
    expect(text).toContain('Response verify OK');
    expect(text).not.toContain('no nonce');
    expect(text).toMatch(/user0\.pem: good/);
    expect(text).toMatch(/user1\.pem: revoked/);
    expect(text).toMatch(/certificateHold/);
  });
});

describe('openssl as the responder', () => {
  /** `openssl ca`'s index: V or R, end, time of revocation, serial number, file, name. */
  const index = () => {
    const line = (state: string, revokedAt: string, serial: string) =>
      [state, '301231235959Z', revokedAt, serial.toUpperCase(), 'unknown', '/C=JP'].join('\t');
    writeFileSync(
      at('index.txt'),
      `${[
        line('V', '', serials[0]!),
        line('R', '261101000000Z,keyCompromise', serials[1]!),
        line('R', '261101000000Z,certificateHold', serials[2]!),
      ].join('\n')}\n`,
    );
  };
  const signer = () => [
    '-index',
    at('index.txt'),
    '-CA',
    CA,
    '-rsigner',
    at('jlis/ocsp-responder.pem'),
    '-rkey',
    at('jlis/ocsp-responder-key.pem'),
  ];
  const verify = (response: string, cert: string, ...more: string[]) =>
    run(program, 'ocsp', 'verify', '--anchor', CA, '--response', response, '--cert', cert, ...more);

  test.each([
    ['good', () => good],
    ['revoked', () => revoked],
    ['hold', () => held],
  ])('through files: %s', async (status, cert) => {
    index();
    const request = ['-issuer', CA, '-cert', cert(), '-reqout', at('request.der')];
    await openssl('ocsp', ...request);
    await openssl('ocsp', ...signer(), '-reqin', at('request.der'), '-respout', at('answer.der'));
    const { out } = await verify(at('answer.der'), cert());
    expect(out).toEqual([`${cert()}: ${status}`]);
    // The nonce that openssl drew stands in its request: what follows it, or something else.
    const nonce = readFileSync(at('request.der')).subarray(-16).toString('hex');
    expect((await verify(at('answer.der'), cert(), '--nonce', nonce)).out).toEqual(out);
    const other = await verify(at('answer.der'), cert(), '--nonce', '00'.repeat(16));
    expect(other.out[0]).toContain('nonce-mismatch');
    expect(other.code).toBe(1);
    const late = await verify(at('answer.der'), cert(), '--at', '2027-06-01T00:00:00Z');
    expect(late.out[0]).toMatch(/too-old|expired/);
  });

  test('signed by a holder of a card', async () => {
    index();
    const { privateKeyPem, publicKeyPem } = await newRsaKey();
    writeFileSync(at('holder.pem'), (await jlis.issue({ publicKeyPem })).pem);
    writeFileSync(at('holder-key.pem'), privateKeyPem);
    await openssl('ocsp', '-issuer', CA, '-cert', good, '-reqout', at('request.der'));
    const holder = ['-rsigner', at('holder.pem'), '-rkey', at('holder-key.pem')];
    const answer = ['-reqin', at('request.der'), '-respout', at('answer.der')];
    await openssl('ocsp', '-index', at('index.txt'), '-CA', CA, ...holder, ...answer);
    const { out, code } = await verify(at('answer.der'), good);
    expect(code).toBe(1);
    expect(out[0]).toContain('responder-not-authorized');
  });

  test('as a server, asked by our client', async () => {
    index();
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const child = spawn('openssl', ['ocsp', '-port', String(port), ...signer()], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ready = new Promise<void>((resolve) => {
      const look = (chunk: Buffer) => {
        if (/ACCEPT/.test(chunk.toString())) resolve();
      };
      child.stdout.on('data', look);
    });
    try {
      await Promise.race([ready, once(child, 'exit')]);
      const { out } = await check(`http://127.0.0.1:${port}/`, '--cert', good, revoked, held);
      expect(out).toEqual([`${good}: good`, `${revoked}: revoked`, `${held}: hold`]);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });
});

describe('openssl and CRLs', () => {
  test('openssl verifies the sandbox’s list, and finds on it what we find', async () => {
    const text = await openssl(
      ...['crl', '-inform', 'DER', '-in', at('jlis/crl.der'), '-CAfile', CA, '-noout', '-text'],
    );
    expect(text).toContain('verify OK');
    expect(text.toLowerCase()).toContain(`serial number: ${serials[1]}`.toLowerCase());
    expect(text).toContain('Certificate Hold');
    const crl = ['crl', 'verify', '--anchor', CA, '--crl', at('jlis/crl.der'), '--cert'];
    const { out } = await run(program, ...crl, good, revoked, held);
    expect(out).toEqual([`${good}: good`, `${revoked}: revoked`, `${held}: revoked`]);
  });
});
