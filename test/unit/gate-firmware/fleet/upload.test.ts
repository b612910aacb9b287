import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { Uploader } from '@pinless-gate/gate-firmware/fleet/upload';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { HsmError } from '@pinless-gate/hsm/key-store';
import { decodeJournalUpload, JOURNAL_UPLOAD_TYPE } from '@pinless-gate/protocol/fleet';
import { isRequestOf, parseGateCredential } from '@pinless-gate/protocol/gate-request';
import { decodeJournalEntry } from '@pinless-gate/protocol/journal';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { BUSY_MS } from '../../../busy.ts';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { GATE_ID, gateKeys, temporary } from '../fixture.ts';

let store: FakeKeyStore;
let journal: Journal;
let uploader: Uploader | undefined;
/** First and last sequence number of each upload that came. */
let uploads: [number | undefined, number | undefined][];
let states: string[];

beforeEach(async () => {
  store = await gateKeys();
  journal = Journal.open(join(temporary(), 'journal'), GATE_ID);
  uploads = [];
  states = [];
});
afterEach(async () => {
  await uploader?.close();
  await journal.close();
});

const append = (count: number) => {
  for (let i = 0; i < count; i++) {
    journal.append({ kind: 'fault', at: i, monotonicMs: i, detail: 'x' });
  }
};

/** What the console answers to an upload whose last entry has this number: status and body. */
type Answer = (last: number) => [number, string, string?];
const PROBLEM = 'application/problem+json';
const ack: Answer = (last) => [200, JSON.stringify({ sequence: last })];

