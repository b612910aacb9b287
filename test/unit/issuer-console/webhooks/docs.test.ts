import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSecret, testMessage } from '@pinless-gate/issuer-console/domain/webhook-message';
import { webhookSender } from '@pinless-gate/issuer-console/webhooks/sender';
import { freePort } from '@pinless-gate/test/sandbox/free-port';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

// The examples of docs/webhooks.md, as they stand there.

const text = readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8');
const blockOf = (language: string) =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(text)![1]!;
const secret = new Uint8Array(32).fill(9);
const WEBHOOK_SECRET = formatSecret(secret);
const { signal } = new AbortController();
let directory: string;
let port: number;
let receiver: ReturnType<typeof spawn>;
let out = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'webhook-docs-'));
  port = await freePort();
  const file = join(directory, 'receiver.mjs');
  writeFileSync(file, blockOf('js'));
  const env = { ...process.env, WEBHOOK_SECRET, PORT: String(port) };
  receiver = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  receiver.stdout!.on('data', (chunk) => {
    out += String(chunk);
  });
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  await vi.waitUntil(listens, { timeout: 30_000 });
}, 60_000);
afterAll(() => {
  receiver.kill();
  rmSync(directory, { recursive: true });
});

const send = (key: Uint8Array, now = Date.now()) =>
  webhookSender({ allow: ['127.0.0.1'], version: '0', now: () => now }).send({
    url: `http://127.0.0.1:${port}/`,
    message: { ...testMessage('w', '1'.repeat(32), now), body: BODY },
    secrets: [key, new Uint8Array(32)],
    signal,
  });
const BODY = '{"type":"import.finished","id":"msg_2","data":{"subjects":["i","e"]}}';

test('the receiver takes what we sign, once, and what others sign not', async () => {
  expect((await send(secret)).status).toBe(204);
  expect((await send(secret)).status).toBe(204);
  expect((await send(new Uint8Array(32).fill(1))).status).toBe(401);
  expect((await send(secret, Date.now() - 301_000)).status).toBe(401);
  await vi.waitUntil(() => out.includes('\n'), { timeout: 30_000 });
  expect(out).toBe('import.finished i e\n');
});

test('openssl and curl send what the receiver takes', () => {
  const asked = (key: string) => {
    const RECEIVER = `http://127.0.0.1:${port}/`;
    const env = { ...process.env, WEBHOOK_SECRET: key, RECEIVER };
    return spawnSync('sh', ['-c', blockOf('sh')], { env, encoding: 'utf8' }).stdout;
  };
  expect(asked(WEBHOOK_SECRET)).toBe('204\n');
  expect(asked(formatSecret(new Uint8Array(32)))).toBe('401\n');
});
