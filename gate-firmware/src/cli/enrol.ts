import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { hsmTable, resolveHsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { DEFAULT_LABELS } from '@pinless-gate/hsm/key-store';
import { toHex } from '@pinless-gate/protocol/bytes';
import { type EnrolmentToken, parseEnrolmentToken } from '@pinless-gate/protocol/enrolment-token';
import { ConfigError, readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { z } from 'zod';
import { type Enrolment, EnrolmentError, readEnrolment } from '../enrolment-file.ts';
import { consoleUrl } from '../fleet/console-client.ts';
import { enrol } from '../fleet/enrol.ts';
import { codeOf } from '../gate-code.ts';
import { VERSION } from '../version.ts';
import { configFile } from './options.ts';

const DEFAULT_FILE = 'enrolment.toml';

/** What of `gate.toml` is needed before there is a gate: its other tables may still be missing. */
const schema = z.looseObject({
  gate: z
    .looseObject({ id: z.string().optional(), enrolment: z.string().min(1).optional() })
    .prefault({}),
  hsm: hsmTable,
  keys: z
    .looseObject({
      device: z.string().default(DEFAULT_LABELS.device),
      transport: z.string().default(DEFAULT_LABELS.transport),
    })
    .prefault({}),
});

/** `gate enrol`: this gate makes its keys and becomes known to a console. */
export const enrolCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      console: { type: 'string' },
      token: { type: 'string' },
      'token-file': { type: 'string' },
      ca: { type: 'string' },
      'reuse-keys': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const file = configFile(values.config);
  if (values.console === undefined) {
    throw new UsageError(
      '--console is missing',
      'for instance: --console https://console.example.jp/',
    );
  }
  const url = consoleUrl(values.console);
  const table = await readConfig(file, schema);
  if (table.gate.id !== undefined) {
    throw new ConfigError('ERR_CONFIG_KEY', `${file}: gate.id: the console gives the id`, {
      hint: `take it out, and say instead: enrolment = "${DEFAULT_FILE}"`,
    });
  }
  const path = resolveFrom(file, table.gate.enrolment ?? DEFAULT_FILE);
  await refuseEnrolled(path);
  const ca = values.ca === undefined ? undefined : await readFile(values.ca, 'utf8');
  const token = await readToken(values, io);
  const store = await openKeyStore(resolveHsmConfig(file, table.hsm));
  try {
    const enrolment = await enrol({
      store,
      console: { url, ca },
      token,
      labels: { device: table.keys.device, transport: table.keys.transport },
      reuseKeys: values['reuse-keys'],
      software: VERSION,
      path,
      onStep: (what) => io.err(`gate enrol: ${what}`),
    });
    const code = await codeOf(store, table.keys);
    const named = table.gate.enrolment !== undefined;
    tell(enrolment, { io, json: values.json, named, path, code });
  } finally {
    await store.close();
  }
  return EXIT_OK;
};

async function refuseEnrolled(path: string): Promise<void> {
  let enrolment: Enrolment;
  try {
    enrolment = await readEnrolment(path);
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    if (cause?.code === 'ENOENT') return;
    throw error;
  }
  const at = enrolment.console.url.host;
  throw new EnrolmentError(
    'ERR_ENROLMENT_DONE',
    `enrolled at ${at} as ${toHex(enrolment.gateId)}`,
    {
      hint: `to enrol it anew, have that gate revoked and move ${path} away`,
    },
  );
}

interface TokenOptions {
  readonly token?: string | undefined;
  readonly 'token-file'?: string | undefined;
}

/** A file, standard input or a prompt: an argument can be read by everybody on this machine while the command runs. */
async function readToken(options: TokenOptions, io: Io): Promise<EnrolmentToken> {
  const { token, 'token-file': file } = options;
  if (token !== undefined && file !== undefined) {
    throw new UsageError('--token and --token-file exclude each other');
  }
  if (token !== undefined) return parseEnrolmentToken(token);
  if (file === '-') return parseEnrolmentToken(await text(process.stdin));
  if (file !== undefined) return parseEnrolmentToken(await readFile(file, 'utf8'));
  if (io.readSecret) return parseEnrolmentToken(await io.readSecret('token: '));
  throw new UsageError('no token', 'give it with --token-file FILE, or - for standard input');
}

interface Telling {
  readonly io: Io;
  readonly json: boolean;
  /** gate.toml names the file. */
  readonly named: boolean;
  readonly path: string;
  /** To be read to whoever invited this gate. */
  readonly code: string;
}

function tell(enrolment: Enrolment, { io, json, named, path, code }: Telling): void {
  const gateId = toHex(enrolment.gateId);
  const { gateName } = enrolment;
  const events = enrolment.eventIds.map(toHex);
  if (json) io.out(JSON.stringify({ gateId, gateName, events, enrolment: path, code }));
  else io.out(`enrolled as "${gateName}" (${gateId})\ncode ${code}`);
  if (!json) io.err('read this code by telephone to whoever invited the gate: they compare it');
  if (!named) io.err(`next, in gate.toml: [gate] enrolment = "${DEFAULT_FILE}"`);
}
