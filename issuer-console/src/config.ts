import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { ConfigError, readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { z } from 'zod';
import { type JlisConfig, jlisTable, readJlis } from './card/config.ts';
import { type Gate, parseDeviceKey, parseGateId, parseGateName } from './domain/gate.ts';
import type { SecondFactor } from './domain/session.ts';
import { type PublishPlan, publishTable, readPublishPlans } from './publishing/config.ts';
import { readWebhooks, type WebhookConfig, webhookTable } from './webhooks/config.ts';

export type StoreConfig = { readonly directory: string } | { readonly urlFile: string };

export interface ConsoleConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly store: StoreConfig;
  readonly bundleDirectory: string;
  readonly timeZone: string;
  readonly silentAfterMs: number;
  readonly gates: readonly Gate[];
  /** Who publishes lists, told to gates that enrol; undefined where no gate may enrol itself. */
  readonly publishers: PublisherConfig | undefined;
  readonly http: HttpConfig;
  readonly accounts: AccountConfig;
  /** How cards are believed; undefined where none is. */
  readonly jlis: JlisConfig | undefined;
  readonly webhooks: WebhookConfig;
  /** Events whose lists are built here. */
  readonly publish: readonly PublishPlan[];
}

export interface HttpConfig {
  /** What people type: passkeys, cookies and forms hold to it. Undefined on loopback alone. */
  readonly origin: URL | undefined;
  /** Files in PEM; undefined where a proxy ends TLS. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** Addresses whose word on the client's address is believed. */
  readonly proxies: readonly string[];
}

export interface AccountConfig {
  readonly secondFactor: SecondFactor;
  /** Seals the secrets of authenticators; without it nobody can have one. */
  readonly sealKeyFile: string | undefined;
}

export interface PublisherConfig {
  /** SubjectPublicKeyInfo, DER. */
  readonly keys: readonly Uint8Array[];
  /** How many of them must have signed a list. */
  readonly threshold: number;
}

const path = z.string().min(1);

const schema = z.strictObject({
  time_zone: z.string().refine(isTimeZone, 'not a time zone').default('Asia/Tokyo'),
  listen: z.strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.int().min(0).max(65_535),
  }),
  store: z.union(
    [z.strictObject({ directory: path }), z.strictObject({ url_file: path })],
    'give either directory (embedded database) or url_file (PostgreSQL server)',
  ),
  bundle: z.strictObject({ directory: path }),
  alarms: z
    .strictObject({ gate_silent_minutes: z.number().positive().max(1440).default(5) })
    .default({ gate_silent_minutes: 5 }),
  enrolment: z
    .strictObject({
      publishers: z.array(path).min(1).max(16),
      threshold: z.int().min(1).default(1),
    })
    .optional(),
  http: z
    .strictObject({
      origin: z.url({ protocol: /^https?$/ }).optional(),
      certificate: path.optional(),
      key: path.optional(),
      proxies: z
        .array(z.string().refine((one) => isIP(one) !== 0, 'not an IP address'))
        .default([]),
    })
    .default({ proxies: [] }),
  accounts: z
    .strictObject({
      second_factor: z.enum(['required', 'offered']).default('required'),
      seal_key_file: path.optional(),
    })
    .default({ second_factor: 'required' }),
  jlis: jlisTable.optional(),
  webhooks: webhookTable,
  publish: z.array(publishTable).default([]),
  gates: z
    .array(z.strictObject({ id: z.string(), name: z.string(), device_key: path }))
    .default([]),
});

