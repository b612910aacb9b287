import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import {
  type NewCard,
  type NewCardOptions,
  newCard,
} from '@pinless-gate/test/sandbox/jlis/new-card';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The guided script at a lane that has the profile kazashi alone: no institution key, and no HSM is opened.

const SCRIPT = fileURLToPath(new URL('../dist/hardware/main.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'hardware-'));
const file = (name: string) => join(directory, name);
const REFERENCE = '550217';
const TOML = `[gate]
id = "76618e77ca140e5e03c02eda4c05a554"
name = "bench"
serves = ["B"]
[event]
id = "2be552203c4c0f4f0703b037dfbd00e5"
[hsm]
module = "/nowhere/pkcs11.so"
token_label = "none"
pin_file = "none"
[card]
anchors = ["jlis/ca.pem"]
kazashi = { ca = "CA" }
[whitelist]
directory = "whitelist"
publishers = ["jlis/ca.pem"]
[journal]
directory = "journal"
[reader]
socket = "reader/pcscd.comm"
`;

let jlis: Jlis;
let reader: SandboxReader;

beforeAll(async () => {
  [jlis, reader] = await Promise.all([
    Jlis.create(file('jlis')),
    startReader({ directory: file('reader') }),
  ]);
  writeFileSync(file('gate.toml'), TOML.replace('"CA"', '"jlis/surface-ca.json"'));
}, 60_000);

afterAll(async () => {
  await reader?.close();
  rmSync(directory, { recursive: true });
});

const issue = (options: NewCardOptions = {}) =>
  newCard(jlis, { birthDate: '19800217', ...options });

/** Puts the card in and runs the script as a person would, who gives these answers. */
async function examine(card: NewCard, answers: string, config = 'gate.toml') {
  const transcript = file('transcript.txt');
  const inserted = await reader.insert(card.file);
  const argv = ['--config', file(config), '--transcript', transcript, '--json'];
  const child = spawn(process.execPath, [SCRIPT, '--reader', reader.names[0], ...argv], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.end(answers);
  const [status] = await once(child, 'close');
  await inserted.remove();
  const { instructions } = await inserted.removed;
  const { steps } = JSON.parse(out) as {
    steps: { name: string; outcome: string; code?: string }[];
  };
  return {
    status: status as number,
    steps: steps.map(({ name, outcome }) => `${outcome} ${name}`),
    code: steps.at(-1)!.code,
    said: `${out}${err}${readFileSync(transcript, 'utf8')}`,
    instructions,
  };
}

const PASSED = [
  'passed reader properties',
  'passed card',
  'passed SELECT, label, availability',
  'passed certificate, before we are known',
  'passed READ BINARY certificate head',
  'passed certificate',
  'passed SELECT surface, tries left',
  'passed VERIFY birth date, records',
  'passed surface record',
  'passed possession signature',
];

describe('test:hardware by kazashi', () => {
  test('goes through a card, with one VERIFY, and says nothing that is its holder’s', async () => {
    const card = await issue();
    const { status, steps, said, instructions } = await examine(card, `${REFERENCE}\n`);
    expect(steps).toEqual(PASSED);
    expect(status).toBe(0);
    // Two queries, of the script and of the dialogue, and one birth date.
    expect(instructions).toMatchObject({ '20': 3 });
    expect(instructions).not.toHaveProperty('82');
    const { serialNumber } = new X509Certificate(card.file.certificatePem!);
    for (const secret of [REFERENCE, '353530323137', '19800217', serialNumber]) {
      expect(said.toUpperCase()).not.toContain(secret);
    }
    expect(said).toMatch(/> 00200091 Lc 6 \(6 octets\)\n< SW 9000/);
  });

  test.each([
    ['silence', ''],
    ['a yes', 'y\n'],
  ])('presents nothing after %s', async (_, answers) => {
    const { status, steps, instructions } = await examine(await issue(), answers);
    expect(status).toBe(1);
    expect(steps.at(-1)).toBe('declined VERIFY birth date, records');
    expect(instructions).toMatchObject({ '20': 1 });
  });

  test('presents a birth date that the card does not accept once, and ends', async () => {
    const { status, steps, code, instructions } = await examine(await issue(), '000000\n000000\n');
    expect(status).toBe(1);
    expect([steps.at(-1), code]).toEqual(['failed VERIFY birth date, records', 'ERR_CARD_REFUSED']);
    expect(instructions).toMatchObject({ '20': 3 });
  });

  test('presents none with two tries left', async () => {
    const { steps, instructions } = await examine(await issue({ triesLeft: 2 }), `${REFERENCE}\n`);
    expect(steps.at(-1)).toBe('failed VERIFY birth date, records');
    expect(instructions).toMatchObject({ '20': 2 });
  });

  test('looks at the signature of a card whose records are another CA’s', async () => {
    const ca = JSON.parse(readFileSync(file('jlis/surface-ca.json'), 'utf8'));
    const other = new X509Certificate(readFileSync(file('jlis/ca.pem'))).publicKey;
    const publicKeyPem = other.export({ type: 'spki', format: 'pem' });
    writeFileSync(file('other.json'), JSON.stringify({ ...ca, publicKeyPem }));
    writeFileSync(file('other.toml'), TOML.replace('"CA"', '"other.json"'));
    const { status, steps } = await examine(await issue(), `${REFERENCE}\n`, 'other.toml');
    expect(status).toBe(1);
    expect(steps.slice(-2)).toEqual(['failed surface record', 'passed possession signature']);
  });
});
