import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import { VPCD_PORT } from './vpcd.ts';

/** Where the daemon puts its socket: compiled in. */
const PCSCD_DIRECTORY = '/run/pcscd';
const PCSCD_SOCKET = 'pcscd.comm';
const READY_TIMEOUT_MS = 20_000;
const RETRY_MS = 5;

const READER_CONFIGURATION = `FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:0x${VPCD_PORT.toString(16).toUpperCase()}
LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID    0x${VPCD_PORT.toString(16).toUpperCase()}
`;

/**
 * Makes the network and mount namespace that this process already is in fit for a daemon of its own: loopback
 * up, the daemon's directory replaced by ours. The driver sends the length of an APDU and the APDU in two
 * segments; without `quickack` the second waits up to 40 ms for the acknowledgement of the first.
 */
export async function prepareNamespace(directory: string): Promise<void> {
  run('ip', 'link', 'set', 'lo', 'up');
  for (const net of ['127.0.0.0/8', '127.0.0.1']) {
    const route = `local ${net} dev lo proto kernel scope host src 127.0.0.1 quickack 1`;
    run('ip', 'route', 'change', 'table', 'local', ...route.split(' '));
  }
  await mkdir(PCSCD_DIRECTORY, { recursive: true });
  run('mount', '--bind', directory, PCSCD_DIRECTORY);
}

/** Whether this machine lets us make namespaces: root, and no container that forbids it. */
export function namespacesPossible(): boolean {
  return spawnSync('unshare', ['--net', '--mount', 'true'], { stdio: 'ignore' }).status === 0;
}

export function socketPath(directory: string, isolated: boolean): string {
  return join(isolated ? directory : PCSCD_DIRECTORY, PCSCD_SOCKET);
}

/** A daemon of our own, ready: its socket answers. Dies with this process, however that ends. */
export async function startPcscd(directory: string, socket: string): Promise<ChildProcess> {
  const configuration = join(directory, 'reader.conf');
  await writeFile(configuration, READER_CONFIGURATION);
  const argv = ['--pdeathsig', 'KILL', 'pcscd', '--foreground', '--config', configuration];
  const child = spawn('setpriv', argv, { stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = once(child, 'exit').then(([status, signal]) => {
    const hint = 'Debian packages pcscd and vsmartcard-vpcd must be installed';
    throw new GateError('ERR_SANDBOX_PCSCD', `pcscd ended: ${signal ?? `status ${status}`}`, {
      hint,
    });
  });
  const failed = once(child, 'error').then(([cause]) => {
    throw new GateError('ERR_SANDBOX_PCSCD', 'pcscd cannot be started', { cause });
  });
  // Both may still reject long after the daemon was ready: that is `killPcscd` at work.
  for (const promise of [ended, failed]) promise.catch(() => {});
  await Promise.race([waitForSocket(socket), ended, failed]);
  return child;
}

export async function stopPcscd(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

export async function socketAnswers(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function waitForSocket(path: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await socketAnswers(path))) {
    if (performance.now() > deadline) {
      throw new GateError('ERR_SANDBOX_PCSCD', `pcscd is not ready after ${READY_TIMEOUT_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function run(command: string, ...argv: string[]): void {
  const { status, stderr, error } = spawnSync(command, argv, { encoding: 'utf8' });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new GateError('ERR_SANDBOX_NAMESPACE', `${command} ${argv.slice(0, 2).join(' ')}: ${why}`);
}