async function consoleThat(answer: Answer, port = 0) {
  const key = await store.publicKey('device');
  const listener: RequestListener = async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const { method = '', url: path = '' } = request;
    const credential = parseGateCredential(request.headers.authorization ?? '');
    const good =
      path === '/api/journal' &&
      request.headers['content-type'] === JOURNAL_UPLOAD_TYPE &&
      isRequestOf(key, { method, path, body }, credential);
    if (!good) return void response.writeHead(400).end();
    const { entries } = decodeJournalUpload(body);
    const sequences = entries.map((encoded) => decodeJournalEntry(encoded).entry.sequence);
    uploads.push([sequences[0], sequences.at(-1)]);
    const [status, text, type = 'application/json'] = answer(sequences.at(-1) ?? journal.uploaded);
    response.writeHead(status, { 'content-type': type }).end(text);
  };
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/`),
    close,
  };
}

function start(console: URL): Uploader {
  uploader = new Uploader({
    console: { url: console },
    journal,
    identity: {
      gateId: GATE_ID,
      sign: (message) => store.sign('device', message),
      now: Date.now,
      random: randomBytes,
    },
    onState: (error) => {
      const state = error?.code ?? 'well';
      if (states.at(-1) !== state) states.push(state);
    },
  });
  return uploader;
}

const uploaded = (sequence: number) => expect.poll(() => journal.uploaded).toBe(sequence);

describe('Uploader', () => {
  test('sends everything there is, signed, in pieces', async () => {
    append(600);
    start((await consoleThat(ack)).url);
    await uploaded(600);
    expect(uploads.slice(0, 3)).toEqual([
      [1, 256],
      [257, 512],
      [513, 600],
    ]);
    expect(states).toEqual(['well']);
  });

  test('then what is new, when it is told', async () => {
    append(2);
    const one = start((await consoleThat(ack)).url);
    await uploaded(2);
    append(1);
    one.poke();
    await uploaded(3);
    expect(uploads).toEqual([
      [1, 2],
      [3, 3],
    ]);
  });

  test('409: goes on from where the console says it is', async () => {
    append(5);
    journal.uploaded = 4;
    let first = true;
    const { url } = await consoleThat((last) => {
      if (!first) return ack(last);
      first = false;
      return [409, JSON.stringify({ sequence: 1 })];
    });
    start(url);
    await uploaded(5);
    expect(uploads).toEqual([
      [5, 5],
      [2, 5],
    ]);
  });

  test('a console that takes one entry at a time', async () => {
    append(3);
    start((await consoleThat(() => [200, JSON.stringify({ sequence: journal.uploaded + 1 })])).url);
    await uploaded(3);
    expect(uploads).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  test('unreachable, then back: nothing is lost, and taps go on meanwhile', async () => {
    const { url, close } = await consoleThat(ack);
    await close();
    append(3);
    start(url);
    await expect.poll(() => states).toEqual(['ERR_CONSOLE_UNREACHABLE']);
    append(2);
    await consoleThat(ack, Number(url.port));
    await uploaded(5);
    expect(states).toEqual(['ERR_CONSOLE_UNREACHABLE', 'well']);
    expect(uploads).toEqual([[1, 5]]);
  });

  test.each<[string, Answer, string]>([
    ['holds more than there is', () => [200, '{"sequence":99}'], 'ERR_UPLOAD_AHEAD'],
    ['holds others', () => [409, '{"error":"conflict"}'], 'ERR_UPLOAD_CONFLICT'],
    ['does not know this gate', () => [403, '{}'], 'ERR_UPLOAD_REFUSED'],
    ['has revoked it', () => [403, '{"code":"ERR_GATE_REVOKED"}', PROBLEM], 'ERR_GATE_REVOKED'],
    ['has another time', () => [403, '{"code":"ERR_GATE_CLOCK"}', PROBLEM], 'ERR_GATE_CLOCK'],
    ['denies it', () => [403, '{"code":"ERR_GATE_DENIED"}', PROBLEM], 'ERR_GATE_DENIED'],
    ['says more than it should', () => [200, ' '.repeat(20_000)], 'ERR_CONSOLE_UNREACHABLE'],
    ['is broken', () => [500, 'oops'], 'ERR_UPLOAD_REFUSED'],
    ['answers no JSON', () => [200, '<html>'], 'ERR_UPLOAD_REFUSED'],
    ['answers no number', () => [200, '{"sequence":"2"}'], 'ERR_UPLOAD_REFUSED'],
    ['answers a negative number', () => [200, '{"sequence":-1}'], 'ERR_UPLOAD_REFUSED'],
    ['answers half a number', () => [200, '{"sequence":1.5}'], 'ERR_UPLOAD_REFUSED'],
    ['takes nothing', () => [200, '{"sequence":0}'], 'ERR_UPLOAD_STUCK'],
    ['sends elsewhere', () => [302, ''], 'ERR_CONSOLE_UNREACHABLE'],
  ])('a console that %s: told, nothing noted, and it is not stormed', async (_, answer, code) => {
    append(2);
    start((await consoleThat(answer)).url);
    await expect.poll(() => states).toEqual([code]);
    expect(journal.uploaded).toBe(0);
    expect(uploads.length).toBeLessThanOrEqual(2);
  });

  test('an HSM that is away', async () => {
    append(1);
    const { url } = await consoleThat(ack);
    store.failure = new HsmError('ERR_HSM_DEVICE', 'down');
    start(url);
    await expect.poll(() => states).toEqual(['ERR_HSM_DEVICE']);
    store.failure = undefined;
    await uploaded(1);
  });
});

describe('Uploader.close', () => {
  test('while the console is away', async () => {
    const { url, close } = await consoleThat(ack);
    await close();
    append(1);
    const one = start(url);
    await expect.poll(() => states).toEqual(['ERR_CONSOLE_UNREACHABLE']);
    const from = performance.now();
    await one.close();
    expect(performance.now() - from).toBeLessThan(300 + BUSY_MS);
  });

  test('while the console answers nothing: after a second', async () => {
    const hole = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    onTestFinished(() => void hole.close());
    append(1);
    const one = start(new URL(`http://127.0.0.1:${(hole.address() as { port: number }).port}/`));
    await once(hole, 'request');
    const from = performance.now();
    await one.close();
    expect(performance.now() - from).toBeLessThan(1500 + BUSY_MS);
    hole.closeAllConnections();
  });

  test('lets the upload under way arrive', async () => {
    append(1);
    const one = start((await consoleThat(ack)).url);
    await one.close();
    expect([journal.uploaded, uploads]).toEqual([1, [[1, 1]]]);
  });
});
