import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateVerifyCommand } from '@pinless-gate/gate-firmware/cli/certificate';
import { readGateConfig } from '@pinless-gate/gate-firmware/config';
import { program as whitelist } from '@pinless-gate/whitelist-builder/cli/program';
import { readEventFile } from '@pinless-gate/whitelist-builder/event-file';
import { afterAll, describe, expect, test } from 'vitest';
import { AT, ca, user } from './protocol/certificate/authority.ts';
import { crl } from './protocol/certificate/crl-authority.ts';
import { int, name } from './protocol/certificate/issue.ts';
import { run } from './run.ts';

// Which CAs are loaded: those of the test hierarchy by who asks for it, and never by a configuration (decision 0010);
// of a file with several generations all.

const directory = mkdtempSync(join(tmpdir(), 'test-anchors-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = (path: string, content: Uint8Array | string) => {
  writeFileSync(join(directory, path), content);
  return join(directory, path);
};

const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;

const TEST_NAME = name(['2.5.4.6', 'JP'], ['2.5.4.10', 'JPKI-TEST']);
const CA = file('ca.der', ca({ subject: TEST_NAME, issuer: TEST_NAME }));
const USER = file('user.der', user({ issuer: TEST_NAME }));
const CRL = file('crl.der', crl({ issuer: TEST_NAME }));
const at = ['--at', new Date(AT).toISOString()];
const gate = {
  name: 'gate',
  usage: '',
  commands: { 'certificate verify': certificateVerifyCommand },
};

describe('a command that verifies', () => {
  const certificate = ['certificate', 'verify', '--anchor', CA, ...at, USER];
  const list = ['crl', 'verify', '--anchor', CA, '--crl', CRL, ...at, '--cert', USER];

  test.each([
    ['gate certificate verify', gate, certificate, 'ok'],
    ['whitelist crl verify', whitelist, list, 'good'],
  ] as const)('%s: not without being asked', async (_, program, argv, verdict) => {
    const refused = await run(program, ...argv);
    expect(refused).toMatchObject({ code: 1, out: [] });
    expect(refused.err.join('\n')).toMatch(/\[ERR_ANCHOR_TEST\]\n {2}.*--allow-test-anchor/);
    expect(await run(program, ...argv, '--allow-test-anchor')).toEqual({
      code: 0,
      out: [`${USER}: ${verdict}`],
      err: [],
    });
  });

  test('does not take a certificate of it for one of the other CAs', async () => {
    const other = file('other.der', ca());
    const argv = ['certificate', 'verify', '--anchor', other, ...at, '--allow-test-anchor', USER];
    expect((await run(gate, ...argv)).out).toEqual([`${USER}: test-issuer`]);
  });
});

describe('a configuration', () => {
  const HSM = '[hsm]\nmodule = "m.so"\ntoken_label = "x"\npin_file = "pin"\n';
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  file('publisher.pem', key.export({ type: 'spki', format: 'pem' }).toString());
  file('a.cvc', 'any octets');
  const gateToml = (more = '', anchor = 'ca.der') => `[gate]
id = "76618e77ca140e5e03c02eda4c05a554"
name = "1"
serves = ["B"]
[event]
id = "2be552203c4c0f4f0703b037dfbd00e5"
${HSM}[card]
anchors = ["${anchor}"]
jpki = { certificates = ["a.cvc"] }
${more}[whitelist]
directory = "w"
publishers = ["publisher.pem"]
[journal]
directory = "j"
`;
  const EVENT = `id = "2be552203c4c0f4f0703b037dfbd00e5"
name = "x"
place = "x"
starts_at = 2026-12-20T18:00:00+09:00
[admission]
from = 2026-12-20T15:00:00+09:00
until = 2026-12-20T21:00:00+09:00
[policy]
gates = ["B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "ca.der"
${HSM}`;
  const refusal = expect.objectContaining({ code: 'ERR_ANCHOR_TEST' });

  test('of a gate never loads one', async () => {
    await expect(readGateConfig(file('gate.toml', gateToml()))).rejects.toEqual(refusal);
  });

  test.each(['allow_test_anchor', 'allowTest', 'allow-test-anchor'])(
    'of a gate has no key %s',
    async (word) => {
      const path = file('gate.toml', gateToml(`${word} = true\n`));
      await expect(readGateConfig(path)).rejects.toThrow(new RegExp(word));
    },
  );

  test('of a gate pins every CA of a file', async () => {
    const generations = [ca(), ca({ serial: int('02') })].map(pem).join('');
    file('generations.pem', generations);
    const config = await readGateConfig(file('gate.toml', gateToml('', 'generations.pem')));
    expect(config.anchors).toHaveLength(2);
  });

  test('of a gate does not load a file with a test CA behind another', async () => {
    const both = [ca(), ca({ subject: TEST_NAME })].map(pem).join('');
    file('both.pem', both);
    const path = file('gate.toml', gateToml('', 'both.pem'));
    await expect(readGateConfig(path)).rejects.toEqual(refusal);
  });

  test('of a gate says where an anchor stands that is none', async () => {
    file('none.pem', 'x');
    const path = file('gate.toml', gateToml('', 'none.pem'));
    await expect(readGateConfig(path)).rejects.toMatchObject({
      code: 'ERR_CONFIG_FILE',
      message: expect.stringContaining(`${path}: card.anchors: trust anchor 1`),
    });
  });

  test('of an event never loads one', async () => {
    await expect(readEventFile(file('event.toml', EVENT))).rejects.toThrow(/test hierarchy/);
  });
});
