import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { formTokenOf } from '@pinless-gate/issuer-console/domain/session';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { BUSY_MS } from '../../../busy.ts';
import { firstSignIn } from '../accounts.ts';
import { eventOf } from '../events.ts';
import { GATE_A, GATE_B, publish, TestGate } from '../fixture.ts';
import { startReceiver } from '../webhooks/receiver.ts';

const BIN = fileURLToPath(
  new URL('../../../../issuer-console/bin/issuer-console.js', import.meta.url),
);
const MIGRATIONS = readdirSync(
  new URL('../../../../issuer-console/migrations', import.meta.url),
).filter((name) => name.endsWith('.sql')).length;
const gate = new TestGate(GATE_A, 'A');
const second = new TestGate(GATE_B, 'B');
let directory: string;
let config: string;
let running: ChildProcess | undefined;
/** The password that the administrator was given. */
let given: string;
let cookie: string | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'console-serve-'));
  config = join(directory, 'issuer-console.toml');
  await writeFile(join(directory, 'seal.key'), '7'.repeat(64));
  await writeFile(join(directory, 'a.pem'), gate.pem);
  await writeFile(join(directory, 'b.pem'), second.pem);
  await writeFile(join(directory, 'c.pem'), new TestGate('ab'.repeat(16), 'C').pem);
  await publish(join(directory, 'bundle'));
  await writeFile(
    config,
    `[listen]\nport = 0\n[store]\ndirectory = "store"\n[bundle]\ndirectory = "bundle"\n` +
      `[enrolment]\npublishers = ["b.pem"]\n[accounts]\nsecond_factor = "offered"\nseal_key_file = "seal.key"\n` +
      `[webhooks]\nallow = ["127.0.0.1"]\n` +
      `[[gates]]\nid = "${GATE_A}"\nname = "A"\ndevice_key = "a.pem"\n`,
  );
  // What a start that was killed half-way leaves.
  await mkdir(join(directory, 'store', 'pgdata.new'), { recursive: true });
  await writeFile(join(directory, 'store', 'pgdata.new', 'PG_VERSION'), '18');
  const { status, stdout, stderr } = run('migrate', '--json');
  const added = run('operator', 'add', '--name', 'admin', '--json');
  given = (JSON.parse(added.stdout) as { password: string }).password;
  expect([status, JSON.parse(stdout)]).toEqual([0, { applied: MIGRATIONS }]);
  expect(stderr).toContain('not a power cut');
}, 60_000);

afterAll(() => rm(directory, { recursive: true }));

async function kill() {
  if (running?.exitCode === null && running.kill('SIGKILL')) await once(running, 'exit');
  running = undefined;
}

function run(...command: string[]) {
  return spawnSync(process.execPath, [BIN, ...command, '--config', config], { encoding: 'utf8' });
}

async function serve() {
  const child = spawn(process.execPath, [BIN, 'serve', '--json', '--config', config]);
  running = child;
  const [line] = await once(child.stdout, 'data');
  const { url } = JSON.parse(String(line)) as { url: string };
  const exited = once(child, 'exit');
  return { child, url, exited };
}

/** Of the administrator, who sets a password of their own at the first time. */
async function session(url: string): Promise<string> {
  cookie ??= await firstSignIn(url, 'admin', given);
  return cookie;
}

/** The request exactly as given: no client that tidies paths. */
async function raw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  return readText(socket);
}

