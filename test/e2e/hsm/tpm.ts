import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type HsmConfig, readHsmConfig } from '@pinless-gate/hsm/config';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('./fixtures/tpm.sh', import.meta.url));
const MACHINE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const MODULE = `/usr/lib/${MACHINE}-linux-gnu/libtpm2_pkcs11.so.1`;
const PIN = 'user-pin-of-a-test';

/** A software TPM 2.0 behind libtpm2-pkcs11, with an empty token. */
export interface TpmToken {
  readonly config: HsmConfig;
  readonly configFile: string;
  /** The module's own tool makes what its PKCS#11 interface does not: a secret for HMAC-SHA-512. */
  makeEventKey(label: string): Promise<void>;
  close(): Promise<void>;
}

export async function startTpm(): Promise<TpmToken> {
  const directory = mkdtempSync(join(tmpdir(), 'tpm-'));
  const store = join(directory, 'store');
  mkdirSync(store);
  // A group of its own: the whole of it is ended at the end.
  const session = spawn('dbus-run-session', ['--', 'sh', SCRIPT, directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const close = async () => {
    process.kill(-session.pid!, 'SIGKILL');
    await new Promise((resolve) => session.once('close', resolve));
    rmSync(directory, { recursive: true, force: true });
  };
  const address = await firstLine(session.stdout);
  const environment = {
    DBUS_SESSION_BUS_ADDRESS: address,
    TPM2_PKCS11_TCTI: 'tabrmd:bus_type=session',
    TPM2TOOLS_TCTI: 'tabrmd:bus_type=session',
    TPM2_PKCS11_STORE: store,
    TPM2_PKCS11_LOG_LEVEL: '0',
  };
  const tool = (...args: string[]) =>
    run('tpm2_ptool', [...args, '--path', store], { env: { ...process.env, ...environment } });
  await tool('init');
  const token = ['--pid=1', '--label=tpm', '--sopin=officer-pin-of-a-test', `--userpin=${PIN}`];
  await tool('addtoken', ...token);
  await writeFile(join(directory, 'pin'), `${PIN}\n`, { mode: 0o600 });
  const configFile = join(directory, 'hsm.toml');
  await writeFile(configFile, toml(environment));
  return {
    config: await readHsmConfig(configFile),
    configFile,
    makeEventKey: async (label) => {
      const key = ['--algorithm=hmac:sha512', '--label=tpm', `--key-label=${label}`];
      await tool('addkey', ...key, `--userpin=${PIN}`);
    },
    close,
  };
}

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stream });
    lines.once('line', (line) => resolve(line));
    lines.once('close', () => reject(new Error('no TPM: swtpm, tpm2-abrmd or dbus did not start')));
  });
}

const toml = (environment: Readonly<Record<string, string>>) => `[hsm]
module = "${MODULE}"
token_label = "tpm"
pin_file = "./pin"
[hsm.environment]
${Object.entries(environment)
  .map(([name, value]) => `${name} = "${value}"`)
  .join('\n')}
`;
