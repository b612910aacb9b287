import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { readEnrolment, requireOwnDeviceKey } from '@pinless-gate/gate-firmware/enrolment-file';
import {
  askAsGate,
  type ConsoleAddress,
  type GateIdentity,
} from '@pinless-gate/gate-firmware/fleet/console-client';
import { type DeliveryParts, deliverKeys } from '@pinless-gate/gate-firmware/fleet/key-delivery';
import { KeyDirectory } from '@pinless-gate/hsm/ceremony/key-directory';
import { type Dispatch, sendKey } from '@pinless-gate/hsm/ceremony/send-key';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { codeOf } from '@pinless-gate/issuer-console/domain/key-desk';
import { keyState } from '@pinless-gate/issuer-console/domain/keys';
import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { encodeJournalUpload, JOURNAL_UPLOAD_TYPE } from '@pinless-gate/protocol/fleet';
import { decodeGateKey } from '@pinless-gate/protocol/gate-key';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { EVENT, invite, officeOf } from '../../unit/issuer-console/enrolling.ts';
import { startConsole, type TestConsole } from '../../unit/issuer-console/fixture.ts';
import { makeToken, type TestToken } from '../hsm/token.ts';

// A gate becomes known to its console, with keys in a real module, however often it is killed on the way.

const GATE = fileURLToPath(new URL('../../../gate-firmware/bin/gate.js', import.meta.url));
let started: TestConsole;
let server: Listening;
let token: TestToken;
/** Paths that were asked for. */
let asked: string[];
/** The console enrols, and its answer never arrives. */
let swallow: boolean;
let directory: string;

beforeAll(async () => {
  [started, token] = await Promise.all([startConsole(), makeToken('pinless-gate')]);
  const fetch = async (request: Request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const response = await started.app.fetch(request);
    if (swallow && pathname === '/api/enrolment') await new Promise(() => {});
    return response;
  };
  server = await listen(
    { ...started.app, fetch, close: () => started.app.close() },
    '127.0.0.1',
    0,
  );
}, 120_000);
afterAll(async () => {
  await server?.close();
  await started?.close();
  await token?.remove();
});

let lane = 0;
beforeEach(async () => {
  await started.clear();
  started.now = Date.now();
  asked = [];
  swallow = false;
  lane++;
  directory = await mkdtemp(join(tmpdir(), 'enrol-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { module, tokenLabel, pinFile, environment } = token.config;
  const variables = Object.entries(environment).map(([name, value]) => `${name} = "${value}"`);
  await writeFile(
    join(directory, 'gate.toml'),
    `[gate]\nenrolment = "enrolment.toml"\n[keys]\ndevice = "device-${lane}"\ntransport = "transport-${lane}"\n` +
      `[hsm]\nmodule = "${module}"\ntoken_label = "${tokenLabel}"\npin_file = "${pinFile}"\n` +
      `[hsm.environment]\n${variables.join('\n')}\n`,
  );
});

const FILE = () => join(directory, 'enrolment.toml');

function start(oneTime: string, ...more: string[]): ChildProcess {
  const argv = [
    'enrol',
    '--config',
    'gate.toml',
    '--console',
    server.url,
    '--token-file',
    '-',
    '--json',
  ];
  const child = spawn(process.execPath, [GATE, ...argv, ...more], { cwd: directory });
  child.stdin!.on('error', () => undefined).end(`${oneTime}\n`);
  return child;
}

async function enrol(oneTime: string, ...more: string[]) {
  const child = start(oneTime, ...more);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close'),
  ]);
  return { code: code as number, out, err };
}

async function labels(): Promise<string[]> {
  const store = await openKeyStore(token.config);
  const keys = await store.keys();
  await store.close();
  return keys
    .map(({ label }) => label)
    .filter((label) => label.endsWith(`-${lane}`))
    .sort();
}

