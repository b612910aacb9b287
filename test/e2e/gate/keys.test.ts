import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { interpose, makeToken, type TestToken } from '../hsm/token.ts';
import { GateProcess, gateCommand, hsmLines, makeLane, makeVenue, type Venue } from './fixture.ts';

// Keys that are not what they must be: the gate says so in one line and does not serve.

const EVENT_KEY = 'event-2be552203c4c0f4f0703b037dfbd00e5';
let venue: Venue;
let token: TestToken;

beforeAll(async () => {
  [venue, token] = await Promise.all([makeVenue(), makeToken('pinless-gate')]);
}, 120_000);
afterAll(() => token?.remove());

const tokenLines = ({ module, pinFile, environment } = token.config) =>
  `module = "${module}"
token_label = "pinless-gate"
pin_file = "${pinFile}"
[hsm.environment]
${Object.entries(environment)
  .map(([name, value]) => `${name} = "${value}"`)
  .join('\n')}`;

/** Runs a gate that must not serve, and gives what it said. */
async function refused(hsm: string): Promise<readonly string[]> {
  const lane = await makeLane(venue, { hsm });
  const gate = new GateProcess(lane);
  await expect(gate.started()).rejects.toThrow('gate ended');
  expect((await gate.ended).code).toBe(1);
  expect(gate.lines.filter(({ level }) => level >= 50)).toEqual([]);
  return gate.text;
}

async function generated(...kinds: ('institution' | 'event' | 'device')[]): Promise<void> {
  const store = await openKeyStore(token.config);
  const there = new Set((await store.keys()).map(({ label }) => label));
  for (const kind of kinds) {
    const label = kind === 'event' ? EVENT_KEY : kind;
    if (!there.has(label)) await store.generate(label, kind);
  }
  await store.close();
}

describe('gate run', () => {
  test('a wrong PIN is tried once', async () => {
    const module = await interpose(token);
    const pinFile = join(token.directory, 'wrong-pin');
    await writeFile(pinFile, '000000000000\n', { mode: 0o600 });
    const text = await refused(tokenLines({ ...module.config, pinFile }));
    expect(text[0]).toMatch(/^gate run: .*PIN.* \[ERR_HSM_PIN\]$/);
    expect(text).toHaveLength(2);
    expect(text.join()).not.toContain('000000000000');
    expect(await module.calls('C_Login')).toBe(1);
  });

  test('no PIN file', async () => {
    const text = await refused(hsmLines(venue.kept, '/nowhere/pin'));
    expect(text[0]).toMatch(/^gate run: .*\/nowhere\/pin.* \[ERR_[A-Z_]+\]$/);
  });

  test('no module', async () => {
    const text = await refused(tokenLines({ ...token.config, module: '/nowhere/p11.so' }));
    expect(text[0]).toMatch(/^gate run: .* \[ERR_HSM_MODULE\]$/);
  });

  test('no key', async () => {
    const text = await refused(tokenLines());
    expect(text[0]).toMatch(/^gate run: .*"institution".* \[ERR_HSM_KEY_MISSING\]$/);
  });

  test('an event key that can be taken out', async () => {
    await generated('institution', 'device');
    await token.createObject(EVENT_KEY, 'extractable');
    const text = await refused(tokenLines());
    expect(text[0]).toMatch(
      new RegExp(`^gate run: .*"${EVENT_KEY}".* \\[ERR_HSM_KEY_EXTRACTABLE\\]$`),
    );
  });
});

describe('gate doctor', () => {
  test('a token without the right keys: each is named, and what to do', async () => {
    const other = await makeToken('pinless-gate');
    const lane = await makeLane(venue, { hsm: tokenLines(other.config) });
    const { out, code } = await gateCommand(lane, 'doctor', '--config', 'gate.toml');
    await other.remove();
    expect(code).toBe(1);
    for (const name of ['institution key', 'event key', 'device key', 'cv certificates']) {
      expect(out).toMatch(
        new RegExp(`^FAILED  ${name} +.* \\[ERR_HSM_KEY_MISSING\\]\\n +-> `, 'm'),
      );
    }
  });

  test('CV certificates of another institution key', async () => {
    const other = await makeToken('pinless-gate');
    const store = await openKeyStore(other.config);
    await store.generate('institution', 'institution');
    await store.close();
    const lane = await makeLane(venue, { hsm: tokenLines(other.config) });
    const { out } = await gateCommand(lane, 'doctor', '--config', 'gate.toml');
    await other.remove();
    expect(out).toMatch(/^FAILED {2}cv certificates .*another key \[ERR_CVC_KEY\]\n +-> /m);
    expect(out).toMatch(/^ok {6}institution key/m);
  });
});
