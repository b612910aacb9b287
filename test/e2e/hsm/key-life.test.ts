import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { decodeEnvelope } from '@pinless-gate/protocol/key-envelope';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeToken, type TestToken } from './token.ts';

// The event's key from its making to its destruction, by the commands that people type.

const HSM = fileURLToPath(new URL('../../../hsm/bin/hsm.js', import.meta.url));
const EVENT = '2be552203c4c0f4f0703b037dfbd00e5';
const GATE = '76618e77ca140e5e03c02eda4c05a554';
const OTHER_GATE = '9d1f0a53c8f24b7ea06c3b5a7711e2c4';
const LABEL = `event-${EVENT}`;
const OPEN = ['--from', '2026-01-01T00:00:00Z', '--until', '2099-12-31T00:00:00Z'];
let issuer: TestToken;
let gate: TestToken;

beforeAll(async () => {
  [issuer, gate] = await Promise.all([makeToken('issuer'), makeToken('gate')]);
  await appendFile(issuer.configFile, '\n[ceremony]\napprovals = 0\n');
  const publishers = `[whitelist]\npublishers = ["${join(issuer.directory, 'publisher.pem')}"]\n`;
  const identity = `[gate]\nid = "${GATE}"\n[event]\nid = "${EVENT}"\n${publishers}`;
  await appendFile(gate.configFile, `\n[ceremony]\napprovals = 0\n${identity}`);
  await at(issuer, 'publisher', 'new');
  await at(issuer, 'public-key', 'publisher', '--out', 'publisher.pem');
  await at(issuer, 'event-key', 'new', '--event', EVENT, '--transportable');
  await at(gate, 'device', 'new');
  await at(gate, 'public-key', 'device', '--out', 'device.pem');
  await at(gate, 'transport', 'new');
  await at(gate, 'transport', 'export', '--out', join(issuer.directory, 'gate.key'));
}, 120_000);
afterAll(async () => {
  await issuer?.remove();
  await gate?.remove();
});

/** A command of `hsm` in the token's directory; rejects with what it said. */
async function at(token: TestToken, ...argv: readonly string[]): Promise<string> {
  const options = { cwd: token.directory };
  const all = [HSM, ...argv, '--config', token.configFile];
  return (await promisify(execFile)(process.execPath, all, options)).stdout;
}

const refusal = (code: string) => ({ code: 1, stderr: expect.stringContaining(`[${code}]`) });
const soPin = () => join(dirname(issuer.configFile), 'so-pin');
const wrap = (...more: readonly string[]) =>
  at(issuer, 'event-key', 'wrap', '--event', EVENT, ...more, '--out', 'envelopes');
const sealed = (generation = '') =>
  join(issuer.directory, 'envelopes', `${GATE}.${LABEL}${generation}.envelope`);

async function idAt(token: TestToken, label = LABEL): Promise<string> {
  const store = await openKeyStore(token.config);
  const id = await new Converter(store, label).eventKeyId(fromHex(EVENT));
  await store.close();
  return toHex(id);
}

test('wrapped, taken, rotated, destroyed, reported', async () => {
  // Not without the security officer.
  await expect(wrap('--gate-key', 'gate.key', ...OPEN)).rejects.toMatchObject(
    refusal('ERR_HSM_KEY_UNTRUSTED'),
  );
  const officer = ['--so-pin-file', soPin()];
  const wrapped = await wrap('--gate-key', 'gate.key', ...OPEN, ...officer, '--json');
  expect(JSON.parse(wrapped)).toMatchObject({
    gate: GATE,
    label: LABEL,
    generation: 1,
    mechanism: 'rsa-oaep-sha1+aes-256-kwp',
    validUntil: '2099-12-31T00:00:00.000Z',
  });

  // What is delivered is bound to its gate, and opens there once.
  await expect(
    at(gate, 'event-key', 'unwrap', sealed(), '--gate', OTHER_GATE),
  ).rejects.toMatchObject(refusal('ERR_ENVELOPE_GATE'));
  const taken = await at(gate, 'event-key', 'unwrap', sealed(), '--json');
  expect(JSON.parse(taken)).toMatchObject({ sensitive: true, extractable: false });
  await expect(at(gate, 'event-key', 'unwrap', sealed())).rejects.toMatchObject(
    refusal('ERR_ENVELOPE_TAKEN'),
  );
  expect(await idAt(gate)).toBe(await idAt(issuer));
  expect(toHex(decodeEnvelope(await readFile(sealed())).envelope.keyId)).toBe(await idAt(gate));

  // A second generation beside the first; then the first does not come back.
  const second = ['--generation', '2'];
  await at(issuer, 'event-key', 'new', '--event', EVENT, '--transportable', ...second);
  await wrap('--gate-key', 'gate.key', ...OPEN, ...officer, ...second);
  await at(gate, 'event-key', 'unwrap', sealed('-2'));
  expect(await idAt(gate, `${LABEL}-2`)).not.toBe(await idAt(gate));

  // Both go, and the gate's word for it is signed.
  const records = join(issuer.directory, 'records');
  await mkdir(records);
  await cp(sealed(), join(records, 'not-a-record'));
  await writeFile(
    join(issuer.directory, 'gates.toml'),
    [GATE, OTHER_GATE]
      .map(
        (id) =>
          `[[gates]]\nid = "${id}"\nname = "${id}"\ndevice_key = "${gate.directory}/device.pem"\n`,
      )
      .join(''),
  );
  const report = ['--event', EVENT, '--gates', 'gates.toml', '--records', 'records', '--json'];
  const run = (token: TestToken) =>
    promisify(execFile)(process.execPath, [HSM, 'event-key', 'report', ...report], {
      cwd: token.directory,
    });
  await at(gate, 'event-key', 'destroy', '--event', EVENT, '--out', join(records, 'gate'));
  const failed = await run(issuer).catch((error: { stdout: string; stderr: string }) => error);
  expect(JSON.parse(failed.stdout)).toMatchObject({
    complete: false,
    gates: [
      { gate: GATE, outcome: 'destroyed' },
      { gate: OTHER_GATE, outcome: 'no-answer' },
    ],
  });
  expect(failed.stderr).toContain('not-a-record');
  await expect(at(gate, 'event-key', 'unwrap', sealed('-2'))).rejects.toMatchObject(
    refusal('ERR_ENVELOPE_DESTROYED'),
  );
  const store = await openKeyStore(gate.config);
  expect((await store.keys()).map(({ label }) => label)).toEqual(['device', 'transport']);
  await store.close();

  // The issuer's own are destroyed too.
  await at(issuer, 'event-key', 'destroy', '--event', EVENT);
  await expect(idAt(issuer)).rejects.toMatchObject({ code: 'ERR_HSM_KEY_MISSING' });
}, 120_000);
