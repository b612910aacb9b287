import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { publicKeyPem } from '@pinless-gate/hsm/public-key';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { type NewCard, newCard } from '@pinless-gate/test/sandbox/jlis/new-card';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeToken, type TestToken } from './hsm/token.ts';

const SCRIPT = fileURLToPath(new URL('../dist/hardware/main.js', import.meta.url));

let token: TestToken;
let jlis: Jlis;
let reader: SandboxReader;
const file = (name: string) => join(token.directory, name);

beforeAll(async () => {
  token = await makeToken();
  const store = await openKeyStore(token.config);
  try {
    await store.generate('institution', 'institution');
    await store.generate('publisher', 'publisher');
    writeFileSync(file('publisher.pem'), publicKeyPem(await store.publicKey('publisher')));
    jlis = await Jlis.create(file('jlis'));
    const pem = publicKeyPem(await store.publicKey('institution'));
    const { intermediate, institution, dv, terminal } = await jlis.certifyTerminal(pem);
    const certificates = { intermediate: intermediate!, institution: institution!, dv, terminal };
    for (const [name, octets] of Object.entries(certificates)) writeFileSync(file(name), octets);
  } finally {
    await store.close();
  }
  reader = await startReader({ directory: file('reader') });
  writeFileSync(file('gate.toml'), gateToml());
});

afterAll(async () => {
  await reader?.close();
  await token?.remove();
});

const gateToml = () => `[gate]
id = "76618e77ca140e5e03c02eda4c05a554"
name = "bench"
serves = ["B"]
[event]
id = "2be552203c4c0f4f0703b037dfbd00e5"
[card]
anchors = ["jlis/ca.pem"]
jpki = { certificates = ["intermediate", "institution"] }
iso = { certificates = ["dv", "terminal"] }
[whitelist]
directory = "whitelist"
publishers = ["publisher.pem"]
[journal]
directory = "journal"
[reader]
socket = "reader/pcscd.comm"
${readFileSync(token.configFile, 'utf8')
  .replace('"./pin"', '"token/pin"')
  .replace('"./softhsm2.conf"', '"./token/softhsm2.conf"')}`;

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly transcript: string;
}

/** Runs the script as a person would, who gives these answers. */
async function run(answers: string, ...more: string[]): Promise<Outcome> {
  const path = file('transcript.txt');
  const argv = [SCRIPT, '--config', file('gate.toml'), '--transcript', path, ...more];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.end(answers);
  const [status] = await once(child, 'close');
  return { status, out, err, transcript: status === 2 ? '' : readFileSync(path, 'utf8') };
}

/** Puts the card in, runs the script on the first slot, and tells what the card saw, by INS. */
async function examine(card: NewCard, answers: string, ...more: string[]) {
  const inserted = await reader.insert(card.file);
  const outcome = await run(answers, '--reader', reader.names[0], ...more);
  await inserted.remove();
  const { instructions } = await inserted.removed;
  return { ...outcome, instructions };
}

const stepsOf = ({ out }: Outcome) =>
  (JSON.parse(out) as { steps: { name: string; outcome: string }[] }).steps.map(
    ({ name, outcome }) => `${outcome} ${name}`,
  );

const PASSED = [
  'passed HSM and CV certificates',
  'passed reader properties',
  'passed card',
  'passed SELECT, label, availability',
  'passed certificate, before we are known',
  'passed CV certificates, challenge',
  'passed HSM signature',
  'passed EXTERNAL AUTHENTICATE',
  'passed READ BINARY certificate head',
  'passed certificate',
  'passed possession signature',
];

