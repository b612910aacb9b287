import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveHsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { newRsaKey } from '@pinless-gate/test/sandbox/jlis/keys';
import { type JlisServer, startJlisServer } from '@pinless-gate/test/sandbox/jlis/server';
import { program } from '@pinless-gate/whitelist-builder/cli/program';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../unit/run.ts';
import { line, purchase } from '../unit/whitelist-builder/fixture.ts';

// The commands as people run them: one J-LIS, one token, one feed of six holders.

const PIN = '4711-0815';
const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';
const DAY_MS = 86_400_000;

let directory: string;
let jlis: Jlis;
let online: JlisServer;
let serials: string[];
let publicKeyPem: string;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'validity-'));
  await mkdir(at('tokens'));
  await writeFile(at('softhsm2.conf'), `directories.tokendir = ${at('tokens')}\n`);
  await writeFile(at('pin'), PIN, { mode: 0o600 });
  const env = { ...process.env, SOFTHSM2_CONF: at('softhsm2.conf') };
  const token = [
    '--init-token',
    '--free',
    '--label',
    'issuer',
    '--pin',
    PIN,
    '--so-pin',
    '87654321',
  ];
  execFileSync('softhsm2-util', token, { env, stdio: 'ignore' });
  const keys = await openKeyStore(resolveHsmConfig(at('event.toml'), HSM));
  await keys.generate(`event-${EVENT_ID}`, 'event');
  await keys.generate('publisher', 'publisher');
  const publisher = Buffer.from(await keys.publicKey('publisher'));
  await writeFile(at('publisher.der'), publisher);
  await keys.close();

  jlis = await Jlis.create(at('jlis'));
  ({ publicKeyPem } = await newRsaKey());
  const soon = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
  };
  const issued = await jlis.issueAll([
    ...Array.from({ length: 5 }, () => ({ publicKeyPem })),
    { publicKeyPem, validity: soon },
  ]);
  serials = issued.map(({ serial }) => serial);
  await jlis.writeRenewals();
  const pem = createPublicKey({ key: publisher, format: 'der', type: 'spki' });
  const requestor = await jlis.issue({
    publicKeyPem: pem.export({ format: 'pem', type: 'spki' }) as string,
  });
  await writeFile(at('requestor.pem'), requestor.pem);
  const purchases = issued.map(({ der }, i) =>
    purchase(i + 1, { holder: { certificate: Buffer.from(der).toString('base64') } }),
  );
  await writeFile(at('feed.ndjson'), purchases.map(line).join(''));
  online = await startJlisServer(at('jlis'));
}, 60_000);

afterAll(async () => {
  await online.close();
  await rm(directory, { recursive: true });
});

const HSM = {
  module: '/usr/lib/softhsm/libsofthsm2.so',
  token_label: 'issuer',
  pin_file: 'pin',
  environment: { SOFTHSM2_CONF: './softhsm2.conf' },
};

async function writeEvent(validity = '', responder = online.url) {
  const day = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
  const ocsp = `[validity]\nsource = "ocsp"\nresponder = "${responder}"\n${validity}\n`;
  await writeFile(
    at('event.toml'),
    `id = "${EVENT_ID}"
name = "冬の音楽祭 2026"
place = "横浜"
starts_at = ${day(30)}
[admission]
from = ${day(29.9)}
until = ${day(30.1)}
[policy]
gates = ["A", "B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
revocation_refuse_after_hours = 36
[[issuers]]
name = "jpki-auth"
certificate = "jlis/ca.pem"
[renewals]
signer = "jlis/renewal-signer.pem"
${validity === 'none' ? '' : ocsp}[hsm]
module = "${HSM.module}"
token_label = "issuer"
pin_file = "pin"
environment = { SOFTHSM2_CONF = "./softhsm2.conf" }
`,
  );
}

async function whitelist(...args: string[]) {
  const { code, out, err } = await run(program, ...args);
  return { code, stderr: err.join('\n'), json: () => JSON.parse(out.join('\n')) };
}
const source = () => ['--feed', at('feed.ndjson'), '--event', at('event.toml')];
const build = (...more: string[]) =>
  whitelist('build', ...source(), '--out', at('bundle'), '--json', ...more);
/** What the last report of a build says. */
const leftOut = async () => {
  const { findings } = JSON.parse(await readFile(at('report.json'), 'utf8'));
  return findings
    .filter(({ kind }: { kind: string }) => kind === 'left-out')
    .sort((a: { line: number }, b: { line: number }) => a.line - b.line)
    .map((one: { purchaseId: string; reason: string }) => `${one.purchaseId} ${one.reason}`);
};
const check = async (...more: string[]) => {
  const done = await whitelist('check', ...source(), '--report', at('report'), '--json', ...more);
  const lines = (await readFile(at('report'), 'utf8')).split('\n').slice(0, -1);
  const reasons = lines.map((one) => {
    const { purchaseId, reason } = JSON.parse(one);
    return `${purchaseId} ${reason}`;
  });
  return { ...done, reasons };
};