describe('gate enrol', () => {
  test('over TLS; then the console takes what this gate signs, until it is revoked', async () => {
    const tls = await serveTls();
    const { token: oneTime, gateId } = await invite(started);
    const unknown = await enrol(oneTime, '--console', tls.url);
    expect(unknown.err).toMatch(/cannot be reached: \S*SELF_SIGNED\S* \[ERR_CONSOLE_UNREACHABLE\]/);
    const { code, out } = await enrol(oneTime, '--console', tls.url, '--ca', tls.ca);
    expect([code, JSON.parse(out)]).toMatchObject([0, { gateId, gateName: '北ゲート 1' }]);
    expect(await labels()).toEqual([`device-${lane}`, `transport-${lane}`]);
    const [record] = await officeOf(started).gates();
    expect(record?.stated).toMatchObject({ module: { model: 'SoftHSM v2' } });
    // What is read aloud at the gate is what the console holds.
    expect(JSON.parse(out)).toMatchObject({ code: codeOf(record!) });
    expect(record?.stated?.capabilities).toContain('rsa-oaep-sha1+aes-256-kwp');

    const enrolment = await readEnrolment(FILE());
    expect(enrolment.console).toEqual({
      url: new URL(tls.url),
      ca: await readFile(tls.ca, 'utf8'),
    });
    const store = await openKeyStore(token.config);
    onTestFinished(() => store.close());
    await requireOwnDeviceKey(store, `device-${lane}`, enrolment);
    const identity: GateIdentity = {
      gateId: enrolment.gateId,
      sign: (message) => store.sign(`device-${lane}`, message),
      now: () => started.now,
      random: randomBytes,
    };
    await keysThereAndBack(store, enrolment.console, identity);
    const body = encodeJournalUpload({ gateId: enrolment.gateId, entries: [] });
    const request = {
      method: 'POST',
      path: '/api/journal',
      type: JOURNAL_UPLOAD_TYPE,
      body,
    } as const;
    const upload = () => askAsGate(enrolment.console, identity, request);
    expect((await upload()).status).toBe(200);
    await officeOf(started).revoke(gateId);
    await expect(upload()).rejects.toMatchObject({ code: 'ERR_GATE_REVOKED' });
    const other = { ...enrolment, deviceKeyHash: new Uint8Array(32) };
    await expect(requireOwnDeviceKey(store, `device-${lane}`, other)).rejects.toMatchObject({
      code: 'ERR_ENROLMENT_DEVICE_KEY',
    });
    const again = await enrol(oneTime);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('[ERR_ENROLMENT_DONE]')]);
  });

  test('refused once, killed at every step, and after the console had enrolled it: one gate, two keys', async () => {
    const { token: late } = await invite(started, { validMs: 60_000 });
    started.now += 60_000;
    const { token: oneTime, gateId } = await invite(started);
    for (const step of ['making the device key', 'making the transport key']) {
      await killedAt(start(oneTime), step);
      expect(existsSync(FILE())).toBe(false);
    }
    const refused = await enrol(late);
    expect(refused.err).toMatch(/has expired \[ERR_ENROLMENT_EXPIRED\]\n {2}ask for a new token/);
    expect([refused.code, refused.err.includes(late), existsSync(FILE())]).toEqual([
      1,
      false,
      false,
    ]);
    swallow = true;
    const child = start(oneTime);
    await expect.poll(enrolledGates, { timeout: 30_000 }).toBe(1);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(existsSync(FILE())).toBe(false);
    swallow = false;
    const { code, out } = await enrol(oneTime);
    expect([code, JSON.parse(out)]).toMatchObject([0, { gateId }]);
    expect(await labels()).toEqual([`device-${lane}`, `transport-${lane}`]);
    expect(await enrolledGates()).toBe(1);
    expect(existsSync(`${FILE()}.pending`)).toBe(false);
  });

  const enrolledGates = async () =>
    (await officeOf(started).gates()).filter(({ stated }) => stated).length;

  test('a token of another console is not sent, and makes no keys', async () => {
    const { code, err } = await enrol('0'.repeat(40));
    expect([code, err]).toEqual([1, expect.stringContaining('[ERR_ENROLMENT_FOREIGN]')]);
    expect(asked).toEqual(['/api/enrolment/offer']);
    expect(await labels()).toEqual([]);
  });

  test('keys of somebody else are taken on demand only', async () => {
    const store = await openKeyStore(token.config);
    await store.generate(`device-${lane}`, 'device');
    const deviceKey = await store.publicKey(`device-${lane}`);
    await store.close();
    const { token: oneTime } = await invite(started);
    const refused = await enrol(oneTime);
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('[ERR_HSM_KEY_EXISTS]'),
    ]);
    expect(await labels()).toEqual([`device-${lane}`]);
    expect((await enrol(oneTime, '--reuse-keys')).code).toBe(0);
    const hash = (await readEnrolment(FILE())).deviceKeyHash;
    expect(hash).toEqual(new Uint8Array(await crypto.subtle.digest('SHA-256', deviceKey)));
  });
});

