import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyCommand, showListCommand } from '@pinless-gate/gate-firmware/cli/list';
import { program as hsm } from '@pinless-gate/hsm/cli/program';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { publicKeyPem } from '@pinless-gate/hsm/public-key';
import type { Program } from '@pinless-gate/runtime/program';
import { program as whitelist } from '@pinless-gate/whitelist-builder/cli/program';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../unit/run.ts';
import { feedOf, newCa, purchase } from '../unit/whitelist-builder/fixture.ts';
import { makeToken, type TestToken } from './hsm/token.ts';

// docs/whitelist.md, "When a publisher's key is lost or stolen", on three tokens: the issuer's, the vendor's, and one
// that lies in a safe. Two of three publish.

const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';
const gate: Program = {
  name: 'gate',
  usage: '',
  commands: { 'list apply': applyCommand, 'list show': showListCommand },
};
let issuer: TestToken;
let vendor: TestToken;
let reserve: TestToken;
let directory: string;
const at = (name: string) => join(directory, name);

/** The command's first line of output; what it said where it was refused. */
async function command(program: Program, line: string): Promise<string> {
  const { code, out, err } = await run(program, ...line.split(' '));
  return code === 0 ? (out[0] ?? err[0] ?? '') : `${code}: ${err[0]}`;
}

beforeAll(async () => {
  [issuer, vendor, reserve] = await Promise.all([
    makeToken('issuer'),
    makeToken('vendor'),
    makeToken('reserve'),
  ]);
  directory = issuer.directory;
  writeFileSync(at('ca.pem'), (await newCa()).pem);
  await Promise.all(
    Object.entries({ issuer, vendor, reserve }).map(async ([name, { config }]) => {
      const keys = await openKeyStore(config);
      if (name === 'issuer') await keys.generate(`event-${EVENT_ID}`, 'event');
      await keys.generate('publisher', 'publisher');
      writeFileSync(at(`${name}.pem`), publicKeyPem(await keys.publicKey('publisher')));
      await keys.close();
    }),
  );
  // No card is tapped here: nobody looks into it.
  writeFileSync(at('institution.cvc'), 'none');
  writeFileSync(at('gate.toml'), gateToml());
  writeFileSync(at('event.toml'), eventToml('publisher'));
  writeFileSync(at('event-2.toml'), eventToml('publisher-2'));
}, 60_000);

afterAll(() => Promise.all([issuer, vendor, reserve].map((token) => token?.remove())));

const hsmTable = ({ config }: TestToken) => `[hsm]
module = "${config.module}"
token_label = "${config.tokenLabel}"
pin_file = "${config.pinFile}"
shared = true
environment = { SOFTHSM2_CONF = "${config.environment.SOFTHSM2_CONF}" }
`;

const gateToml = () => `[gate]
id = "76618e77ca140e5e03c02eda4c05a554"
name = "Lane 1"
serves = ["B"]
[event]
id = "${EVENT_ID}"
[card]
anchors = ["ca.pem"]
jpki = { certificates = ["institution.cvc"] }
[whitelist]
directory = "lists"
publishers = ["issuer.pem", "vendor.pem", "reserve.pem"]
threshold = 2
[journal]
directory = "journal"
${hsmTable(issuer)}`;

function eventToml(publisher: string) {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  return `id = "${EVENT_ID}"
name = "冬の音楽祭 2026"
place = "横浜"
starts_at = ${day(30)}
[admission]
from = ${day(29.9)}
until = ${day(30.1)}
[policy]
gates = ["B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "ca.pem"
[keys]
publisher = "${publisher}"
${hsmTable(issuer)}`;
}

const build = (out: string, event: string, version: number) => {
  writeFileSync(
    at('feed.ndjson'),
    feedOf(...Array.from({ length: version }, (_, i) => purchase(i))),
  );
  const files = `--feed ${at('feed.ndjson')} --event ${at(event)} --out ${at(out)}`;
  return command(whitelist, `build ${files} --version ${version} --no-cache`);
};
const sign = (bundle: string, by: string, token: TestToken, more = '') =>
  command(
    whitelist,
    `sign ${at(bundle)} --config ${token.configFile} --signed-by ${at(by)}${more}`,
  );
