import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReaderState } from '@pinless-gate/gate-firmware/card/reader-messages';
import { fetchRequest, postStatement } from '@pinless-gate/gate-firmware/present/console';
import { waitForCard } from '@pinless-gate/gate-firmware/present/wait';
import { encodeStatementRequest } from '@pinless-gate/protocol/statement-request';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withCode } from '../fixture.ts';

const octets = (length: number) => new Uint8Array(length).fill(3);
let server: Server;
let url: URL;
let answer: { status: number; body: string; type?: string };
let asked: { path: string; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    asked.push({ path: request.url!, body: Buffer.concat(parts).toString() });
    response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' });
    response.end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(() => server.close());

const request = (origin: string) =>
  encodeStatementRequest({
    consoleId: octets(16),
    origin,
    purpose: 'check',
    subjectId: 'A-1',
    eventId: octets(16),
    lines: ['does this card open the gate?'],
    nonce: octets(32),
    issuedAt: 1,
    expiresAt: 2,
  });

const asking = (origin: string, more = {}) => ({
  status: 200,
  body: JSON.stringify({
    request: Buffer.from(request(origin)).toString('base64url'),
    kind: 'check',
    console: '03'.repeat(16),
    methods: ['authentication', 'read'],
    kazashi: false,
    ...more,
  }),
});

const statement = { request: octets(9), method: 'read', certificate: octets(9) } as const;

describe('a console', () => {
  test('is asked with the code in the body, and in no address', async () => {
    asked = [];
    answer = asking(url.origin);
    const { octets: request, ...rest } = await fetchRequest({ url }, 'CODE-1');
    expect(rest).toMatchObject({ methods: ['authentication', 'read'], kazashi: false });
    expect(rest.request.lines).toEqual(['does this card open the gate?']);
    expect(request).toHaveLength(request.length);
    expect(asked).toEqual([{ path: '/api/public/requests', body: '{"code":"CODE-1"}' }]);
  });

  test('takes a statement', async () => {
    asked = [];
    answer = { status: 200, body: '{"state":"linked","facts":{"seats":2}}' };
    expect(await postStatement({ url }, 'C', statement)).toEqual({
      state: 'linked',
      facts: { seats: 2 },
    });
    expect(asked[0]!.path).toBe('/api/public/statements');
    expect(JSON.parse(asked[0]!.body)).toMatchObject({
      code: 'C',
      statement: { format: 'pinless-gate/card-statement/1', method: 'read' },
    });
  });

  test.each<[string, () => typeof answer, string]>([
    ['another console’s request', () => asking('https://other.example.jp'), 'ERR_PRESENT_ORIGIN'],
    [
      'a request that is none',
      () => asking(url.origin, { request: Buffer.from('none').toString('base64url') }),
      'ERR_CBOR',
    ],
    ['no methods', () => asking(url.origin, { methods: [] }), 'ERR_PRESENT_ANSWER'],
    ['a page', () => ({ status: 200, body: '<html>' }), 'ERR_PRESENT_ANSWER'],
    ['an error without words', () => ({ status: 500, body: '' }), 'ERR_PRESENT_ANSWER'],
    ['too much', () => ({ status: 200, body: ' '.repeat(70_000) }), 'ERR_CONSOLE_UNREACHABLE'],
    [
      'a problem',
      () => ({
        status: 404,
        type: 'application/problem+json',
        body: '{"code":"ERR_VISITOR_CODE","title":"this code opens nothing"}',
      }),
      'ERR_VISITOR_CODE',
    ],
    [
      'a problem, and to wait',
      () => ({
        status: 429,
        type: 'application/problem+json',
        body: '{"code":"ERR_HTTP_RATE","title":"too many requests"}',
      }),
      'ERR_HTTP_RATE',
    ],
  ])('answers with %s', async (_, make, code) => {
    answer = make();
    await expect(fetchRequest({ url }, 'C')).rejects.toThrow(withCode(code));
  });

  test('whose words would move the cursor is not printed', async () => {
    answer = { status: 200, body: JSON.stringify({ state: 'linked\u001b[2J' }) };
    const taken = postStatement({ url }, 'C', statement);
    await expect(taken).rejects.toThrow(withCode('ERR_PRESENT_ANSWER'));
  });
});

describe('waitForCard', () => {
  const states = (...list: ReaderState[]) => {
    const left = [...list];
    return { watch: async () => left.shift() ?? list.at(-1)! };
  };
  const empty = { kind: 'empty', reader: 'R', known: 1 } as const;
  const present = { kind: 'present', reader: 'R', known: 2 } as const;
  const waiting = (more = {}) => {
    let told = 0;
    let clock = 0;
    const options = {
      signal: new AbortController().signal,
      timeoutMs: 10,
      now: () => clock++,
      onEmpty: () => {
        told++;
      },
      ...more,
    };
    return { options, told: () => told };
  };

  test('asks for a card once', async () => {
    const { options, told } = waiting();
    await waitForCard(states(empty, empty, present), options);
    expect(told()).toBe(1);
  });

  test.each<[string, ReaderState, string]>([
    ['no card comes', empty, 'ERR_PRESENT_NO_CARD'],
    ['there is no service', { kind: 'no-service', why: 'gone' }, 'ERR_READER'],
    ['there is no reader', { kind: 'no-reader', names: [] }, 'ERR_READER_MISSING'],
    ['there are two', { kind: 'several-readers', names: ['A', 'B'] }, 'ERR_READER_MISSING'],
  ])('ends where %s', async (_, state, code) => {
    await expect(waitForCard(states(state), waiting().options)).rejects.toThrow(withCode(code));
  });

  test('ends with the command', async () => {
    const { options } = waiting({ signal: AbortSignal.abort() });
    const waited = waitForCard(states(empty), options);
    await expect(waited).rejects.toThrow(withCode('ERR_INTERRUPTED'));
  });
});
