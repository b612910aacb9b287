import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConsoleConfig } from '@pinless-gate/issuer-console/config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GATE_A, TestGate } from './fixture.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'console-config-'));
  await writeFile(join(directory, 'a.pem'), new TestGate(GATE_A, 'A').pem);
});
afterAll(() => rm(directory, { recursive: true }));

const LISTEN = '[listen]\nport = 8470\n';
const STORE = '[store]\ndirectory = "store"\n';
const BUNDLE = '[bundle]\ndirectory = "bundle"\n';
const GATE = `[[gates]]\nid = "${GATE_A}"\nname = "A"\ndevice_key = "a.pem"\n`;

async function read(text: string) {
  const path = join(directory, 'issuer-console.toml');
  await writeFile(path, text);
  return readConsoleConfig(path);
}

describe('readConsoleConfig', () => {
  test('the least there can be', async () => {
    expect(await read(LISTEN + STORE + BUNDLE)).toEqual({
      host: '127.0.0.1',
      port: 8470,
      store: { directory: join(directory, 'store') },
      bundleDirectory: join(directory, 'bundle'),
      timeZone: 'Asia/Tokyo',
      webhooks: { allow: [], ca: undefined, keepMs: 30 * 86_400_000 },
      silentAfterMs: 300_000,
      gates: [],
      http: { proxies: [] },
      accounts: { secondFactor: 'required' },
      publish: [],
    });
  });

  test('where webhooks may lead', async () => {
    const table =
      '[webhooks]\nallow = ["hooks.internal", "10.0.5.0/24"]\nca = "ca.pem"\nkeep_days = 7';
    const { webhooks } = await read(`${LISTEN}${STORE}${BUNDLE}${table}`);
    const allow = ['hooks.internal', '10.0.5.0/24'];
    expect(webhooks).toEqual({ allow, ca: join(directory, 'ca.pem'), keepMs: 7 * 86_400_000 });
    const wrong = `${LISTEN}${STORE}${BUNDLE}[webhooks]\nallow = ["https://hooks.internal"]`;
    await expect(read(wrong)).rejects.toMatchObject({ code: 'ERR_CONFIG_KEY' });
  });

  test('everything', async () => {
    const text = [
      'time_zone = "Europe/Berlin"',
      '[listen]\nhost = "::1"\nport = 0',
      '[store]\nurl_file = "database-url"',
      BUNDLE,
      '[alarms]\ngate_silent_minutes = 0.5',
      GATE,
    ].join('\n');
    expect(await read(text)).toMatchObject({
      host: '::1',
      store: { urlFile: join(directory, 'database-url') },
      timeZone: 'Europe/Berlin',
      silentAfterMs: 30_000,
      gates: [{ id: GATE_A, name: 'A' }],
    });
  });

  test.each([
    '0.0.0.0',
    '::',
    '192.168.1.1',
    'example.com',
    '127.0.0.1.example.com',
    '::ffff:1.2.3.4',
  ])('refuses to be reached from elsewhere: %s', async (host) => {
    const text = `[listen]\nhost = "${host}"\nport = 1\n${STORE}${BUNDLE}`;
    await expect(read(text)).rejects.toMatchObject({
      code: 'ERR_CONSOLE_NOT_LOOPBACK',
      hint: expect.stringContaining('[http] origin'),
    });
  });

  test.each([
    ['an unknown key', `${LISTEN}prot = 1\n${STORE}${BUNDLE}`, 'ERR_CONFIG_KEY', ':3: listen.prot'],
    ['no port', `[listen]\n${STORE}${BUNDLE}`, 'ERR_CONFIG_KEY', 'listen.port'],
    [
      'a port too high',
      `[listen]\nport = 65536\n${STORE}${BUNDLE}`,
      'ERR_CONFIG_KEY',
      ':2: listen.port',
    ],
    ['no store', LISTEN + BUNDLE, 'ERR_CONFIG_KEY', 'store: '],
    ['both stores', `${LISTEN}${STORE}url_file = "x"\n${BUNDLE}`, 'ERR_CONFIG_KEY', 'store: '],
    ['no bundle', LISTEN + STORE, 'ERR_CONFIG_KEY', 'bundle'],
    [
      'a zone there is not',
      `time_zone = "Mars"\n${LISTEN}${STORE}${BUNDLE}`,
      'ERR_CONFIG_KEY',
      ':1: time_zone',
    ],
    [
      'silence of no length',
      `${LISTEN}${STORE}${BUNDLE}[alarms]\ngate_silent_minutes = 0`,
      'ERR_CONFIG_KEY',
      'gate_silent_minutes',
    ],
    ['a gate twice', LISTEN + STORE + BUNDLE + GATE + GATE, 'ERR_CONFIG_KEY', 'twice'],
    [
      'a gate without a key',
      `${LISTEN}${STORE}${BUNDLE}[[gates]]\nid = "${GATE_A}"\nname = "A"`,
      'ERR_CONFIG_KEY',
      'device_key',
    ],
    [
      'a gate id of another form',
      LISTEN + STORE + BUNDLE + GATE.replace(GATE_A, 'A'),
      'ERR_GATE_ID',
      '32',
    ],
    ['not TOML', 'listen', 'ERR_CONFIG_SYNTAX', ':1:'],
  ])('refuses %s', async (_, text, code, says) => {
    await expect(read(text)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });

  test.each([
    ['its own TLS', 'origin = "https://console.example.jp"\ncertificate = "c"\nkey = "k"\n'],
    ['a proxy', 'origin = "https://console.example.jp"\nproxies = ["10.0.0.5"]\n'],
  ])('is reached from elsewhere with %s', async (_, http) => {
    const text = `[listen]\nhost = "0.0.0.0"\nport = 1\n${STORE}${BUNDLE}[http]\n${http}`;
    expect(await read(text)).toMatchObject({
      host: '0.0.0.0',
      http: { origin: new URL('https://console.example.jp') },
    });
  });

  test.each([
    ['plain HTTP to a name', 'origin = "http://console.example.jp"', 'https://'],
    ['a path', 'origin = "https://console.example.jp/x"', 'path'],
    ['a certificate without its key', 'certificate = "c"', 'key'],
    ['a proxy by name', 'proxies = ["proxy"]', 'not an ip address'],
  ])('[http] refuses %s', async (_, http, says) => {
    await expect(read(`${LISTEN}${STORE}${BUNDLE}[http]\n${http}\n`)).rejects.toMatchObject({
      code: 'ERR_CONFIG_KEY',
      message: expect.stringContaining(says),
    });
  });

  test('a key file that is not there is named', async () => {
    const text = LISTEN + STORE + BUNDLE + GATE.replace('a.pem', 'b.pem');
    await expect(read(text)).rejects.toMatchObject({
      code: 'ENOENT',
      path: expect.stringContaining('b.pem'),
    });
  });
});
