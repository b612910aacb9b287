import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The commands as a user types them, from an empty directory to a token with every key.

const HSM = fileURLToPath(new URL('../../../hsm/bin/hsm.js', import.meta.url));
const EVENT = '2be55220-3c4c-0f4f-0703-b037dfbd00e5';
const EVENT_LABEL = 'event-2be552203c4c0f4f0703b037dfbd00e5';

let directory: string;
let config: string;
let pins: string[];

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

function hsm(...argv: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [HSM, ...argv], (error, out, err) => {
      resolve({ exit: error ? Number(error.code) : 0, out, err });
    });
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hsm-cli-'));
  const made = await hsm('init', '--softhsm', join(directory, 'token'), '--label', 'cli', '--json');
  expect(made).toMatchObject({ exit: 0 });
  config = JSON.parse(made.out).config;
  pins = await Promise.all(
    ['pin', 'so-pin'].map(async (name) =>
      (await readFile(join(directory, 'token', name), 'utf8')).trim(),
    ),
  );
});
afterAll(() => rm(directory, { recursive: true }));

describe('hsm init', () => {
  test('two PINs that only their owner can read, and in no other file', async () => {
    expect(pins[0]).toMatch(/^[\w-]{32}$/);
    expect(pins[1]).toMatch(/^[\w-]{32}$/);
    expect(pins[0]).not.toBe(pins[1]);
    for (const name of ['pin', 'so-pin']) {
      expect((await stat(join(directory, 'token', name))).mode & 0o777).toBe(0o600);
    }
    const text = await readFile(config, 'utf8');
    for (const pin of pins) expect(text).not.toContain(pin);
  });

  test('a second time: nothing is overwritten', async () => {
    const before = await readFile(config, 'utf8');
    const { exit, err } = await hsm('init', '--softhsm', join(directory, 'token'));
    expect(exit).toBe(1);
    expect(err).toContain('[ERR_HSM_FILE_EXISTS]');
    expect(await readFile(config, 'utf8')).toBe(before);
  });

  test.each(['--out', '--softhsm'])(
    'a module that cannot be loaded leaves nothing in %s',
    async (place) => {
      const other = join(directory, 'other');
      const { exit, err } = await hsm('init', '--module', config, place, other);
      expect(exit).toBe(1);
      expect(err).toContain('[ERR_HSM_MODULE]');
      expect(await readdir(other)).toEqual([]);
    },
  );
});

describe('hsm … new', () => {
  test.each([
    ['institution', 'rsa'],
    ['publisher', 'ec'],
    ['device', 'ec'],
  ])('%s', async (kind, type) => {
    const { exit, out } = await hsm(kind, 'new', '--config', config, '--json');
    expect(exit).toBe(0);
    const key = JSON.parse(out);
    expect(key).toMatchObject({ label: kind, kind, type, extractable: false });
    expect(createPublicKey(key.publicKeyPem).asymmetricKeyType).toBe(type);
  });

  test('event-key', async () => {
    const { exit, out } = await hsm(
      'event-key',
      'new',
      '--event',
      EVENT,
      '--config',
      config,
      '--json',
    );
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ label: EVENT_LABEL, kind: 'event', bits: 512 });
    expect(JSON.parse(out)).not.toHaveProperty('publicKeyPem');
  });

  test('a key that exists is not replaced', async () => {
    const { exit, out, err } = await hsm('institution', 'new', '--config', config);
    expect(exit).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(/^hsm institution new: .* \[ERR_HSM_KEY_EXISTS\]\n {2}\S/);
  });

  test('a label that no command line can hold', async () => {
    const { exit, err } = await hsm('device', 'new', '--label', 'a b', '--config', config);
    expect(exit).toBe(1);
    expect(err).toContain('[ERR_HSM_LABEL]');
  });
});

describe('hsm public-key', () => {
  test('PEM on standard output and in a file', async () => {
    const file = join(directory, 'institution.pem');
    const shown = await hsm('public-key', 'institution', '--config', config);
    expect(await hsm('public-key', 'institution', '--config', config, '--out', file)).toMatchObject(
      {
        exit: 0,
        out: '',
      },
    );
    expect(await readFile(file, 'utf8')).toBe(shown.out);
    expect(createPublicKey(shown.out).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
  });

  test('an event key has none', async () => {
    const { exit, err } = await hsm('public-key', EVENT_LABEL, '--config', config);
    expect(exit).toBe(1);
    expect(err).toContain('[ERR_HSM_KEY_TYPE]');
  });
});

describe('hsm status and selftest', () => {
  test('everything is as it must be, and no PIN is shown', async () => {
    for (const command of ['status', 'selftest']) {
      for (const more of [[], ['--json']]) {
        const { exit, out, err } = await hsm(command, '--config', config, ...more);
        expect({ exit, err }).toEqual({ exit: 0, err: '' });
        expect(out).toContain(EVENT_LABEL);
        for (const pin of pins) expect(out).not.toContain(pin);
      }
    }
  });

  test('a wrong PIN: one line, one next action, no PIN', async () => {
    const wrong = join(directory, 'wrong.toml');
    const text = await readFile(config, 'utf8');
    await writeFile(join(directory, 'wrong-pin'), 'not-the-pin\n', { mode: 0o600 });
    await writeFile(
      wrong,
      text
        .replace('"./pin"', '"./wrong-pin"')
        .replace('"./softhsm2.conf"', JSON.stringify(join(directory, 'token/softhsm2.conf'))),
    );
    const { exit, out, err } = await hsm('status', '--config', wrong, '--json');
    expect(exit).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(
      /^hsm status: C_Login: CKR_PIN_INCORRECT \[ERR_HSM_PIN\]\n {2}put the right PIN/,
    );
    expect(err).not.toContain('not-the-pin');
    // The right one clears the token's count.
    expect((await hsm('status', '--config', config)).out).toContain('a wrong PIN was tried');
    expect((await hsm('status', '--config', config)).out).not.toContain('a wrong PIN was tried');
  });
});