describe('test:hardware', () => {
  test('does not start without the name of a reader', async () => {
    const { status, err } = await run('y\ny\n');
    expect(status).toBe(2);
    expect(err).toContain('--reader is missing');
  });

  test.each(['jpki', 'iso'] as const)('goes through a card of profile %s', async (profile) => {
    const outcome = await examine(await newCard(jlis, { profile }), 'y\ny\n', '--json');
    expect(outcome.err).toContain(`reader "${reader.names[0]}"`);
    expect(stepsOf(outcome)).toEqual(PASSED);
    expect(outcome.status).toBe(0);
    expect(outcome.instructions).toMatchObject({ '82': 1 });
    expect(outcome.instructions).not.toHaveProperty('20');
  });

  test('shows and records nothing that is the card’s or a signature', async () => {
    const card = await newCard(jlis);
    const { status, out, err, transcript } = await examine(card, 'y\ny\n');
    expect(status).toBe(0);
    const all = `${out}${err}${transcript}`.toLowerCase();
    const { raw, serialNumber } = new X509Certificate(card.file.certificatePem!);
    const der = raw.toString('hex');
    for (let at = 0; at + 16 <= der.length; at += 2)
      expect(all).not.toContain(der.slice(at, at + 16));
    expect(all).not.toContain(serialNumber.toLowerCase());
    expect(all).not.toContain(String(Number.parseInt(serialNumber, 16)));
    // Challenges and signatures are new each time: no octets but headers and what SELECT names.
    const lines = transcript.split('\n').slice(3, -1);
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line).toMatch(
        /^> 00A4[0-9A-F]{4} Lc \d+ [0-9A-F]{4,20}$|^> [0-9A-F]{8}(?: Lc (\d+) \(\1 octets\))?(?: Ne \d+)?$|^< (?:(?:\(\d+ octets\)|4A504B49[0-9A-F]{56}|(?:00|8F){1,3}) )?SW [0-9A-F]{4} \([\w ]+\) {2}[\d.]+ ms$/,
      );
    }
    expect(transcript).toContain('> 00820096 Lc 256 (256 octets)\n< SW 9000');
  });

  test.each([
    ['at the first question', 'n\n', {}, 'declined CV certificates, challenge'],
    ['at the second question', 'y\nn\n', { '84': 1 }, 'declined EXTERNAL AUTHENTICATE'],
    ['by silence', '', {}, 'declined CV certificates, challenge'],
  ])('sends nothing more after a no %s', async (_, answers, sent, last) => {
    const outcome = await examine(await newCard(jlis), answers, '--json');
    expect(outcome.status).toBe(1);
    expect(stepsOf(outcome).at(-1)).toBe(last);
    expect(outcome.instructions).not.toHaveProperty('82');
    expect(outcome.instructions).toMatchObject(sent);
  });

  test('tells what a card answered that refuses the terminal, and does not ask again', async () => {
    const card = await newCard(jlis, { scenario: 'refuses-terminal' });
    const { status, out, instructions } = await examine(card, 'y\ny\ny\n');
    expect(status).toBe(1);
    expect(out).toMatch(
      /FAILED {4}EXTERNAL AUTHENTICATE .*63C9 \(9 tries left\) \[ERR_CARD_REFUSED\]/,
    );
    expect(instructions).toMatchObject({ '82': 1 });
  });

  test('looks at the signature of a card whose certificate it does not accept', async () => {
    const outcome = await examine(await newCard(jlis, { scenario: 'expired' }), 'y\ny\n', '--json');
    expect(outcome.status).toBe(1);
    expect(stepsOf(outcome).slice(-2)).toEqual([
      'failed certificate',
      'passed possession signature',
    ]);
  });

  test('fails for a clone', async () => {
    const outcome = await examine(await newCard(jlis, { scenario: 'clone' }), 'y\ny\n', '--json');
    expect(outcome.status).toBe(1);
    expect(stepsOf(outcome).at(-1)).toBe('failed possession signature');
  });

  test('turns a phone away before it asks', async () => {
    const card = await newCard(jlis, { scenario: 'phone' });
    const { status, out, err } = await examine(card, 'y\ny\n');
    expect(status).toBe(1);
    expect(out).toContain('SELECT: phone');
    expect(err).not.toContain('[y/N]');
  });

  test('names the readers that there are instead of one that is not', async () => {
    const { status, out } = await run('', '--reader', 'No Such Reader 00 00');
    expect(status).toBe(1);
    expect(out).toContain(`"${reader.names[0]}", "${reader.names[1]}" [ERR_READER_MISSING]`);
  });
});
