import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JpkiCardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { DEFAULT_PIN, type NewCard, newCard } from '@pinless-gate/test/sandbox/jlis/new-card';
import {
  type InsertedCard,
  type SandboxReader,
  startReader,
} from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// OpenSC knows the JPKI card from real ones: what it accepts, we did not make up.

const directory = mkdtempSync(join(tmpdir(), 'opensc-'));
const file = (name: string) => join(directory, name);
const message = 'signed by a virtual card';
const PASSWORD = 'ABC12345';
let reader: SandboxReader;
let inserted: InsertedCard;
let card: NewCard;
let certificate: X509Certificate;
let signer: X509Certificate;

beforeAll(async () => {
  const jlis = await Jlis.create(file('jlis'));
  card = await newCard(jlis, { signaturePassword: PASSWORD });
  certificate = new X509Certificate(card.file.certificatePem!);
  writeFileSync(file('message'), message);
  writeFileSync(file('public.pem'), certificate.publicKey.export({ type: 'spki', format: 'pem' }));
  const { signature } = card.file as JpkiCardFile;
  signer = new X509Certificate(signature!.certificatePem);
  writeFileSync(file('signer.pem'), signer.publicKey.export({ type: 'spki', format: 'pem' }));
  reader = await startReader({ directory: file('reader') });
  inserted = await reader.insert(card.file);
});

afterAll(async () => {
  await reader?.close();
  rmSync(directory, { recursive: true });
});

interface Outcome {
  readonly status: number;
  readonly output: string;
}

async function run(command: string, ...argv: string[]): Promise<Outcome> {
  const env = { ...process.env, PCSCLITE_CSOCK_NAME: reader.socket };
  const child = spawn(command, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [status] = await once(child, 'close');
  return { status, output };
}

const verifies = (signature: string, key = 'public.pem') =>
  run('openssl', 'dgst', '-sha256', '-verify', file(key), '-signature', signature, file('message'));

describe('OpenSC', () => {
  test('sees a card in one of two slots', async () => {
    const { output } = await run('opensc-tool', '--list-readers');
    expect(output).toContain(`0    Yes             ${reader.names[0]}`);
    expect(output).toContain(`1    No              ${reader.names[1]}`);
  });

  test('names the card', async () => {
    const { status, output } = await run('opensc-tool', '--name');
    expect(status).toBe(0);
    expect(output).toMatch(/^jpki$/m);
  });

  test('lists PINs, keys and certificates', async () => {
    const { status, output } = await run('pkcs15-tool', '--dump');
    expect(status).toBe(0);
    for (const title of [
      'PKCS#15 Card [JPKI]',
      'PIN [User Authentication PIN]',
      'PIN [Digital Signature PIN]',
      'Private RSA Key [Digital Signature Key]',
      'X.509 Certificate [Digital Signature Certificate]',
      'Private RSA Key [User Authentication Key]',
      'X.509 Certificate [User Authentication Certificate]',
      'X.509 Certificate [User Authentication Certificate CA]',
    ]) {
      expect(output).toContain(title);
    }
    expect(output).toMatch(/User Authentication PIN\][\s\S]*?Tries left {5}: 3/);
  });

  test('reads the certificate, octet for octet', async () => {
    const { status } = await run(
      'pkcs15-tool',
      '--read-certificate',
      '01',
      '--output',
      file('read.pem'),
    );
    expect(status).toBe(0);
    const read = new X509Certificate(readFileSync(file('read.pem')));
    expect(read.fingerprint256).toBe(certificate.fingerprint256);
  });

  test('signs with the PIN through PKCS#15', async () => {
    await run('openssl', 'dgst', '-sha256', '-binary', '-out', file('hash'), file('message'));
    const { status, output } = await run(
      'pkcs15-crypt',
      ...['--sign', '--key', '01', '--pkcs1', '--sha-256', '--signature-format', 'openssl'],
      ...['--pin', DEFAULT_PIN, '--input', file('hash'), '--output', file('signature')],
    );
    expect({ status, output }).toMatchObject({ status: 0 });
    expect((await verifies(file('signature'))).output).toContain('Verified OK');
  });

  test('reads the signature certificate with its password, and not without', async () => {
    const read = ['--read-certificate', '02', '--output', file('signer-read.pem')];
    expect((await run('pkcs15-tool', ...read)).status).not.toBe(0);
    const login = ['--verify-pin', '--auth-id', '02', '--pin', PASSWORD];
    const { status, output } = await run('pkcs15-tool', ...login, ...read);
    expect({ status, output }).toMatchObject({ status: 0 });
    const found = new X509Certificate(readFileSync(file('signer-read.pem')));
    expect(found.fingerprint256).toBe(signer.fingerprint256);
  });

  test('signs with the signature key and its password', async () => {
    const { status, output } = await run(
      'pkcs15-crypt',
      ...['--sign', '--key', '02', '--pkcs1', '--sha-256', '--signature-format', 'openssl'],
      ...['--pin', PASSWORD, '--input', file('hash'), '--output', file('signature-02')],
    );
    expect({ status, output }).toMatchObject({ status: 0 });
    expect((await verifies(file('signature-02'), 'signer.pem')).output).toContain('Verified OK');
  });

  test('signs with the PIN through PKCS#11', async () => {
    const { status, output } = await run(
      'pkcs11-tool',
      ...[
        '--sign',
        '--id',
        '01',
        '--mechanism',
        'SHA256-RSA-PKCS',
        '--login',
        '--pin',
        DEFAULT_PIN,
      ],
      ...['--input-file', file('message'), '--output-file', file('signature-11')],
    );
    expect({ status, output }).toMatchObject({ status: 0 });
    expect((await verifies(file('signature-11'))).output).toContain('Verified OK');
  });

  test('gets no signature without a PIN', async () => {
    const { status } = await run(
      'pkcs15-crypt',
      ...['--sign', '--key', '01', '--pkcs1', '--sha-256', '--pin', '9999'],
      ...['--input', file('hash'), '--output', file('none')],
    );
    expect(status).not.toBe(0);
    const { output } = await run('pkcs15-tool', '--dump');
    expect(output).toMatch(/User Authentication PIN\][\s\S]*?Tries left {5}: 2/);
  });

  test('loses a card that is taken away', async () => {
    await inserted.remove();
    const { leftBy, instructions } = await inserted.removed;
    expect(leftBy).toBe('card');
    expect(instructions['2a']).toBe(3);
    // pcscd looks at its slots every 400 ms.
    const slots = async () => (await run('opensc-tool', '--list-readers')).output;
    await expect.poll(slots).toMatch(/^0 {4}No /m);
  });
});