test('a build asks about every card; one that was broken off goes on from there', async () => {
  await writeEvent();
  expect((await build()).json()).toMatchObject({ entries: 6, leftOut: 0, unchecked: 0 });
  expect(online.asked).toBe(6);
  expect((await build('--version', '1')).code).toBe(1);
  expect(online.asked).toBe(12);
  const kept = await readFile(at('bundle.answers'));
  expect(kept).toHaveLength(6 * 44);
  for (const serial of serials) expect(kept.includes(Buffer.from(serial, 'hex'))).toBe(false);
  expect((await build()).json()).toMatchObject({ version: 2, entries: 6 });
  expect(online.asked).toBe(12);
  const inspected = await whitelist('inspect', at('bundle'), '--json');
  expect(Date.parse(inspected.json().revocationCheckedAt)).toBeGreaterThan(Date.now() - 60_000);
});

test('who is revoked or on hold is gone in the next version', async () => {
  await jlis.revoke(serials[0]!);
  await jlis.revoke(serials[1]!, 6);
  const built = await build('--report', at('report.json'), '--report', at('report.txt'));
  expect(built.json()).toMatchObject({
    version: 3,
    entries: 4,
    leftOut: 2,
    leftOutReasons: { revoked: 1, 'on-hold': 1 },
    leftOutLines: [1, 2],
    cached: 4,
  });
  expect(await leftOut()).toEqual(['P-1 revoked', 'P-2 on-hold']);
  expect(await readFile(at('report.txt'), 'utf8')).toContain('line 2  P-2: holder: on-hold\n');
  expect((await check()).reasons.slice(0, 2)).toEqual(await leftOut());
});

test('without a fresh signed answer nobody is listed, or nothing is built', async () => {
  online.fault('bad-signature');
  expect((await build()).stderr).toContain('left out: 6 not-proven [ERR_FEED_EMPTY]');
  await writeEvent('unproven = "fail"');
  expect((await build()).stderr).toContain('ERR_VALIDITY_UNREACHABLE');
  online.fault(undefined);
  await writeEvent('unproven = "fail"', 'http://127.0.0.1:1/');
  const { code, stderr } = await build();
  expect(code).toBe(1);
  expect(stderr).toContain('ERR_OCSP_UNREACHABLE');
});

test('requests are signed in the HSM, where the responder wants that', async () => {
  const table = (key: string) => `requestor = { key = "${key}", certificate = "requestor.pem" }`;
  online.fault('wants-signature');
  await writeEvent('unproven = "fail"');
  expect((await build()).stderr).toContain('status-signature-required');
  await writeEvent(table('publisher'));
  expect((await build()).json()).toMatchObject({ entries: 4, leftOut: 2 });
  online.fault(undefined);
});

test('check names purchases whose card cannot enter, without an HSM', async () => {
  await writeEvent();
  await writeFile(at('pin'), 'wrong', { mode: 0o600 });
  await jlis.renew(serials[2]!, publicKeyPem);
  await jlis.renew(serials[3]!, publicKeyPem, false);
  const bad = ['P-1 revoked', 'P-2 on-hold', 'P-4 renewed-without-link'];
  const expires = 'P-6 expires-before-admission';
  for (const where of [at('jlis/renewals.ndjson'), `${online.url}renewals.ndjson`]) {
    const { code, json, reasons } = await check('--renewals', where);
    expect(reasons).toEqual([...bad, expires]);
    expect(json()).toMatchObject({ holders: 6, renewed: 1, cannotEnter: 4 });
    expect(code).toBe(1);
  }
  // Who does not know of renewals sees superseded certificates.
  expect((await check()).reasons).toEqual([
    ...['P-1 revoked', 'P-2 on-hold', 'P-3 revoked', 'P-4 revoked'],
    expires,
  ]);
  online.fault('try-later');
  const { reasons } = await check('--renewals', at('jlis/renewals.ndjson'));
  online.fault(undefined);
  expect(reasons).toContain('P-5 not-proven');
  await writeFile(at('pin'), PIN, { mode: 0o600 });
});