/** The event key: wrapped for the gate that enrolled, fetched, taken; after its window destroyed, with the gate's word for it. */
async function keysThereAndBack(
  store: KeyStore,
  console: ConsoleAddress,
  identity: GateIdentity,
): Promise<void> {
  await store.generate('issuer-event', 'event', { transportable: true });
  await store.generate('publisher', 'publisher');
  const office = officeOf(started, [await store.publicKey('publisher')]);
  const [recipient] = await office.recipients();
  const gateKey = decodeGateKey(Buffer.from(recipient!.gateKey!, 'base64'));
  const issuedAt = Math.floor(started.now / 1000);
  const eventId = fromHex(EVENT);
  const dispatch: Dispatch = {
    kind: 'event',
    eventId,
    from: 'issuer-event',
    publisher: 'publisher',
    label: `event-${EVENT}`,
    generation: 1,
    validFrom: issuedAt - 60,
    validUntil: issuedAt + 3600,
    issuedAt,
    soPinFile: join(token.directory, 'token', 'so-pin'),
  };
  const [sent] = await sendKey(store, dispatch, [gateKey]);
  await office.putKeys([Buffer.from(sent!.bytes).toString('base64')]);
  const parts: DeliveryParts = {
    store,
    directory: new KeyDirectory(join(directory, 'keys')),
    console,
    identity,
    labels: { device: `device-${lane}`, transport: `transport-${lane}` },
    eventId,
    publishers: async () => [await store.publicKey('publisher')],
    destroy: true,
  };
  const states = async () => (await office.keys()).map((key) => keyState(key, started.now));
  const stranger = { ...parts, publishers: async () => [await store.publicKey(`device-${lane}`)] };
  const { trouble } = await deliverKeys(stranger);
  expect([trouble?.code, await states()]).toEqual(['ERR_ENVELOPE_SIGNATURE', ['delivered']]);
  expect((await deliverKeys(parts)).taken).toEqual([`event-${EVENT}`]);
  expect((await deliverKeys(parts)).taken).toEqual([]);
  expect(await states()).toEqual(['taken']);
  const same = await store.mac('issuer-event', new Uint8Array(1));
  expect(await store.mac(`event-${EVENT}`, new Uint8Array(1))).toEqual(same);

  await office.orderDestruction(EVENT);
  expect((await deliverKeys(parts)).destroyed).toEqual([]);
  started.now += 3_600_000;
  const early = { ...identity, now: () => started.now - 60_000 };
  expect((await deliverKeys({ ...parts, identity: early })).destroyed).toEqual([]);
  expect((await deliverKeys(parts)).destroyed).toEqual([EVENT]);
  expect(await states()).toEqual(['destroyed']);
  await expect(store.mac(`event-${EVENT}`, new Uint8Array(1))).rejects.toMatchObject({
    code: 'ERR_HSM_KEY_MISSING',
  });
  expect(await deliverKeys(parts)).toEqual({ taken: [], destroyed: [], trouble: undefined });
}

async function killedAt(child: ChildProcess, step: string): Promise<void> {
  for await (const line of createInterface({ input: child.stderr! })) {
    if (line.includes(step)) child.kill('SIGKILL');
    else if (child.exitCode !== null) throw new Error(line);
  }
  if (child.signalCode === null && child.exitCode === null) await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
}

async function serveTls(): Promise<{ url: string; ca: string }> {
  const [key, ca] = [join(directory, 'tls.key'), join(directory, 'tls.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names = ['-subj', '/CN=console', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  execFileSync('openssl', [...made, '-keyout', key, '-out', ca, ...names], { stdio: 'ignore' });
  const tls = createServer(
    { key: await readFile(key), cert: await readFile(ca) },
    getRequestListener(started.app.fetch),
  ).listen(0, '127.0.0.1');
  await once(tls, 'listening');
  onTestFinished(() => {
    tls.closeAllConnections();
    tls.close();
  });
  return { url: `https://127.0.0.1:${(tls.address() as AddressInfo).port}/`, ca };
}
