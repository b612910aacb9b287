import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeToken, type TestToken } from '../hsm/token.ts';
import { GateProcess, makeLane, makeVenue, type Venue } from './fixture.ts';

// Wrong keys under the right labels (faults.md H7) and two gates on one token (H11): no lane opens.

const EVENT_KEY = 'event-2be552203c4c0f4f0703b037dfbd00e5';
let venue: Venue;
let other: TestToken;

beforeAll(async () => {
  [venue, other] = await Promise.all([makeVenue(), makeToken('pinless-gate')]);
  const store = await openKeyStore(other.config);
  await store.generate('institution', 'institution');
  await store.generate(EVENT_KEY, 'event');
  await store.generate('device', 'device');
  await store.close();
}, 120_000);
afterAll(() => other?.remove());

const lines = (module: string, directory: string) =>
  `module = "${module}"
token_label = "pinless-gate"
pin_file = "${directory}/pin"
[hsm.environment]
SOFTHSM2_CONF = "${directory}/softhsm2.conf"`;

const ofOther = () => lines(other.config.module, join(other.directory, 'token'));

/** The venue's token, for this test alone. */
async function copiedToken(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'token-copy-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  await cp(join(venue.kept, 'token'), directory, { recursive: true });
  const conf = `directories.tokendir = ${join(directory, 'tokens')}\n`;
  await writeFile(join(directory, 'softhsm2.conf'), conf);
  await writeFile(join(directory, 'hsm.toml'), `[hsm]\n${lines(other.config.module, directory)}`);
  return directory;
}

/** What a gate said that did not start. */
async function refused(lane: string): Promise<string> {
  const gate = new GateProcess(lane);
  await expect(gate.started()).rejects.toThrow('gate ended');
  expect((await gate.ended).code).toBe(1);
  return gate.text.join('\n');
}

describe('gate run, with another key under the right label', () => {
  test('event key: its envelope knows its answer', async () => {
    const text = await refused(await makeLane(venue, { hsm: ofOther() }));
    expect(text).toMatch(/^gate run: key "event-\w+" is not the one .* \[ERR_HSM_KEY_CHECK\]/);
  });

  test('event key: the list knows its answer', async () => {
    const text = await refused(await makeLane(venue, { hsm: ofOther(), keys: 'none' }));
    expect(text).toMatch(
      /^gate run: list was converted with another event key \[ERR_BUNDLE_EVENT_KEY\]/,
    );
  });

  test('institution key: the CV certificates know its public key', async () => {
    const text = await refused(
      await makeLane(venue, { hsm: ofOther(), keys: 'none', whitelist: '' }),
    );
    expect(text).toMatch(/^gate run: .* \[ERR_CVC_KEY\]/);
  });

  test('device key: the journal knows who signed it', async () => {
    const directory = await copiedToken();
    const lane = await makeLane(venue, { hsm: lines(other.config.module, directory) });
    const first = new GateProcess(lane);
    await first.started();
    await first.stop();
    const config = await readHsmConfig(join(directory, 'hsm.toml'));
    for (const type of ['privkey', 'pubkey']) {
      const login = ['--login', '--pin', `env:PIN`, '--token-label', config.tokenLabel];
      const remove = ['--delete-object', '--type', type, '--label', 'device'];
      execFileSync('pkcs11-tool', ['--module', config.module, ...login, ...remove], {
        env: {
          ...process.env,
          ...config.environment,
          PIN: (await readFile(config.pinFile, 'utf8')).trim(),
        },
        stdio: 'pipe',
      });
    }
    const store = await openKeyStore(config);
    await store.generate('device', 'device');
    await store.close();
    expect(await refused(lane)).toMatch(
      /^gate run: "device" is not the key .* \[ERR_HSM_KEY_CHANGED\]/,
    );
  });
});

describe('two gates on one token', () => {
  test('the second is refused before it tries the PIN, and starts when the first has gone', async () => {
    const directory = await copiedToken();
    const hsm = lines(other.config.module, directory);
    const [lane, next] = [await makeLane(venue, { hsm }), await makeLane(venue, { hsm })];
    const first = new GateProcess(lane);
    await first.started();
    expect(await refused(next)).toMatch(
      /^gate run: another gate uses the token "pinless-gate", serial \w+ \[ERR_HSM_TOKEN_BUSY\]\n/,
    );
    // Whoever only looks is let in.
    const looking = await openKeyStore(await readHsmConfig(join(directory, 'hsm.toml')));
    expect((await looking.status()).problems).toEqual([]);
    await looking.close();
    await first.stop('SIGKILL');
    await new GateProcess(next).started();
  });
});