describe('issuer-console serve', () => {
  afterEach(kill);

  test('what was received is there after kill -9 and a new start', async () => {
    gate.admit();
    const first = await serve();
    const answer = await fetch(
      new URL('/api/journal', first.url),
      gate.upload(gate.entries, { at: Date.now() }),
    );
    expect(await answer.json()).toEqual({ sequence: 1 });
    first.child.kill('SIGKILL');
    await first.exited;
    gate.admit();
    const next = await serve();
    const again = await fetch(
      new URL('/api/journal', next.url),
      gate.upload(gate.entries.slice(1), { at: Date.now() }),
    );
    expect([again.status, await again.json()]).toEqual([200, { sequence: 2 }]);
  }, 30_000);

  test('a webhook that was sent and not noted is sent again after kill -9, with its id', async () => {
    const receiver = await startReceiver();
    try {
      const first = await serve();
      const sent = async (path: string, body: object) => {
        const cookie = await session(first.url);
        const headers = {
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          'form-token': formTokenOf(cookie.slice('session='.length)),
          cookie,
        };
        const init = { method: 'POST', headers, body: JSON.stringify(body) };
        const response = await fetch(new URL(path, first.url), init);
        expect([path, response.status]).toEqual([path, 201]);
        return (await response.json()) as { id: string };
      };
      const { id: vendorId } = await sent('/api/v1/vendors', { name: 'V' });
      const hook = { vendorId, url: receiver.url, types: ['event.added'] };
      await sent('/api/v1/webhooks', hook);
      receiver.answer = async () => {
        first.child.kill('SIGKILL');
        await first.exited;
        return 204;
      };
      // It may be killed before it has answered: the event is there all the same.
      await Promise.allSettled([sent('/api/v1/events', eventOf('e'.repeat(32), vendorId))]);
      await first.exited;
      receiver.answer = () => 204;
      await serve();
      await vi.waitUntil(() => receiver.received.length > 1, { timeout: 60_000 });
      const [before, after] = receiver.received;
      expect(after).toMatchObject({ id: before!.id, body: before!.body });
    } finally {
      await receiver.close();
    }
  }, 120_000);

  test('other commands go through it, by a socket that its owner alone may open', async () => {
    const socket = join(directory, 'store', 'control.sock');
    const first = await serve();
    first.child.kill('SIGKILL');
    await first.exited;
    await stat(socket); // left behind: the next start takes its place
    const { child, exited } = await serve();
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    const invited = run('gate', 'invite', '--name', '南ゲート', '--valid', '2h', '--json');
    const { token, gateId } = JSON.parse(invited.stdout) as Record<string, string>;
    expect([invited.status, token]).toEqual([0, expect.stringMatching(/^(\w{5}-){7}\w{5}$/)]);
    const listed = run('gate', 'list', '--json');
    const gates = JSON.parse(listed.stdout) as { name: string; standing: string }[];
    expect(gates.map(({ name, standing }) => [name, standing])).toEqual([
      ['A', 'configured'],
      ['南ゲート', 'invited'],
    ]);
    const refused = run('gate', 'invite', '--name', 'a\nb');
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/^issuer-console gate invite: .* \[ERR_GATE_NAME\]\n$/);
    expect(run('gate', 'revoke', gateId!).stdout).toContain('withdrawn');
    expect(run('gate', 'revoke', gateId!).status).toBe(1);
    child.kill('SIGTERM');
    await exited;
    const after = JSON.parse(run('gate', 'show', gateId!, '--json').stdout) as { standing: string };
    expect(after.standing).toBe('withdrawn');
    expect(run('keys', 'report').stderr).toContain('no keys were put for gates');
    // Two consoles were killed on the way: the chain is whole, and what they did is in it.
    expect(run('audit', 'verify').stdout).toMatch(/^whole, ends with \d+:[0-9a-f]{64}\n$/);
    expect(run('audit', 'show').stdout).toMatch(/operator\.added.*invitation\.withdrawn/s);
  }, 60_000);

  test('ends in order within two seconds of SIGTERM, live pages and half requests open', async () => {
    const { child, url, exited } = await serve();
    const headers = { cookie: await session(url) };
    const live = await fetch(new URL('/live', url), { headers });
    const half = connect(Number(new URL(url).port), '127.0.0.1');
    half.on('error', () => half.destroy());
    half.write('POST /api/journal HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n');
    const reader = live.body!.getReader();
    await reader.read();
    const started = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - started).toBeLessThan(2000 + BUSY_MS);
    half.destroy();
  }, 30_000);
});

