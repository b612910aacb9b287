import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGateConfig } from '@pinless-gate/gate-firmware/config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Jlis } from '../../sandbox/jlis/jlis.ts';
import { withCode } from './fixture.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gate-config-'));
  const jlis = await Jlis.create(join(directory, 'jlis'));
  const ca = JSON.parse(await jlis.files.text('surface-ca.json')) as Record<string, string>;
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const files: Record<string, string | object> = {
    'publisher.pem': pem,
    pin: '1234',
    'a.cvc': 'any octets',
    'test-ca.json': { ...ca, keyId: `36${ca.keyId!.slice(2)}` },
    'short-id.json': { ...ca, keyId: '39' },
    'ec-ca.json': { ...ca, publicKeyPem: pem },
    'more.json': { ...ca, more: 1 },
    'text.json': 'not JSON',
  };
  await mkdir(join(directory, 'token'));
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(join(directory, name), text);
  }
}, 60_000);
afterAll(() => rm(directory, { recursive: true }));

const JPKI = 'jpki = { certificates = ["a.cvc"] }';
const ISO = 'iso = { certificates = ["a.cvc"] }';
const kazashi = (file: string, more = '') => `kazashi = { ca = "${file}"${more} }`;

async function read(...card: string[]) {
  const path = join(directory, 'gate.toml');
  const text = `[gate]
id = "76618e77ca140e5e03c02eda4c05a554"
name = "1"
serves = ["B"]
[event]
id = "2be552203c4c0f4f0703b037dfbd00e5"
[hsm]
module = "/usr/lib/softhsm/libsofthsm2.so"
token_label = "x"
pin_file = "pin"
[card]
anchors = ["jlis/ca.pem"]
${card.join('\n')}
[whitelist]
directory = "w"
publishers = ["publisher.pem"]
[journal]
directory = "j"
`;
  await writeFile(path, text);
  return readGateConfig(path);
}

describe('readGateConfig: card profiles', () => {
  test('kazashi alone wants no institution key', async () => {
    const { surface, terminals } = await read(kazashi('jlis/surface-ca.json'));
    expect(surface).toMatchObject({ pinned: false, ca: { publicKey: { bits: 2048 } } });
    expect(terminals.size).toBe(0);
  });

  test('pinned taps are said in so many words', async () => {
    const { surface } = await read(kazashi('jlis/surface-ca.json', ', pinned = true'));
    expect(surface?.pinned).toBe(true);
  });

  test.each([[JPKI], [kazashi('jlis/surface-ca.json')]])('iso goes with %s', async (plastic) => {
    expect((await read(plastic, ISO)).terminals.has('iso')).toBe(true);
  });

  test('jpki and kazashi exclude each other, and both are named', async () => {
    const both = read(JPKI, kazashi('jlis/surface-ca.json'));
    await expect(both).rejects.toThrow(withCode('ERR_CONFIG_KEY'));
    await expect(both).rejects.toThrow(/jpki and kazashi/);
  });

  test('no profile at all', async () => {
    await expect(read()).rejects.toThrow(withCode('ERR_CONFIG_KEY'));
  });

  test.each([
    ['a CA of the test hierarchy', 'test-ca.json'],
    ['a short key id', 'short-id.json'],
    ['a key on a curve', 'ec-ca.json'],
    ['an unknown member', 'more.json'],
    ['no JSON', 'text.json'],
    ['no file', 'missing.json'],
  ])('%s is no surface CA', async (_, file) => {
    await expect(read(kazashi(file))).rejects.toThrow(withCode('ERR_CONFIG_FILE'));
  });
});
