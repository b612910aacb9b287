import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { type StepRequest, withApproval } from '../ceremony/dual-control.ts';
import { CeremonyError } from '../ceremony/error.ts';
import { LogFile } from '../ceremony/log-file.ts';
import { newKey } from '../ceremony/new-key.ts';
import { operatorEntry, operatorName } from '../ceremony/operators.ts';
import { findSofthsm, initializeToken } from '../ceremony/token.ts';
import { type HsmConfig, readHsmConfig } from '../config.ts';
import { openKeyStore } from '../isolated.ts';
import { newOperatorPin, operatorPin } from './pin.ts';

const NEW_OPTIONS = {
  softhsm: { type: 'string' },
  module: { type: 'string' },
  out: { type: 'string' },
  token: { type: 'string' },
  'pin-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** What an operator's key is called in a token. */
export function operatorLabel(name: string): string {
  return `operator-${name}`;
}

/** `hsm operator new NAME`: a token of their own with a key in it, or a key in a token that is there. */
export const operatorNewCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: NEW_OPTIONS,
    allowPositionals: true,
  });
  const name = oneName(positionals);
  const { token, config } = await openable(name, values, io);
  const store = await openKeyStore(config);
  const made = await newKey(store, operatorLabel(name), 'operator').finally(() => store.close());
  const publicKey = join(dirname(token), `${name}.pem`);
  await writeFileDurably(publicKey, made.publicKeyPem!);
  if (values.json) {
    io.out(JSON.stringify({ operator: name, token, key: made.key.id, publicKey }));
    return EXIT_OK;
  }
  io.out(`operator ${name}: key "${made.key.label}", id ${made.key.id}`);
  io.out(`token: ${token}`);
  io.out(`public key: ${publicKey}`);
  return EXIT_OK;
};

interface Values {
  readonly softhsm?: string | undefined;
  readonly module?: string | undefined;
  readonly out?: string | undefined;
  readonly token?: string | undefined;
  readonly 'pin-file'?: string | undefined;
}

async function openable(
  name: string,
  { softhsm, module, out, token, 'pin-file': pinFile }: Values,
  io: Io,
): Promise<{ readonly token: string; readonly config: HsmConfig }> {
  if (token !== undefined) {
    const config = await readHsmConfig(token);
    return { token, config: { ...config, ...(await operatorPin(pinFile, name, io)) } };
  }
  const directory = softhsm ?? out;
  if (directory === undefined || (softhsm === undefined) === (module === undefined)) {
    throw new UsageError('--softhsm DIR, --module FILE with --out DIR, or --token FILE is needed');
  }
  const pin = await newOperatorPin(pinFile, name, io);
  const made = await initializeToken({
    directory,
    label: operatorLabel(name),
    module: module ?? (await findSofthsm()),
    softhsm: softhsm !== undefined,
    pin,
  });
  return { token: made.config, config: { ...(await readHsmConfig(made.config)), pin } };
}

/** `hsm operator add NAME=PEM --dir DIR`: with the approval of those who are operators already. */
export const operatorAddCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { dir: { type: 'string' }, role: { type: 'string' } },
    allowPositionals: true,
  });
  const { name, file } = parseNamedFile(positionals[0] ?? '');
  if (!values.dir || positionals.length !== 1)
    throw new UsageError('NAME=PEM and --dir are wanted');
  const role = values.role ?? 'operator';
  const entry = operatorEntry(name, role, await readFile(file, 'utf8'));
  const { log } = await LogFile.open(values.dir, Date.now);
  log.operators.check(entry);
  const details = { name, role, 'public key': entry.publicKey };
  await changeOperators(values.dir, { action: 'operator-add', details });
  io.out(`${name} is an operator`);
  return EXIT_OK;
};

/** `hsm operator remove NAME --dir DIR` */
export const operatorRemoveCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { dir: { type: 'string' } },
    allowPositionals: true,
  });
  const name = oneName(positionals);
  if (!values.dir) throw new UsageError('--dir is wanted');
  const { log } = await LogFile.open(values.dir, Date.now);
  log.checkRemoval(name);
  await changeOperators(values.dir, { action: 'operator-remove', details: { name } });
  io.out(`${name} is no operator any more`);
  return EXIT_OK;
};

/** The log itself is the list: once the step is done there, it holds. */
async function changeOperators(directory: string, request: StepRequest<void>): Promise<void> {
  await withApproval({ kind: 'directory', directory, approvals: 2 }, request, async () => {});
}

function oneName(positionals: readonly string[]): string {
  const [name, more] = positionals;
  if (name === undefined || more !== undefined) throw new UsageError('one NAME is wanted');
  if (operatorName.safeParse(name).success) return name;
  throw new CeremonyError('ERR_CEREMONY_OPERATOR', `"${name}" is no name of an operator`, {
    hint: '1 to 32 lower-case letters, digits and dashes, beginning with a letter',
  });
}

/** `NAME=FILE` */
export function parseNamedFile(text: string): { readonly name: string; readonly file: string } {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new UsageError(`"${text}" is not NAME=FILE`);
  return { name: text.slice(0, at), file: text.slice(at + 1) };
}
