import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { newCard } from '@pinless-gate/test/sandbox/jlis/new-card';
import {
  type ReaderOptions,
  type SandboxReader,
  startReader,
} from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const SELECT = '00:A4:04:0C:0A:D3:92:F0:00:26:01:00:00:00:01';
const directory = mkdtempSync(join(tmpdir(), 'reader-'));
let card: CardFile;
let started = 0;

beforeAll(async () => {
  const jlis = await Jlis.create(join(directory, 'jlis'));
  card = (await newCard(jlis)).file;
});

afterAll(() => rmSync(directory, { recursive: true }));

async function reader(options: Partial<ReaderOptions> = {}): Promise<SandboxReader> {
  const one = await startReader({ directory: join(directory, `r${++started}`), ...options });
  onTestFinished(() => one.close());
  return one;
}

/** What `opensc-tool` prints, whether or not it succeeds. */
function opensc({ socket }: SandboxReader, ...argv: string[]): Promise<string> {
  const env = { ...process.env, PCSCLITE_CSOCK_NAME: socket };
  return new Promise((resolve) => {
    execFile('opensc-tool', argv, { env }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

const send = (one: SandboxReader, slot: number, command: string) =>
  opensc(one, '--reader', String(slot), '--card-driver', 'default', '--send-apdu', command);

const alive = (pid: number) => existsSync(`/proc/${pid}`);

describe('startReader', () => {
  test('two readers at once have nothing in common', async () => {
    const [one, other] = await Promise.all([reader(), reader()]);
    await one.insert(card);
    expect(await opensc(one, '--list-readers')).toMatch(/^0 {4}Yes .*\n1 {4}No /m);
    expect(await opensc(other, '--list-readers')).toMatch(/^0 {4}No .*\n1 {4}No /m);
  });

  test('takes a card in each slot', async () => {
    const one = await reader();
    const cards = [await one.insert(card), await one.insert(card, { slot: 1 })];
    expect(await send(one, 0, SELECT)).toContain('SW1=0x90');
    expect(await send(one, 1, SELECT)).toContain('SW1=0x90');
    for (const each of cards) expect((await each.report()).steps.select?.commands).toBe(1);
  });

  test('a slot that is taken is an error, and its card stays', async () => {
    const one = await reader();
    await one.insert(card);
    await expect(one.insert(card)).rejects.toMatchObject({ code: 'ERR_SANDBOX_SLOT' });
    expect(await send(one, 0, SELECT)).toContain('SW1=0x90');
  });

  test('a path too long for a socket is refused', async () => {
    const long = join(directory, 'x'.repeat(100));
    await expect(startReader({ directory: long })).rejects.toMatchObject({
      code: 'ERR_SANDBOX_PATH',
    });
  });

  test('without extended length answers 6700 to what is too long', async () => {
    const one = await reader({ maxCommandLength: 14 });
    await one.insert(card);
    expect(await send(one, 0, SELECT)).toContain('SW1=0x67, SW2=0x00');
  });
});

describe('insert', () => {
  test('the card leaves after a step', async () => {
    const one = await reader();
    const inserted = await one.insert(card, { removeAfterStep: 'select' });
    expect(await send(one, 0, SELECT)).toContain('SW1=0x90');
    expect(await inserted.removed).toMatchObject({ leftBy: 'card', steps: { select: {} } });
  });

  test('the card leaves after its time', async () => {
    const one = await reader();
    const inserted = await one.insert(card, { forMs: 50 });
    expect((await inserted.removed).leftBy).toBe('card');
  });

  test('the next card is noticed as another one', async () => {
    const one = await reader();
    const first = await one.insert(card);
    await first.remove();
    await one.insert({ ...card, atr: '3b800181' });
    expect(await opensc(one, '--atr')).toContain('3b:80:01:81');
  });

  test('removing twice does no harm', async () => {
    const one = await reader();
    const inserted = await one.insert(card);
    await inserted.remove();
    await inserted.remove();
    expect((await inserted.removed).leftBy).toBe('card');
  });
});

describe('pcscd', () => {
  test('killed, its cards leave; restarted, it takes new ones', async () => {
    const one = await reader();
    const inserted = await one.insert(card);
    const pid = await one.pcscdPid();
    await one.killPcscd();
    expect(alive(pid!)).toBe(false);
    expect((await inserted.removed).leftBy).toBe('reader');
    expect(await opensc(one, '--list-readers')).not.toContain(one.names[0]);
    await one.restartPcscd();
    await one.insert(card);
    expect(await send(one, 0, SELECT)).toContain('SW1=0x90');
  });

  test('is gone after close, and the card in it has reported', async () => {
    const one = await reader();
    const inserted = await one.insert(card);
    const pid = (await one.pcscdPid())!;
    await one.close();
    expect((await inserted.removed).leftBy).toBe('card');
    await expect.poll(() => alive(pid)).toBe(false);
    await expect(one.insert(card)).rejects.toMatchObject({ code: 'ERR_SANDBOX_HOST' });
  });

  test('is gone when the program that started it is killed', async () => {
    const script = `
      import { startReader } from '@pinless-gate/test/sandbox/reader';
      const reader = await startReader({ directory: ${JSON.stringify(join(directory, 'dead'))} });
      console.log(await reader.pcscdPid());`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = await once(child.stdout, 'data');
    const pid = Number(String(chunk));
    expect(alive(pid)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => alive(pid)).toBe(false);
  });
});
