import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import { type IsolatedOptions, IsolatedProcess } from '@pinless-gate/runtime/isolated-process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ENTRY = new URL('./fixtures/isolated-child.mjs', import.meta.url);

let directory: string;
const open: IsolatedProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isolated-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((isolated) => isolated.close()));
  await rm(directory, { recursive: true });
});

async function start(options: Partial<IsolatedOptions> = {}): Promise<IsolatedProcess> {
  const isolated = await IsolatedProcess.start({
    name: 'small child',
    entry: ENTRY,
    init: {},
    startTimeoutMs: 30_000,
    maxPending: 8,
    ...options,
  });
  open.push(isolated);
  return isolated;
}

/** Resolves when the child is up again after a death. */
function restarts(options: Partial<IsolatedOptions> = {}) {
  let up = (): void => {};
  const downs: string[] = [];
  const again = new Promise<void>((resolve) => {
    up = resolve;
  });
  const started = start({
    ...options,
    onDown: ({ code }) => downs.push(code),
    onUp: () => downs.length > 0 && up(),
  });
  return { started, again, downs };
}

/** As a signal, or a machine that has others to serve, would have it. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('IsolatedProcess.start', () => {
  test('the child refuses to start: its own code, message and hint', async () => {
    const error = await start({ init: { failStart: true } }).catch((why: unknown) => why);
    expect(error).toBeInstanceOf(GateError);
    expect(error).toMatchObject({
      code: 'ERR_TEST_START',
      message: 'does not start',
      hint: 'fix it',
    });
  });

  test('the child is not ready in time', async () => {
    const late = start({ init: { neverStart: true }, startTimeoutMs: 100 });
    await expect(late).rejects.toThrow(code('ERR_ISOLATED_TIMEOUT'));
  });

  test('the entry does not exist', async () => {
    const entry = new URL('./fixtures/no-such-file.mjs', import.meta.url);
    await expect(start({ entry })).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
  });

  test('the environment is added to', async () => {
    const isolated = await start({ environment: { ISOLATED_TEST: 'yes' } });
    expect(await isolated.call('environment', 'ISOLATED_TEST', 1000)).toBe('yes');
    expect(await isolated.call('environment', 'PATH', 1000)).toBe(process.env.PATH);
  });
});

describe('IsolatedProcess.call', () => {
  test.each([0, 1, 255, 256, 65_535, 65_536, 1_000_000])(
    '%i octets cross whole',
    async (length) => {
      const isolated = await start();
      const bytes = new Uint8Array(length).map((_, i) => i * 31);
      const answer = await isolated.call<{ bytes: Uint8Array }>('echo', { bytes }, 5000);
      expect(answer.bytes).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(answer.bytes, bytes)).toBe(0);
    },
  );

  test('the handler refuses: code, message and hint cross', async () => {
    const isolated = await start();
    const refused = isolated.call('refuse', { code: 'ERR_TEST_REFUSED' }, 1000);
    await expect(refused).rejects.toThrow(GateError);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_TEST_REFUSED', hint: 'ask again' });
  });

  test('a defect in the handler is no GateError', async () => {
    const isolated = await start();
    const error = await isolated.call('defect', {}, 1000).catch((why: unknown) => why);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(GateError);
    expect((error as Error).message).toBe('a defect');
  });

  test('a method that does not exist', async () => {
    const isolated = await start();
    await expect(isolated.call('nothing', {}, 1000)).rejects.toThrow(/no handler named nothing/);
  });

  test('arguments that cannot be cloned leave nothing pending', async () => {
    const isolated = await start({ maxPending: 1 });
    await expect(isolated.call('echo', () => {}, 1000)).rejects.toThrow(/could not be cloned/);
    expect(await isolated.call('echo', 1, 1000)).toBe(1);
  });

  test('one call too many is refused at once, the others are served', async () => {
    const isolated = await start({ maxPending: 2 });
    const served = [isolated.call('echo', 1, 1000), isolated.call('echo', 2, 1000)];
    await expect(isolated.call('echo', 3, 1000)).rejects.toThrow(code('ERR_ISOLATED_BUSY'));
    expect(await Promise.all(served)).toEqual([1, 2]);
    expect(await isolated.call('echo', 4, 1000)).toBe(4);
  });

  test('an answer that came while this process stood still is in time', async () => {
    const isolated = await start();
    const marked = join(directory, 'marked');
    const answered = isolated.call('mark', marked, 50);
    while (!existsSync(marked)) standStill(20);
    standStill(1000);
    await expect(answered).resolves.toBeUndefined();
  });

  test.each(['never', 'spin'])(
    '%s: the deadline kills the child, which is started again',
    async (method) => {
      const { started, again, downs } = restarts();
      const isolated = await started;
      const { pid } = isolated;
      const hung = isolated.call(method, {}, 100);
      const other = isolated.call('never', {}, 5000);
      await Promise.all([
        expect(hung).rejects.toThrow(code('ERR_ISOLATED_TIMEOUT')),
        expect(other).rejects.toThrow(code('ERR_ISOLATED_DOWN')),
      ]);
      await again;
      expect(downs).toEqual(['ERR_ISOLATED_TIMEOUT']);
      expect(isolated.pid).not.toBe(pid);
      expect(() => process.kill(pid!, 0)).toThrow(code('ESRCH'));
      expect(await isolated.call('echo', 'back', 1000)).toBe('back');
    },
  );

  test('a call made right after a death waits for the new child', async () => {
    const isolated = await start();
    await expect(isolated.call('die', {}, 1000)).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
    expect(isolated.state).toBe('starting');
    expect(await isolated.call('echo', 'back', 5000)).toBe('back');
    expect(isolated.state).toBe('up');
  });

  test('killed from outside in mid-call', async () => {
    const { started, again, downs } = restarts();
    const isolated = await started;
    const hung = isolated.call('never', {}, 5000);
    process.kill(isolated.pid!, 'SIGKILL');
    await expect(hung).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
    await again;
    expect(downs).toEqual(['ERR_ISOLATED_DOWN']);
  });

  test('a second death in a row waits before the third start', async () => {
    const isolated = await start();
    await expect(isolated.call('die', {}, 5000)).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
    await expect(isolated.call('die', {}, 5000)).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
    expect(isolated.state).toBe('down');
    await expect(isolated.call('echo', 1, 1000)).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
  });

  test('events of the child arrive', async () => {
    const events: unknown[] = [];
    const isolated = await start({ onEvent: (event) => events.push(event) });
    await isolated.call('emit', { inserted: true }, 1000);
    expect(events).toEqual([{ inserted: true }]);
  });
});

describe('IsolatedOptions.fatal', () => {
  const fatal = (why: GateError) => why.code === 'ERR_TEST_FATAL';

  test('a fatal answer ends the child for good', async () => {
    const counter = join(directory, 'starts');
    await writeFile(counter, '0');
    const isolated = await start({ init: { counter }, fatal });
    const refused = isolated.call('refuse', { code: 'ERR_TEST_FATAL' }, 1000);
    await expect(refused).rejects.toThrow(code('ERR_TEST_FATAL'));
    await expect(isolated.call('echo', 1, 1000)).rejects.toThrow(code('ERR_TEST_FATAL'));
    await isolated.close();
    expect(await readFile(counter, 'utf8')).toBe('1');
  });

  test('a fatal restart is the last one', async () => {
    const counter = join(directory, 'starts');
    await writeFile(counter, '0');
    const isolated = await start({ init: { counter, failRestart: 'ERR_TEST_FATAL' }, fatal });
    await expect(isolated.call('die', {}, 1000)).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
    await expect(isolated.call('echo', 1, 5000)).rejects.toThrow(code('ERR_TEST_FATAL'));
    await isolated.close();
    expect(await readFile(counter, 'utf8')).toBe('2');
  });
});

describe('IsolatedProcess.close', () => {
  test('the child ends in order, and later calls are refused', async () => {
    const closed = join(directory, 'closed');
    const isolated = await start({ init: { closed } });
    const { pid } = isolated;
    await isolated.close();
    expect(await readFile(closed, 'utf8')).toBe('closed');
    expect(() => process.kill(pid!, 0)).toThrow(code('ESRCH'));
    await expect(isolated.call('echo', 1, 1000)).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
  });

  test('a child that hangs is ended by force', async () => {
    const isolated = await start();
    const { pid } = isolated;
    const hung = isolated.call('spin', {}, 60_000);
    const ended = isolated.close();
    await expect(hung).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
    await ended;
    expect(() => process.kill(pid!, 0)).toThrow(code('ESRCH'));
  });
});

describe('serveIsolated', () => {
  test.each([
    ['is idle', ''],
    ['hangs', `await isolated.call('spin', { announce: true }, 60_000);`],
  ])('a child that %s dies with its parent', async (_, meanwhile) => {
    const script = `
      const { IsolatedProcess } = await import('@pinless-gate/runtime/isolated-process');
      const isolated = await IsolatedProcess.start({ name: 'x', entry: new URL('${ENTRY}'), init: {},
        startTimeoutMs: 30_000, maxPending: 2, onEvent: () => process.kill(process.pid, 'SIGKILL') });
      console.log(isolated.pid);
      ${meanwhile}
      process.kill(process.pid, 'SIGKILL');`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('.', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    for await (const chunk of parent.stdout) printed += chunk;
    const pid = Number(printed);
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => alive(pid), { interval: 10 }).toBe(false);
  });
});

/** A zombie that nobody has reaped yet is dead. */
async function alive(pid: number): Promise<boolean> {
  try {
    return !/\) Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
