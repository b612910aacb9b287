import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PIN_KEYS } from '@pinless-gate/gate-firmware/card/profiles/jpki-keys';
import { Reader } from '@pinless-gate/gate-firmware/card/reader';
import { presentCommand } from '@pinless-gate/gate-firmware/cli/present';
import { jlisTable, readJlis } from '@pinless-gate/issuer-console/card/config';
import { openCards, statementsOf } from '@pinless-gate/issuer-console/card/open';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { toHex } from '@pinless-gate/protocol/bytes';
import { parseConfig } from '@pinless-gate/runtime/config';
import { type Io, runProgram } from '@pinless-gate/runtime/program';
import type { CardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { type NewCardOptions, newCard } from '@pinless-gate/test/sandbox/jlis/new-card';
import { type JlisServer, startJlisServer } from '@pinless-gate/test/sandbox/jlis/server';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { jlisToml } from '../unit/issuer-console/card/desk.ts';

// From the card through pcscd and the agent to a console's verification, which asks J-LIS.

const CODE = '7Q4K-9XWD-2M3N-PR5T-8VYA-BCDE';
const PASSWORD = 'ABC12345';
const directory = mkdtempSync(join(tmpdir(), 'present-'));
const file = (name: string) => join(directory, name);
let jlis: Jlis;
let online: JlisServer;
let reader: SandboxReader;
let desk: Server;
let url: string;
/** What the stand-in for a console asks for next. */
let asking = {
  methods: ['signature'],
  kazashi: false,
  purpose: 'purchase' as 'purchase' | 'check',
};
let sent: string[] = [];

beforeAll(async () => {
  [jlis, reader] = await Promise.all([
    Jlis.create(file('jlis')),
    startReader({ directory: file('reader') }),
  ]);
  await newCard(jlis, { signaturePassword: PASSWORD });
  online = await startJlisServer(file('jlis'));
  desk = await startDesk();
  url = `http://127.0.0.1:${(desk.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await reader?.close();
  await online?.close();
  desk?.close();
  rmSync(directory, { recursive: true });
});

/** The two answers of a console, around its verification of statements. */
async function startDesk(): Promise<Server> {
  const { jlis: table } = parseConfig(
    jlisToml(file('jlis'), online.url),
    z.strictObject({ jlis: jlisTable }),
    'desk.toml',
  );
  const cards = openCards(await readJlis(file('desk.toml'), table), {
    now: Date.now,
    random: randomBytes,
    onTrouble: () => {},
  });
  const statements = statementsOf(cards, {
    consoleId: async () => 'ab'.repeat(16),
    random: randomBytes,
  });
  let asked: Uint8Array | undefined;
  const answer = async (path: string, body: { statement?: unknown }) => {
    const { methods, kazashi, purpose } = asking;
    if (path === '/api/public/statements') {
      const { method, holder } = await statements.verify(asked!, body.statement, Date.now());
      return { state: 'taken', facts: { method, linked: holder.kazashi !== undefined } };
    }
    const times = { now: Date.now(), expiresAt: Date.now() + 600_000 };
    const about = { origin: url, purpose, subject: 'A-7', eventId: 'e0'.repeat(16) };
    asked = await statements.request({ ...about, lines: ['two tickets, block A'] }, times);
    return { request: Buffer.from(asked).toString('base64url'), methods, kazashi };
  };
  const server = createServer(async (request, response) => {
    const text = await bodyOf(request);
    sent.push(text);
    try {
      response.end(JSON.stringify(await answer(request.url!, JSON.parse(text))));
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      response.writeHead(422, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ code, title: message }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

interface Presenting {
  readonly argv?: readonly string[];
  /** Whether somebody comes next and tries the keys. */
  readonly tried?: boolean;
}

/** The command with somebody at its terminal, who types these; the card is on the reader before they begin. */
async function present(
  card: CardFile,
  typed: readonly string[],
  { argv = [], tried = false }: Presenting = {},
) {
  const inserted = await reader.insert(card);
  const [out, err, prompts]: string[][] = [[], [], []];
  const answers = [...typed];
  sent = [];
  const io: Io = {
    out: (line) => out!.push(line),
    err: (line) => err!.push(line),
    env: {},
    signal: AbortSignal.timeout(60_000),
    interactive: false,
    readSecret: async (prompt) => {
      prompts!.push(prompt);
      return answers.shift() ?? '';
    },
  };
  const options = ['--console', url, '--socket', reader.socket, '--reader', reader.names[0]];
  const program = { name: 'gate', usage: '', commands: { present: presentCommand } };
  const code = await runProgram(program, ['present', ...options, ...argv], io);
  const left = tried ? await openKeys() : [];
  await inserted.remove();
  const { instructions } = await inserted.removed;
  const verified = instructions['20'] ?? 0;
  return { code, out: out!, err: err!, prompts: prompts!, verified, left };
}

/** Status words of both keys to who comes next and asks for a signature: no application is selected, no PIN presented. */
async function openKeys(): Promise<string[]> {
  const next = await Reader.open({ reader: reader.names[0], socket: reader.socket });
  try {
    const transmit = next.session();
    const words: string[] = [];
    for (const key of [PIN_KEYS.signature, PIN_KEYS.authentication]) {
      const command = encodeCommandApdu(key.sign(new Uint8Array(32)));
      const [answer] = await transmit([command], 5000);
      words.push(toHex(answer!.subarray(-2)));
    }
    return words;
  } catch (error) {
    return [(error as { code: string }).code];
  } finally {
    await next.close();
  }
}

async function plastic(options: NewCardOptions = {}): Promise<CardFile> {
  const all = { birthDate: '19800217', signaturePassword: PASSWORD, ...options };
  return (await newCard(jlis, all)).file;
}

describe('gate present', () => {
  test('signs a purchase; what was typed is in no output and in nothing sent', async () => {
    asking = { methods: ['signature', 'authentication'], kazashi: true, purpose: 'purchase' };
    const typed = [CODE, '550217', PASSWORD.toLowerCase()];
    const { code, out, err, prompts, left } = await present(await plastic(), typed, {
      tried: true,
    });
    expect({ code, out, err }).toMatchObject({
      code: 0,
      out: ['taken', 'method: signature', 'linked: true'],
    });
    expect(err).toContain(`${url} asks, to buy (A-7):`);
    expect(err).toContain('  two tickets, block A');
    expect(err).toContain('5 tries are left');
    expect(prompts.map((prompt) => prompt.split(/[ :]/)[0])).toEqual(['code', 'birth', 'password']);
    expect([...out, ...err, ...sent].join('\n')).not.toMatch(/ABC12345/i);
    expect(left).toEqual(['6985', '6985']);
  });

  test('authenticates with the four digits, from a file', async () => {
    asking = { methods: ['signature', 'authentication'], kazashi: false, purpose: 'purchase' };
    writeFileSync(file('pin'), '1234\n');
    writeFileSync(file('code'), `${CODE}\n`);
    const files = ['--pin-file', file('pin'), '--code-file', file('code')];
    const method = ['--method', 'authentication', '--json'];
    const { code, out } = await present(await plastic(), [], { argv: [...method, ...files] });
    expect({ code, out: out.map((line) => JSON.parse(line) as unknown) }).toEqual({
      code: 0,
      out: [{ state: 'taken', facts: { method: 'authentication', linked: false } }],
    });
  });

  test('only reads a card, for a check', async () => {
    asking = { methods: ['read'], kazashi: false, purpose: 'check' };
    const { code, out, prompts, verified } = await present(await plastic(), [CODE]);
    expect({ code, out, prompts, verified }).toEqual({
      code: 0,
      out: ['taken', 'method: read', 'linked: false'],
      prompts: ['code: '],
      verified: 0,
    });
  });

  test('leaves no key open where the card fails after its password', async () => {
    asking = { methods: ['signature'], kazashi: false, purpose: 'purchase' };
    const faults = [{ atStep: 'sign' as const, answer: '6f00', nth: 1 }];
    const failing = await plastic({ faults });
    const { code, err, left } = await present(failing, [CODE, PASSWORD], { tried: true });
    expect({ code, left }).toEqual({ code: 1, left: ['6985', '6985'] });
    expect(err.join('\n')).toContain('[ERR_CARD_FAULT]');
  });

  test.each<[string, NewCardOptions, string[], string]>([
    ['a phone', { scenario: 'phone' }, [CODE], 'ERR_PRESENT_CARD'],
    [
      'a card that is taken away',
      { removeAfterStep: 'verify-pin' },
      [CODE, PASSWORD],
      'ERR_CARD_REMOVED',
    ],
  ])('%s', async (_, options, typed, code) => {
    asking = { methods: ['signature'], kazashi: false, purpose: 'purchase' };
    const ended = await present(await plastic(options), typed);
    expect({ code: ended.code, out: ended.out }).toEqual({ code: 1, out: [] });
    expect(ended.err.join('\n')).toContain(`[${code}]`);
  });
});
