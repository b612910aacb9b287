import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SenderOptions } from '@pinless-gate/issuer-console/webhooks/sender';
import { webhookSender } from '@pinless-gate/issuer-console/webhooks/sender';
import { afterEach, describe, expect, test } from 'vitest';
import { listenOn } from './receiver.ts';

const NOW = Date.parse('2026-12-20T18:04:05+09:00');
const message = { id: 'msg_1', type: 'x', body: '{"type":"x"}' };
const secrets = [new Uint8Array(32)];
const signal = new AbortController().signal;
const LOOPBACK = ['127.0.0.1', 'hooks.internal'];

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function receive(listener: RequestListener, tls?: { key: string; cert: string }) {
  const { port, close } = await listenOn(listener, tls);
  open.push(close);
  return port;
}

const sender = (more: Partial<SenderOptions> = {}) =>
  webhookSender({ allow: LOOPBACK, version: '1.2.3', now: () => NOW, ...more });
const send = (url: string, more: Partial<SenderOptions> = {}) =>
  sender(more).send({ url, message, secrets, signal });

describe('what is sent', () => {
  test('is the body, signed, and the status is what is told', async () => {
    const seen: object[] = [];
    const port = await receive(async (request, response) => {
      const body = (await request.toArray()).join('');
      const { method, url } = request;
      const { 'content-type': type, 'user-agent': agent, ...headers } = request.headers;
      seen.push({ method, url, type, agent, id: headers['webhook-id'], body });
      response.writeHead(202).end();
    });
    const attempt = await send(`http://127.0.0.1:${port}/a?b=c`);
    expect(attempt).toEqual({
      at: NOW,
      durationMs: expect.any(Number),
      status: 202,
      failure: undefined,
    });
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/a?b=c',
        type: 'application/json',
        agent: 'pinless-gate/1.2.3',
        id: 'msg_1',
        body: message.body,
      },
    ]);
  });

  test('goes to no place that an answer names', async () => {
    const paths: (string | undefined)[] = [];
    const port = await receive((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await send(`http://127.0.0.1:${port}/here`)).toMatchObject({ status: 307 });
    expect(paths).toEqual(['/here']);
  });
});

describe('a receiver that', () => {
  test('answers without end is left', async () => {
    let closed: () => void;
    const left = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const port = await receive((_, response) => {
      response.on('close', () => closed());
      const more = () => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      response.writeHead(200);
      more();
    });
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 200 });
    await left;
  });

  test('says nothing is waited for so long and no longer', async () => {
    const port = await receive(() => undefined);
    const attempt = await send(`http://127.0.0.1:${port}/`, { deadlineMs: 50 });
    expect(attempt).toMatchObject({ status: undefined, failure: 'timeout' });
    expect(attempt.durationMs).toBeGreaterThanOrEqual(45);
  });

  test.each([
    ['hangs up', (socket: { destroy(): void }) => socket.destroy()],
    ['speaks no HTTP', (socket: { end(text: string): void }) => socket.end('220 smtp\r\n')],
    [
      'has headers without end',
      (socket: { end(text: string): void }) =>
        socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`),
    ],
  ])('%s', async (_, act) => {
    const port = await receive((request) => act(request.socket));
    const attempt = await send(`http://127.0.0.1:${port}/`);
    expect(attempt).toMatchObject({ status: undefined, failure: 'protocol' });
  });

  test('is not there', async () => {
    const { port, close } = await listenOn(() => undefined);
    await close();
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ failure: 'connection' });
  });

  test('is not waited for by a console that stops', async () => {
    const stop = new AbortController();
    const port = await receive(() => stop.abort());
    const asked = { url: `http://127.0.0.1:${port}/`, message, secrets, signal: stop.signal };
    expect(await sender().send(asked)).toMatchObject({ status: undefined, failure: 'protocol' });
    expect(await sender().send(asked)).toMatchObject({ status: undefined });
  });
});

describe('names', () => {
  const leadsTo =
    (...addresses: string[]) =>
    async () =>
      addresses;

  test.each([
    ['loopback', ['127.0.0.2']],
    ['a private network', ['192.168.1.1']],
    ['the metadata of a cloud', ['169.254.169.254']],
    ['IPv6 loopback', ['::1']],
    ['a public address and a private one', ['93.184.216.34', '10.0.0.1']],
  ])('that lead to %s are not asked', async (_, addresses) => {
    const attempt = await send('https://rebind.example/', { resolve: leadsTo(...addresses) });
    expect(attempt).toMatchObject({ status: undefined, failure: 'address' });
  });

  test('that lead nowhere', async () => {
    expect(await send('https://nowhere.example/', { resolve: leadsTo() })).toMatchObject({
      failure: 'name',
    });
    const resolve = () => Promise.reject(new Error('queryA ENOTFOUND'));
    expect(await send('https://nowhere.example/', { resolve })).toMatchObject({ failure: 'name' });
  });

  test('whose server says nothing are waited for so long', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const attempt = await send('https://slow.example/', { resolve, deadlineMs: 50 });
    expect(attempt).toMatchObject({ failure: 'timeout' });
  });

  // The name leads to this machine for whoever asks the system: what was checked is what is connected to.
  test('are asked once, and the address that was checked is the one connected to', async () => {
    let hits = 0;
    const port = await receive((_, response) => {
      hits += 1;
      response.writeHead(200).end();
    });
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return asked === 1 ? ['127.0.0.1'] : ['127.0.0.9'];
    };
    const url = `http://hooks.internal:${port}/`;
    expect(await send(url, { resolve })).toMatchObject({ status: 200 });
    expect([asked, hits]).toEqual([1, 1]);
    // A second time it leads to an address where nobody listens, and not to where it led before.
    expect(await send(url, { resolve })).toMatchObject({ failure: 'connection' });
    expect([asked, hits]).toEqual([2, 1]);
  });

  test('an address that may not be asked is not, whatever was stored', async () => {
    expect(await send('https://10.0.0.1/')).toMatchObject({ failure: 'address' });
    expect(await send('http://shop.example/')).toMatchObject({ failure: 'address' });
  });
});

test('certificates are checked; an authority of the house is believed where it is named', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-tls-'));
  try {
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
    const subject = ['-subj', '/CN=hooks.internal', '-addext', 'subjectAltName=DNS:hooks.internal'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', [...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'pipe' });
    const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    const port = await receive((_, response) => void response.writeHead(200).end(), tls);
    const resolve = async () => ['127.0.0.1'];
    const url = `https://hooks.internal:${port}/`;
    expect(await send(url, { resolve })).toMatchObject({ status: undefined, failure: 'tls' });
    expect(await send(url, { resolve, ca: tls.cert })).toMatchObject({ status: 200 });
    // Of another name it is not good.
    const other = `https://127.0.0.1:${port}/`;
    expect(await send(other, { ca: tls.cert })).toMatchObject({ failure: 'tls' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
