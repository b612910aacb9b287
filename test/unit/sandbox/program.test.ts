import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { runProgram } from '@pinless-gate/runtime/program';
import { sandbox } from '@pinless-gate/test/sandbox/program';
import { encodeFrame, FrameReader } from '@pinless-gate/test/sandbox/vpcd';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
const at = (name: string) => join(directory, name);

async function run(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram(sandbox, argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    env: {},
    signal: new AbortController().signal,
    interactive: false,
  });
  return { code, out, err: err.join('\n') };
}

beforeAll(async () => {
  expect((await run('jlis', 'new', at('jlis'))).code).toBe(0);
  const made = await run('card', 'new', '--jlis', at('jlis'), '--out', at('card.json'));
  expect(made).toMatchObject({ code: 0, out: [at('card.json')] });
}, 30_000);

afterAll(() => rmSync(directory, { recursive: true }));

describe('jlis', () => {
  test('cvc writes the certificates in both layouts', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(at('institution.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    const { code, out } = await run(
      ...['jlis', 'cvc', '--jlis', at('jlis')],
      ...['--public-key', at('institution.pem'), '--out', at('cvc')],
    );
    expect(code).toBe(0);
    const names = ['intermediate.cvc', 'institution.cvc', 'dv.cvcert', 'terminal.cvcert'];
    expect(out).toEqual(names.map((name) => at(`cvc/${name}`)));
    expect(out.slice(0, 2).map((path) => statSync(path).size)).toEqual([568, 568]);
  });

  test('an EC key gets no jpki certificates', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(at('ec.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    const { out } = await run(
      ...['jlis', 'cvc', '--jlis', at('jlis'), '--public-key', at('ec.pem'), '--out', at('cvc-ec')],
    );
    expect(out).toEqual([at('cvc-ec/dv.cvcert'), at('cvc-ec/terminal.cvcert')]);
  });

  test('revoke and crl write the CRL', async () => {
    const before = readFileSync(at('jlis/crl.der'));
    const revoked = await run('jlis', 'revoke', '--jlis', at('jlis'), '--serial', '0705d990');
    expect(revoked).toMatchObject({ code: 0, out: [at('jlis/crl.der')] });
    expect(readFileSync(at('jlis/crl.der')).length).toBeGreaterThan(before.length);
    expect((await run('jlis', 'crl', '--jlis', at('jlis'))).code).toBe(0);
  });
});

describe('card new', () => {
  test('the file is for its owner only', () => {
    expect(statSync(at('card.json')).mode & 0o777).toBe(0o600);
  });

  test('what the options say stands in the file', async () => {
    await run(
      ...['card', 'new', '--jlis', at('jlis'), '--out', at('options.json'), '--scenario', 'phone'],
      ...[
        '--pin',
        '4321',
        '--timing',
        'rsa=1ms',
        '--fault',
        'sign=leave',
        '--fault',
        'select=6F00',
      ],
      ...['--remove-after-step', 'sign'],
    );
    expect(JSON.parse(readFileSync(at('options.json'), 'utf8'))).toMatchObject({
      profile: 'jpki',
      scenario: 'phone',
      label: 'JPKIAPGPSETOKEN',
      pin: '4321',
      timing: 'rsa=1ms',
      faults: [
        { atStep: 'sign', answer: 'leave' },
        { atStep: 'select', answer: '6F00' },
      ],
      removeAfterStep: 'sign',
    });
  });
});

describe('card insert', () => {
  test('answers a reader until it is told to leave, and reports', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    const answers: string[] = [];
    server.on('connection', (socket) => {
      const frames = new FrameReader();
      socket.on('data', (chunk) => answers.push(...frames.push(chunk).map(toHex)));
      socket.write(encodeFrame(fromHex('00a4040c0ad392f000260100000001')));
    });
    const { code, out } = await run(
      ...['card', 'insert', at('card.json'), '--port', String(address.port)],
      ...['--remove-after-step', 'select', '--json'],
    );
    expect(code).toBe(0);
    await vi.waitFor(() => expect(answers).toEqual(['9000']), { interval: 1 });
    expect(out.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ commands: 1, leftBy: 'card', instructions: { a4: 1 } }),
    ]);
    expect(out.join()).not.toContain('BEGIN');
  });
});

describe('wrong usage ends with 2', () => {
  const jlis = ['--jlis', at('jlis')];
  const card = at('card.json');
  test.each<[string[]]>([
    [[]],
    [['cards']],
    [['jlis', 'new']],
    [['jlis', 'new', 'a', 'b']],
    [['jlis', 'cvc', ...jlis]],
    [['jlis', 'revoke', ...jlis]],
    [['jlis', 'crl']],
    [['card', 'new', ...jlis]],
    [['card', 'new', ...jlis, '--out', at('x'), '--scenario', 'stolen']],
    [['card', 'new', ...jlis, '--out', at('x'), '--profile', 'kazashi']],
    [['card', 'new', ...jlis, '--out', at('x'), '--key', 'p521']],
    [['card', 'new', ...jlis, '--out', at('x'), '--key', 'p256']],
    [['card', 'new', ...jlis, '--out', at('x'), '--fault', 'sign']],
    [['card', 'new', ...jlis, '--out', at('x'), '--timing', 'fast']],
    [['card', 'insert']],
    [['card', 'insert', card, '--port', '0']],
    [['card', 'insert', card, '--port', '65536']],
    [['card', 'insert', card, '--for', '3']],
    [['card', 'insert', card, '--colour', 'pink']],
    [['reader', card, card, card]],
    [['reader', '--max-command-length', '-1']],
    [['turnstile', '--port', 'x']],
    [['printer', '--port', '99999']],
    [['up']],
  ])('sandbox %j', async (argv) => {
    expect((await run(...argv)).code).toBe(2);
    expect(existsSync(at('x'))).toBe(false);
  });
});

describe('what cannot be done ends with 1 and says why', () => {
  test.each<[string[], string]>([
    [['jlis', 'new', at('jlis')], 'ERR_JLIS_EXISTS'],
    [['jlis', 'crl', '--jlis', at('none')], 'ERR_JLIS_MISSING'],
    [['jlis', 'revoke', '--jlis', at('jlis'), '--serial', 'x'], 'ERR_JLIS_SERIAL'],
    [
      ['jlis', 'cvc', '--jlis', at('jlis'), '--public-key', at('card.json'), '--out', at('c')],
      'ERR_JLIS_KEY',
    ],
    [['card', 'insert', at('jlis/state.json')], 'ERR_CARD_FILE'],
    [['card', 'insert', at('none.json')], 'ENOENT'],
  ])('sandbox %j', async (argv, code) => {
    const outcome = await run(...argv);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toContain(`[${code}]`);
  });
});
