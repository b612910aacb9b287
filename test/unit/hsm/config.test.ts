import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hsmTable, readHsmConfig, resolveHsmConfig } from '@pinless-gate/hsm/config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const TABLE = {
  module: '/usr/lib/softhsm/libsofthsm2.so',
  token_label: 'gate',
  pin_file: './pin',
};

describe('resolveHsmConfig', () => {
  test('paths are relative to the file, absolute ones stay', () => {
    const config = resolveHsmConfig('/etc/gate/gate.toml', { ...TABLE, token_serial: '00ff' });
    expect(config).toEqual({
      module: '/usr/lib/softhsm/libsofthsm2.so',
      tokenLabel: 'gate',
      tokenSerial: '00ff',
      pinFile: '/etc/gate/pin',
      environment: {},
    });
  });

  test.each([
    ['./softhsm2.conf', '/etc/gate/softhsm2.conf'],
    ['/other/softhsm2.conf', '/other/softhsm2.conf'],
    ['softhsm2.conf', 'softhsm2.conf'],
    ['../up', '../up'],
    ['', ''],
  ])('environment: %j becomes %j', (value, expected) => {
    const config = resolveHsmConfig('/etc/gate/gate.toml', { ...TABLE, environment: { X: value } });
    expect(config.environment).toEqual({ X: expected });
  });
});

describe('hsmTable', () => {
  test.each([
    ['no module', { module: undefined }],
    ['an empty module', { module: '' }],
    ['no PIN file', { pin_file: undefined }],
    ['no label', { token_label: undefined }],
    ['a label of 33 characters', { token_label: 'x'.repeat(33) }],
    ['a serial of 17 characters', { token_serial: 'x'.repeat(17) }],
    ['a PIN in the file itself', { pin: '1234' }],
    ['a number in the environment', { environment: { X: 1 } }],
  ])('refuses %s', (_, change) => {
    expect(hsmTable.safeParse({ ...TABLE, ...change }).success).toBe(false);
  });

  test('a label of 32 characters and a serial of 16', () => {
    const table = { ...TABLE, token_label: 'x'.repeat(32), token_serial: 'x'.repeat(16) };
    expect(hsmTable.safeParse(table).success).toBe(true);
  });
});

describe('readHsmConfig', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hsm-config-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function read(text: string) {
    const path = join(directory, 'gate.toml');
    await writeFile(path, text);
    return readHsmConfig(path);
  }

  test('the tables of others do not matter', async () => {
    const text = '[gate]\nid = 1\n[hsm]\nmodule = "/m.so"\ntoken_label = "t"\npin_file = "pin"\n';
    expect(await read(text)).toMatchObject({ module: '/m.so', pinFile: join(directory, 'pin') });
  });

  test('an unknown key of ours does, and is named with its line', async () => {
    const text = '[hsm]\nmodule = "/m.so"\ntoken_label = "t"\npin_file = "pin"\nslot = 0\n';
    await expect(read(text)).rejects.toMatchObject({
      code: 'ERR_CONFIG_KEY',
      message: expect.stringMatching(/:5: hsm\.slot: unknown key/),
    });
  });

  test('a file without the table', async () => {
    await expect(read('[gate]\n')).rejects.toMatchObject({ code: 'ERR_CONFIG_KEY' });
  });
});
