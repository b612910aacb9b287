import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { GateError } from '@pinless-gate/protocol/errors';
import { createLog, type Logger } from '@pinless-gate/runtime/log';
import { EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import { createApp } from '../app.ts';
import { openCards, statementsOf } from '../card/open.ts';
import { type ConsoleConfig, readConsoleConfig } from '../config.ts';
import { mayHavePasskeys, passkeysOf } from '../credentials/passkey.ts';
import { argon2Passwords } from '../credentials/password.ts';
import { readSeal } from '../credentials/seal.ts';
import { totpCodes } from '../credentials/totp.ts';
import type { Publishing } from '../desks.ts';
import type { EventBundle } from '../domain/publication.ts';
import { openListBuilder } from '../publishing/list-builder.ts';
import type { Alarm } from '../publishing/scheduler.ts';
import { DEFAULT_RATES } from '../routes/request-rates.ts';
import { controlSocket, listen, serveControl, type TlsFiles } from '../serve.ts';
import { BundleDirectory } from '../store/bundle-directory.ts';
import type { OpenDatabase } from '../store/database.ts';
import { gateStore } from '../store/gates.ts';
import { storesOn } from '../store/stores.ts';
import { VERSION } from '../version.ts';
import { webhookSender } from '../webhooks/sender.ts';
import { consoleIdOf, localDesk } from './office.ts';
import { openStore, requireMigrated } from './open-store.ts';
import { DEFAULT_CONFIG } from './usage.ts';

/** `issuer-console serve`: until SIGTERM or SIGINT, then closes in order. */
export async function serveCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string', default: DEFAULT_CONFIG },
      json: { type: 'boolean', default: false },
    },
  });
  const config = await readConsoleConfig(values.config);
  const log = createLog('issuer-console');
  const store = await openStore(config.store, io);
  try {
    await requireMigrated(store);
    await enrolConfigured(config, store, log);
    // One opener: whoever delivered before is gone.
    if (store.embedded) await storesOn(store.db).webhookQueue.releaseAll();
    await serveUntilTold(config, store, { log, io, json: values.json });
  } finally {
    await store.close();
  }
  return EXIT_OK;
}

interface Surroundings {
  readonly log: Logger;
  readonly io: Io;
  readonly json: boolean;
}

async function serveUntilTold(
  config: ConsoleConfig,
  store: OpenDatabase,
  { log, io, json }: Surroundings,
): Promise<void> {
  const tls = await tlsOf(config.http);
  const app = await consoleApp(config, store, log);
  const server = await listen(app, config.host, config.port, tls);
  try {
    const closeControl =
      'directory' in config.store
        ? await serveControl(localDesk(config, store.db), controlSocket(config.store.directory))
        : async () => {};
    try {
      const { url } = server;
      io.out(json ? JSON.stringify({ url }) : `issuer-console: ${url}`);
      if (!io.signal.aborted) await once(io.signal, 'abort');
    } finally {
      await closeControl();
    }
  } finally {
    await server.close();
  }
}

async function enrolConfigured(
  { gates }: ConsoleConfig,
  { db }: OpenDatabase,
  log: Logger,
): Promise<void> {
  for (const gate of gates) {
    const replaced = await gateStore(db).putGate(gate, { by: CONFIGURATION, at: Date.now() });
    if (replaced) log.warn({ gateId: gate.id }, 'device key replaced from the configuration');
  }
}

const CONFIGURATION = { kind: 'console', id: 'configuration' } as const;

async function consoleApp(config: ConsoleConfig, { db }: OpenDatabase, log: Logger) {
  const { http, accounts, jlis, webhooks } = config;
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const onTrouble = (issuer: string, code: string) =>
    log.warn({ issuer, code }, 'list of revoked certificates cannot be used');
  const cards = jlis && openCards(jlis, { now: Date.now, random, onTrouble });
  const ca = webhooks.ca === undefined ? undefined : await readFile(webhooks.ca, 'utf8');
  const sealKeyFile = accounts.sealKeyFile;
  return createApp({
    stores: storesOn(db),
    consoleId: consoleIdOf(db),
    publishers: config.publishers,
    random,
    statements: cards && statementsOf(cards, { consoleId: consoleIdOf(db), random }),
    serialLink: cards?.link,
    ...bundlesOf(config),
    log,
    now: Date.now,
    timeZone: config.timeZone,
    silentAfterMs: config.silentAfterMs,
    version: VERSION,
    origin: http.origin,
    proxies: http.proxies,
    rates: DEFAULT_RATES,
    delivery: {
      sender: webhookSender({ allow: webhooks.allow, ca, version: VERSION, now: Date.now }),
      keepMs: webhooks.keepMs,
    },
    publishing: publishingOf(config, log),
    accounts: {
      passwords: argon2Passwords(),
      totp: totpCodes,
      seal: sealKeyFile === undefined ? undefined : await readSeal(sealKeyFile),
      passkeys: http.origin && mayHavePasskeys(http.origin) ? passkeysOf(http.origin) : undefined,
      secondFactor: accounts.secondFactor,
    },
  });
}

function bundlesOf({ bundleDirectory, publish }: ConsoleConfig) {
  const bundles = new BundleDirectory(bundleDirectory);
  const eventBundles = publish.map(({ eventId, name, to }): EventBundle => {
    const files = to === bundleDirectory ? bundles : new BundleDirectory(to);
    return { eventId, name, files };
  });
  return { bundles, eventBundles };
}

const alarm: Alarm = (milliseconds, ring) => {
  const timer = setTimeout(ring, milliseconds);
  return () => clearTimeout(timer);
};

function publishingOf({ publish }: ConsoleConfig, log: Logger): Publishing | undefined {
  if (publish.length === 0) return undefined;
  const onDown = ({ code, message }: GateError) => log.warn({ code }, message);
  return { plans: publish, open: () => openListBuilder({ onDown }), alarm };
}

async function tlsOf({ tls }: ConsoleConfig['http']): Promise<TlsFiles | undefined> {
  if (!tls) return undefined;
  const [cert, key] = await Promise.all([
    readFile(tls.certificate, 'utf8'),
    readFile(tls.key, 'utf8'),
  ]);
  return { cert, key };
}