test('a build follows renewals, and takes only those that are signed', async () => {
  const renewals = at('jlis/renewals.ndjson');
  const report = ['--report', at('report.json')];
  const followed = await build('--renewals', renewals, ...report);
  expect(followed.json()).toMatchObject({ entries: 3, leftOut: 3 });
  expect(await leftOut()).toEqual(['P-1 revoked', 'P-2 on-hold', 'P-4 renewed-without-link']);
  expect((await build()).json()).toMatchObject({ entries: 2, leftOut: 4 });
  online.fault('try-later');
  const crl = ['--crl', at('jlis/crl.der')];
  expect((await build(...crl, ...report)).stderr).toContain('ERR_FEED_EMPTY');
  online.fault(undefined);
  await writeFile(at('forged'), `${await readFile(renewals, 'utf8')} `);
  await writeFile(at('forged.sig'), await readFile(`${renewals}.sig`));
  expect((await build('--renewals', at('forged'))).stderr).toContain('ERR_RENEWAL_SIGNATURE');
});

async function renewedFrom(serial: string): Promise<string> {
  const links = (await readFile(at('jlis/renewals.ndjson'), 'utf8')).trim().split('\n').slice(1);
  return links.map((one) => JSON.parse(one)).find((one) => one.old === serial).new;
}

test('watch tells what is new, once, signed, and nothing else', async () => {
  const renewals = ['--renewals', at('jlis/renewals.ndjson')];
  const watch = (...more: string[]) =>
    whitelist('watch', ...source(), '--since', at('state'), '--json', ...renewals, ...more);
  const { code, json } = await watch('--out', at('changes.json'));
  expect(json()).toEqual({ holders: 6, changes: 4, unproven: 0 });
  expect(code).toBe(0);
  const told = await readFile(at('changes.json'), 'utf8');
  const { changes, ...rest } = JSON.parse(told);
  expect(changes.map((one: object) => Object.keys(one))).toEqual(
    Array(4).fill(['purchaseId', 'kind', 'at']),
  );
  expect(
    changes.map((one: { purchaseId: string; kind: string }) => `${one.purchaseId} ${one.kind}`),
  ).toEqual(['P-1 revoked', 'P-2 revoked', 'P-3 renewed', 'P-4 renewed']);
  expect(rest).toMatchObject({ format: 'pinless-gate/changes/1', eventId: EVENT_ID });
  const dgst = ['dgst', '-sha256', '-verify', at('publisher.der'), '-keyform', 'DER'];
  const verified = ['-signature', at('changes.json.sig'), at('changes.json')];
  expect(execFileSync('openssl', [...dgst, ...verified], { encoding: 'utf8' })).toContain('OK');
  const state = await readFile(at('state'), 'utf8');
  for (const serial of serials) {
    expect(told).not.toContain(serial);
    expect(state).not.toContain(serial);
  }

  await jlis.release(serials[1]!);
  const after = { holders: 6, changes: 0, unproven: 0 };
  expect((await watch('--out', at('changes.json'))).json()).toEqual(after);
  await jlis.revoke(serials[1]!, 6);
  expect((await watch('--out', at('changes.json'))).json()).toEqual({ ...after, changes: 1 });
  await jlis.renew(await renewedFrom(serials[2]!), publicKeyPem);
  expect((await watch('--out', at('changes.json'))).json()).toEqual({ ...after, changes: 1 });
  expect(await readFile(at('changes.json'), 'utf8')).toContain('"P-3","kind":"renewed"');
  expect((await watch('--out', at('changes.json'))).json()).toEqual(after);

  await jlis.revoke(serials[4]!);
  const got: string[] = [];
  const vendor = createServer(async (request, response) => {
    for await (const part of request.setEncoding('utf8')) got.push(part);
    response.writeHead(got.length === 1 ? 500 : 200).end();
  }).listen(0, '127.0.0.1');
  await once(vendor, 'listening');
  const { port } = vendor.address() as { port: number };
  const posted = await watch('--webhook', `http://127.0.0.1:${port}/`);
  vendor.close().closeAllConnections();
  expect(posted.json()).toMatchObject({ changes: 1 });
  expect(got).toHaveLength(2);
  expect(got[1]).toContain('"purchaseId":"P-5","kind":"revoked"');
  expect((await watch('--webhook', 'http://127.0.0.1:1/')).json()).toMatchObject({ changes: 0 });
});

test('a CRL besides: what either calls revoked is', async () => {
  await writeEvent('none');
  const crl = ['--crl', at('jlis/crl.der')];
  expect((await check(...crl)).reasons).toContain('P-5 revoked');
  await writeEvent();
  await writeFile(
    at('event.toml'),
    (await readFile(at('event.toml'), 'utf8')).replace('"ocsp"', '"crl"'),
  );
  expect((await build()).stderr).toContain('ERR_VALIDITY_SOURCE');
});