/** Reads `issuer-console.toml` and the device keys it names. Paths in it are relative to it. */
export async function readConsoleConfig(configPath: string): Promise<ConsoleConfig> {
  const table = await readConfig(configPath, schema);
  const { listen, store, accounts } = table;
  const http = httpOf(configPath, table.http);
  requireReach(configPath, listen.host, http);
  const gates = await Promise.all(
    table.gates.map((gate) =>
      readGate({ ...gate, keyPath: resolveFrom(configPath, gate.device_key) }),
    ),
  );
  const twice = gates.find(({ id }, i) => gates.findIndex((other) => other.id === id) !== i);
  if (twice) {
    throw new ConfigError('ERR_CONFIG_KEY', `${configPath}: gates: ${twice.id} stands there twice`);
  }
  const publishers = table.enrolment && (await readPublishers(configPath, table.enrolment));
  const bundleDirectory = resolveFrom(configPath, table.bundle.directory);
  return {
    host: listen.host,
    port: listen.port,
    store:
      'directory' in store
        ? { directory: resolveFrom(configPath, store.directory) }
        : { urlFile: resolveFrom(configPath, store.url_file) },
    bundleDirectory,
    timeZone: table.time_zone,
    silentAfterMs: table.alarms.gate_silent_minutes * 60_000,
    gates,
    jlis: table.jlis && (await readJlis(configPath, table.jlis)),
    publishers,
    http,
    webhooks: readWebhooks(configPath, table.webhooks),
    accounts: {
      secondFactor: accounts.second_factor,
      sealKeyFile:
        accounts.seal_key_file === undefined
          ? undefined
          : resolveFrom(configPath, accounts.seal_key_file),
    },
    publish: await readPublishPlans(configPath, table.publish, { to: bundleDirectory, publishers }),
  };
}

function httpOf(configPath: string, table: z.infer<typeof schema>['http']): HttpConfig {
  const { certificate, key, proxies } = table;
  const wrong = (what: string) => new ConfigError('ERR_CONFIG_KEY', `${configPath}: http.${what}`);
  if ((certificate === undefined) !== (key === undefined)) {
    throw wrong('certificate: goes together with key');
  }
  const origin = table.origin === undefined ? undefined : new URL(table.origin);
  if (origin && origin.href !== `${origin.origin}/`) {
    throw wrong('origin: has a path; it is scheme, name and port');
  }
  if (origin?.protocol === 'http:' && !isLoopback(origin.hostname)) {
    throw wrong('origin: begins with https:// for any name but a loopback one');
  }
  const tls =
    certificate === undefined || key === undefined
      ? undefined
      : { certificate: resolveFrom(configPath, certificate), key: resolveFrom(configPath, key) };
  return { origin, tls, proxies };
}

/** Passwords cross no network in the clear: beyond loopback there is TLS, here or in a proxy that is named. */
function requireReach(
  configPath: string,
  host: string,
  { origin, tls, proxies }: HttpConfig,
): void {
  if (isLoopback(host) || (origin && (tls || proxies.length > 0))) return;
  throw new ConfigError(
    'ERR_CONSOLE_NOT_LOOPBACK',
    `${configPath}: listen.host: ${host} can be reached by others, and nothing says how with TLS`,
    {
      hint: 'name [http] origin = "https://…", and certificate and key, or the proxies that end TLS',
    },
  );
}

interface EnrolmentTable {
  readonly publishers: readonly string[];
  readonly threshold: number;
}

async function readPublishers(
  configPath: string,
  { publishers, threshold }: EnrolmentTable,
): Promise<PublisherConfig> {
  const pems = publishers.map((name) => readFile(resolveFrom(configPath, name), 'utf8'));
  const keys = (await Promise.all(pems)).map(parseDeviceKey);
  const different = new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size;
  if (different === keys.length && threshold <= different) return { keys, threshold };
  const what =
    different < keys.length
      ? 'publishers: a key stands there twice'
      : 'threshold: more than there are publishers';
  throw new ConfigError('ERR_CONFIG_KEY', `${configPath}: enrolment.${what}`);
}

export interface GateSource {
  readonly id: string;
  readonly name: string;
  /** PEM file of the gate's device key. */
  readonly keyPath: string;
}

export async function readGate({ id, name, keyPath }: GateSource): Promise<Gate> {
  return {
    id: parseGateId(id),
    name: parseGateName(name),
    deviceKey: parseDeviceKey(await readFile(keyPath, 'utf8')),
  };
}

/** 127.0.0.0/8, ::1 and the name for them. Also what a `Host` header may say. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}
