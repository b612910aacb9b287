import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { createLog, type Logger } from '@pinless-gate/runtime/log';
import { EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import { createApp } from '../app.ts';
import { type ConsoleConfig, readConsoleConfig } from '../config.ts';
import { controlSocket, listen, serveControl } from '../serve.ts';
import { BundleDirectory } from '../store/bundle-directory.ts';
import type { OpenDatabase } from '../store/database.ts';
import { enrolmentStore } from '../store/enrolment.ts';
import { gateStore, overviewStore } from '../store/gates.ts';
import { journalStore } from '../store/journal.ts';
import { keyDeliveryStore } from '../store/keys.ts';
import { VERSION } from '../version.ts';
import { consoleIdOf, localOffice } from './office.ts';
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
  const server = await listen(consoleApp(config, store, log), config.host, config.port);
  try {
    const closeControl =
      'directory' in config.store
        ? await serveControl(localOffice(config, store.db), controlSocket(config.store.directory))
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
    const replaced = await gateStore(db).putGate(gate, Date.now());
    if (replaced) log.warn({ gateId: gate.id }, 'device key replaced from the configuration');
  }
}

function consoleApp(config: ConsoleConfig, { db }: OpenDatabase, log: Logger) {
  return createApp({
    gates: gateStore(db),
    journal: journalStore(db),
    overview: overviewStore(db),
    enrolment: enrolmentStore(db),
    keys: keyDeliveryStore(db),
    consoleId: consoleIdOf(db),
    publishers: config.publishers,
    random: (length) => new Uint8Array(randomBytes(length)),
    bundles: new BundleDirectory(config.bundleDirectory),
    log,
    now: Date.now,
    timeZone: config.timeZone,
    silentAfterMs: config.silentAfterMs,
    version: VERSION,
  });
}