describe('issuer-console serve, while it runs', () => {
  let url: string;
  beforeAll(async () => {
    url = (await serve()).url;
  }, 30_000);
  afterAll(kill);

  test('a client that goes away gives its live place back', async () => {
    const abort = new AbortController();
    const headers = { cookie: await session(url) };
    const live = await fetch(new URL('/live', url), { headers, signal: abort.signal });
    await live.body!.getReader().read();
    const watchers = async () =>
      /live_pages (\d+)/.exec(await (await fetch(new URL('/metrics', url))).text())?.[1];
    expect(await watchers()).toBe('1');
    abort.abort();
    await expect.poll(watchers).toBe('0');
  });

  test('no way of writing a path leads out of the bundle', async () => {
    const paths = [
      '/bundle/../issuer-console.toml',
      '/bundle/..%2fissuer-console.toml',
      '/bundle/%2e%2e/issuer-console.toml',
      '/bundle/..;/issuer-console.toml',
      '/bundle//issuer-console.toml',
      '//bundle/../issuer-console.toml',
      '/bundle/..\\issuer-console.toml',
      '/bundle/latest/../../issuer-console.toml',
    ];
    for (const path of paths) {
      const answer = await raw(
        url,
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(answer).not.toContain('listen');
    }
  });

  test('limits what a client may send', async () => {
    const many = 'X-A: b\r\n'.repeat(5000);
    const headers = await raw(url, `GET / HTTP/1.1\r\nHost: localhost\r\n${many}\r\n`);
    expect(headers).toMatch(/^HTTP\/1\.1 431 /);
    const host = await raw(
      url,
      'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(host).toMatch(/^HTTP\/1\.1 421 /);
  });

  test('a feed is exported through it', () => {
    const { status, stderr } = run('feed', 'export', '--event', 'f'.repeat(32), '--out', 'feed');
    expect([status, stderr]).toEqual([1, expect.stringContaining('[ERR_EVENT_UNKNOWN]')]);
  }, 30_000);

  test('a gate is added through it, once', () => {
    const id = 'ab'.repeat(16);
    const key = join(directory, 'c.pem');
    const add = ['gate', 'add', '--id', id, '--name', 'C', '--device-key', key];
    const first = run(...add, '--json');
    expect([first.status, JSON.parse(first.stdout)]).toEqual([0, expect.objectContaining({ id })]);
    const again = run(...add);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('[ERR_GATE_EXISTS]')]);
  }, 30_000);

  test('another program on the same store is refused', async () => {
    const { status, stderr } = run('migrate');
    expect([status, stderr]).toEqual([1, expect.stringContaining('[ERR_LOCKED]')]);
  }, 30_000);
});

describe('issuer-console gate add', () => {
  const key = () => join(config, '..', 'b.pem');

  test('enrols a gate once', () => {
    const add = ['gate', 'add', '--id', GATE_B, '--name', 'B', '--device-key', key()];
    const { status, stdout } = run(...add, '--json');
    expect([status, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ id: GATE_B })]);
    const again = run(...add);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('[ERR_GATE_EXISTS]')]);
  }, 30_000);

  test.each([
    ['without a key', ['--id', GATE_B, '--name', 'B'], 2, 'ERR_USAGE'],
    ['with an option there is not', ['--color'], 2, 'ERR_USAGE'],
    [
      'with a key that is not there',
      ['--id', GATE_B, '--name', 'B', '--device-key', '/nowhere.pem'],
      1,
      'ENOENT',
    ],
  ])('%s', (_, options, code, says) => {
    const { status, stderr } = run('gate', 'add', ...options);
    expect([status, stderr]).toEqual([code, expect.stringContaining(says)]);
  });
});
