import { access, mkdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { syncDirectory, writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { IsolatedProcess } from '@pinless-gate/runtime/isolated-process';
import { HsmError } from '../key-store.ts';
import type { NewToken } from '../pkcs11/initialize.ts';

export interface TokenOptions {
  /** Where configuration and PIN files go; made if it is not there. */
  readonly directory: string;
  readonly label: string;
  readonly module: string;
  /** Also make a SoftHSM token store and its configuration in the directory. */
  readonly softhsm: boolean;
  /** Chosen by whoever will type it; otherwise one is drawn and written to the PIN file. */
  readonly pin?: string | undefined;
}

export interface InitializedToken {
  readonly label: string;
  readonly serial: string;
  readonly config: string;
  readonly pinFile: string;
  readonly soPinFile: string;
}

const INITIALIZE_MS = 60_000;

/** Where distributions put SoftHSM's module; the first that exists is taken. */
const SOFTHSM_MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

export async function findSofthsm(): Promise<string> {
  for (const path of SOFTHSM_MODULES) if (await exists(path)) return path;
  throw new HsmError('ERR_HSM_MODULE', 'no SoftHSM module on this machine', {
    hint: 'apt-get install softhsm2, or name the file with --module',
  });
}

/** Initialises a token and writes the `hsm.toml` that opens it. Nothing that exists is touched. */
export async function initializeToken(options: TokenOptions): Promise<InitializedToken> {
  const { label, softhsm } = options;
  if (!/^[\x20-\x7e]{1,32}$/.test(label)) {
    throw new HsmError('ERR_HSM_LABEL', 'a token label is 1 to 32 characters of ASCII');
  }
  const directory = resolve(options.directory);
  const module = resolve(options.module);
  const config = join(directory, 'hsm.toml');
  const pinFile = join(directory, 'pin');
  const soPinFile = join(directory, 'so-pin');
  const softhsmConf = join(directory, 'softhsm2.conf');
  const tokens = join(directory, 'tokens');
  await refuseExisting([config, pinFile, soPinFile, ...(softhsm ? [softhsmConf, tokens] : [])]);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (softhsm) {
    await mkdir(tokens, { mode: 0o700 });
    await writeFileDurably(softhsmConf, softhsmConfiguration(tokens));
  }
  const environment: Record<string, string> = softhsm ? { SOFTHSM2_CONF: softhsmConf } : {};
  const token = { module, label, pinFile, soPinFile, pin: options.pin };
  const serial = await inChild(token, environment).catch(async (error: unknown) => {
    // PINs that are there belong to a token that may be there: only an empty store is swept up.
    if (softhsm && !(await exists(soPinFile))) {
      await rm(softhsmConf);
      await rm(tokens, { recursive: true });
    }
    throw error;
  });
  const names: Record<string, string> = softhsm ? { SOFTHSM2_CONF: './softhsm2.conf' } : {};
  await writeFileDurably(config, hsmToml({ module, label, serial, environment: names }));
  await syncDirectory(directory);
  return { label, serial, config, pinFile, soPinFile };
}

async function inChild(token: NewToken, environment: Record<string, string>): Promise<string> {
  const isolated = await IsolatedProcess.start({
    name: 'hsm',
    entry: new URL('../initialize-child.js', import.meta.url),
    init: undefined,
    environment,
    startTimeoutMs: INITIALIZE_MS,
    maxPending: 1,
  });
  try {
    return await isolated.call('initialize', token, INITIALIZE_MS);
  } finally {
    await isolated.close();
  }
}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!(await exists(path))) continue;
    throw new HsmError('ERR_HSM_FILE_EXISTS', `${relative('.', path)} exists already`, {
      hint: 'nothing is overwritten: choose another directory',
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** SoftHSM takes a relative directory from wherever the program was started, so it is written in full. */
function softhsmConfiguration(tokens: string): string {
  return [
    `directories.tokendir = ${tokens}`,
    'objectstore.backend = file',
    'log.level = ERROR',
    'slots.removable = false',
    '',
  ].join('\n');
}

interface TomlContent {
  readonly module: string;
  readonly label: string;
  readonly serial: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A JSON string is a TOML basic string. */
function hsmToml({ module, label, serial, environment }: TomlContent): string {
  const text = JSON.stringify;
  const variables = Object.entries(environment).map(([name, value]) => `${name} = ${text(value)}`);
  return [
    '[hsm]',
    `module = ${text(module)}`,
    `token_label = ${text(label)}`,
    `token_serial = ${text(serial)}`,
    'pin_file = "./pin"',
    ...(variables.length === 0 ? [] : ['', '[hsm.environment]', ...variables]),
    '',
  ].join('\n');
}
