import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findSofthsm, initializeToken } from '@pinless-gate/hsm/ceremony/token';
import { type HsmConfig, readHsmConfig } from '@pinless-gate/hsm/config';

const run = promisify(execFile);
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));
const INCLUDES = fileURLToPath(new URL('../../../node_modules/pkcs11js/includes', import.meta.url));

/** A SoftHSM token of a test's own. */
export interface TestToken {
  readonly directory: string;
  readonly configFile: string;
  readonly config: HsmConfig;
  /** A key that our own code would not make: see create-object.mjs. */
  createObject(label: string, kind: string): Promise<void>;
  remove(): Promise<void>;
}

export async function makeToken(label = 'test'): Promise<TestToken> {
  const directory = await mkdtemp(join(tmpdir(), 'hsm-test-'));
  const made = await initializeToken({
    directory: join(directory, 'token'),
    label,
    module: await findSofthsm(),
    softhsm: true,
  });
  const config = await readHsmConfig(made.config);
  return {
    directory,
    configFile: made.config,
    config,
    createObject: async (key, kind) => {
      const { module, tokenLabel, pinFile, environment } = config;
      const args = [join(FIXTURES, 'create-object.mjs'), module, tokenLabel, pinFile, key, kind];
      await run(process.execPath, args, { env: { ...process.env, ...environment } });
    },
    remove: () => rm(directory, { recursive: true }),
  };
}

/** A CKR value, or what else the interposed module is to do. */
export type FaultAction = number | 'hang' | 'crash' | 'short' | 'flip' | `slow:${number}`;

/** The token through a module that fails on demand. */
export interface FaultyModule {
  readonly config: HsmConfig;
  /** The next `count` calls of the PKCS#11 function end so; `C_Sign:mac` and `C_Sign:rsa` are a part of `C_Sign`. */
  fail(pkcs11Function: string, action: FaultAction, count?: number): Promise<void>;
  /** Whatever was to come does not. */
  heal(): Promise<void>;
  /** How often a wrapped function was called since the start. */
  calls(pkcs11Function: string): Promise<number>;
}

export async function interpose(
  token: Pick<TestToken, 'directory' | 'config'>,
): Promise<FaultyModule> {
  const module = join(token.directory, 'interposer.so');
  const control = join(token.directory, 'control');
  const source = join(FIXTURES, 'interposer.c');
  if (!existsSync(module)) {
    await run('gcc', ['-shared', '-fPIC', `-I${INCLUDES}`, '-o', module, source, '-ldl']);
  }
  await writeFile(control, 'none none 0\n');
  await writeFile(`${control}.log`, '');
  return {
    config: {
      ...token.config,
      module,
      environment: {
        ...token.config.environment,
        PINLESS_P11_REAL: token.config.module,
        PINLESS_P11_CONTROL: control,
      },
    },
    heal: () => writeFile(control, 'none none 0\n'),
    fail: (name, action, count = 1) => writeFile(control, `${name} ${action} ${count}\n`),
    calls: async (name) => {
      const log = await readFile(`${control}.log`, 'utf8');
      return log.split('\n').filter((line) => line === name).length;
    },
  };
}

/** SoftHSM's store of tokens. */
export function tokenStore(token: TestToken): string {
  return join(dirname(token.configFile), 'tokens');
}
