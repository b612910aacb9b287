import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { turnstileTable } from '@pinless-gate/gate-firmware/hardware/config';
import { execTurnstile } from '@pinless-gate/gate-firmware/hardware/exec-turnstile';
import { httpTurnstile } from '@pinless-gate/gate-firmware/hardware/http-turnstile';
import { noTurnstile, type Opening } from '@pinless-gate/gate-firmware/hardware/turnstile';
import { afterEach, describe, expect, test } from 'vitest';

const opening = (id: string): Opening => ({ id, direction: 'in', people: 1 });

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(
  handler: RequestListener,
): Promise<{ url: URL; server: Server; connections: () => number }> {
  let connections = 0;
  const server = createServer(handler).listen(0, '127.0.0.1');
  server.on('connection', () => connections++);
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { url: new URL(`http://127.0.0.1:${port}/open`), server, connections: () => connections };
}

async function bodyOf(request: AsyncIterable<Buffer>): Promise<unknown> {
  let text = '';
  for await (const part of request) text += part;
  return JSON.parse(text);
}

describe('httpTurnstile', () => {
  test('posts what it opens for, over one connection', async () => {
    const bodies: unknown[] = [];
    const { url, connections } = await listen(async (request, response) => {
      bodies.push([
        request.method,
        request.url,
        request.headers['content-type'],
        await bodyOf(request),
      ]);
      response.writeHead(204).end();
    });
    const turnstile = httpTurnstile({ url, timeoutMs: 1000, now: () => 42 });
    for (const id of ['a', 'b', 'c']) await turnstile.open(opening(id));
    turnstile.close();
    expect(bodies[0]).toEqual([
      'POST',
      '/open',
      'application/json',
      {
        id: 'a',
        direction: 'in',
        people: 1,
        at: 42,
      },
    ]);
    expect(bodies).toHaveLength(3);
    expect(connections()).toBe(1);
  });

  test.each([302, 400, 503])('HTTP %i is not open', async (status) => {
    const { url } = await listen((_, response) => response.writeHead(status).end('no'));
    const turnstile = httpTurnstile({ url, timeoutMs: 1000 });
    await expect(turnstile.open(opening('a'))).rejects.toMatchObject({
      code: 'ERR_TURNSTILE_ANSWER',
    });
    turnstile.close();
  });

  test('no answer by the deadline', async () => {
    const { url } = await listen(() => undefined);
    const turnstile = httpTurnstile({ url, timeoutMs: 50 });
    await expect(turnstile.open(opening('a'))).rejects.toMatchObject({
      code: 'ERR_TURNSTILE_TIMEOUT',
    });
    turnstile.close();
  });

  test('holds and lets go', async () => {
    const bodies: unknown[] = [];
    const { url } = await listen(async (request, response) => {
      bodies.push(await bodyOf(request));
      response.end();
    });
    const turnstile = httpTurnstile({ url, timeoutMs: 1000, now: () => 42 });
    await turnstile.hold(true);
    await turnstile.hold(false);
    await turnstile.close();
    expect(bodies).toEqual([
      { hold: true, at: 42 },
      { hold: false, at: 42 },
    ]);
  });

  test('nobody there', async () => {
    const { url, server } = await listen(() => undefined);
    server.close();
    await once(server, 'close');
    const turnstile = httpTurnstile({ url, timeoutMs: 1000 });
    await expect(turnstile.open(opening('a'))).rejects.toMatchObject({
      code: 'ERR_TURNSTILE_UNREACHABLE',
    });
  });

  test('an idle connection that is closed under the request: the same id again, on a new one', async () => {
    const ids: unknown[] = [];
    const { url, connections } = await listen(async (request, response) => {
      ids.push(((await bodyOf(request)) as { id: string }).id);
      if (ids.length === 2) request.socket.destroy();
      else response.end();
    });
    const turnstile = httpTurnstile({ url, timeoutMs: 1000 });
    await turnstile.open(opening('a'));
    await turnstile.open(opening('b'));
    turnstile.close();
    expect(ids).toEqual(['a', 'b', 'b']);
    expect(connections()).toBe(2);
  });

  test('a fresh connection that is closed is not tried again', async () => {
    let requests = 0;
    const { url } = await listen((request) => {
      requests++;
      request.socket.destroy();
    });
    const turnstile = httpTurnstile({ url, timeoutMs: 1000 });
    await expect(turnstile.open(opening('a'))).rejects.toMatchObject({
      code: 'ERR_TURNSTILE_UNREACHABLE',
    });
    expect(requests).toBe(1);
  });
});

describe('execTurnstile', () => {
  test('hands the id to the program, past any shell', async () => {
    const out = join(await mkdtemp(join(tmpdir(), 'turnstile-')), 'id');
    const script = 'require("fs").writeFileSync(process.argv[1], process.argv[2])';
    const turnstile = execTurnstile({
      command: [process.execPath, '-e', script, out],
      timeoutMs: 4000,
    });
    await turnstile.open(opening('$(id) "1"'));
    expect(await readFile(out, 'utf8')).toBe('$(id) "1"');
  });

  test('holds with a command of its own', async () => {
    const out = join(await mkdtemp(join(tmpdir(), 'turnstile-')), 'hold');
    const script = 'require("fs").appendFileSync(process.argv[1], process.argv[2])';
    const hold = [process.execPath, '-e', script, out];
    const turnstile = execTurnstile({ command: ['true'], hold, timeoutMs: 4000 });
    await turnstile.hold(true);
    await turnstile.hold(false);
    expect(await readFile(out, 'utf8')).toBe('opennormal');
  });

  test('without such a command it says that it cannot be held', async () => {
    const turnstile = execTurnstile({ command: ['true'], timeoutMs: 1000 });
    await expect(turnstile.hold(true)).rejects.toMatchObject({ code: 'ERR_TURNSTILE_HOLD' });
  });

  test.each([
    ['exit code', ['false'], 1000, 'ERR_TURNSTILE_COMMAND'],
    ['no such program', ['/nonexistent/open'], 1000, 'ERR_TURNSTILE_COMMAND'],
    ['deadline', ['sh', '-c', 'sleep 5'], 50, 'ERR_TURNSTILE_TIMEOUT'],
  ])('%s', async (_, command, timeoutMs, code) => {
    await expect(execTurnstile({ command, timeoutMs }).open(opening('1'))).rejects.toMatchObject({
      code,
    });
  });
});

describe('the table of a turnstile', () => {
  test('none opens at once', async () => {
    await expect(noTurnstile().open(opening('a'))).resolves.toBeUndefined();
  });

  test.each([
    [{ driver: 'magic' }],
    [{ driver: 'http', url: 'file:///etc/passwd' }],
    [{ driver: 'http', url: 'http://x/', timeout: 5 }],
    [{ driver: 'exec', command: [] }],
    [{ driver: 'exec', command: 'reboot' }],
    [{ driver: 'http', url: 'http://x/', timeout_ms: 0 }],
  ])('refuses %j', (table) => expect(turnstileTable.safeParse(table).success).toBe(false));
});