const configured = () =>
  ['issuer', 'vendor', 'reserve'].map((name) => `--publisher ${at(`${name}.pem`)}`).join(' ');
const publish = (bundle: string, more = '') =>
  command(
    whitelist,
    `publish ${at(bundle)} --to ${at('served')} ${configured()} --threshold 2${more}`,
  );
const apply = (from: string) => command(gate, `list apply ${at(from)} --config ${at('gate.toml')}`);

describe('a publisher goes, and another comes', () => {
  test('the vendor signs what the issuer built, once, and only the list that was read to it', async () => {
    expect(await build('bundle', 'event.toml', 1)).toMatch(/^version 1, /);
    const passport = await command(whitelist, `passport ${at('bundle')}`);
    const fingerprint = passport.slice(-7);
    expect(await publish('bundle')).toContain('[ERR_BUNDLE_SIGNATURE]');
    expect(await sign('bundle', 'issuer.pem', vendor, ' --fingerprint 222-222')).toContain(
      '[ERR_BUNDLE_FINGERPRINT]',
    );
    expect(await sign('bundle', 'vendor.pem', vendor)).toContain('[ERR_BUNDLE_SIGNATURE]');
    const signed = await sign('bundle', 'issuer.pem', vendor, ` --fingerprint ${fingerprint}`);
    expect(signed).toBe(`signed: ${passport}`);
    expect(await sign('bundle', 'issuer.pem', vendor)).toBe(`signed already: ${passport}`);
    expect(await publish('bundle')).toBe(`published: ${passport}`);
    expect(await publish('bundle')).toBe(`published already: ${passport}`);
    expect(await apply('served')).toContain('v1  1 entries');
  }, 60_000);

  test('the drill: two of three replace the third, gates follow, the old key is worth nothing', async () => {
    const config = `--config ${issuer.configFile}`;
    await command(hsm, `publisher new --label publisher-2 ${config}`);
    await command(hsm, `public-key publisher-2 --out ${at('issuer-2.pem')} ${config}`);
    const members = ['issuer-2', 'vendor', 'reserve'].map(
      (one) => `--publisher ${at(`${one}.pem`)}`,
    );
    const made = `publishers new --event ${at('event.toml')} --number 1 ${members.join(' ')}`;
    const set = at('publishers-1');
    expect(await command(whitelist, `${made} --threshold 2 --out ${set}`)).toMatch(
      `publishers 1 of event ${EVENT_ID}`,
    );
    expect(await command(whitelist, `${made} --threshold 2 --out ${set}`)).toContain(
      '[ERR_PUBLISHERS_EXISTS]',
    );
    await build('bundle-2', 'event-2.toml', 2);
    expect(await sign('bundle-2', 'issuer-2.pem', vendor)).toMatch(/^signed: /);
    const follow = ` --publishers ${set}`;
    await command(whitelist, `publishers sign ${set} --config ${vendor.configFile}`);
    expect(await publish('bundle-2', follow)).toContain('[ERR_BUNDLE_SIGNATURE]');
    await command(whitelist, `publishers sign ${set} --config ${reserve.configFile}`);
    const shown = await run(whitelist, 'publishers', 'show', set, '--json');
    const signed = JSON.parse(shown.out[0]!).publishers.map(
      (one: { signed: boolean }) => one.signed,
    );
    expect(signed.sort()).toEqual([false, true, true]);
    expect(await publish('bundle-2', follow)).toMatch(/^published: /);
    expect(await apply('served')).toContain('v2  2 entries');

    // Whoever has the old key gets the vendor to sign once more.
    await build('bundle-3', 'event.toml', 3);
    expect(await sign('bundle-3', 'issuer.pem', vendor)).toMatch(/^signed: /);
    expect(await publish('bundle-3')).toContain('[ERR_BUNDLE_SIGNATURE]');
    expect(await apply('bundle-3')).toContain('[ERR_BUNDLE_SIGNATURE]');
    expect(readdirSync(at('served'))).toContain('publishers-1');
    const kept = await command(gate, `list show --config ${at('gate.toml')}`);
    expect(kept).toContain('v2  2 entries');
  }, 60_000);
});
