import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { createLog, type Logger } from '@pinless-gate/runtime/log';
import { EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import { createApp } from '../app.ts';
import { type ConsoleConfig, readConsoleConfig } from '../config.ts';
import { listen } from '../serve.ts';
import { BundleDirectory } from '../store/bundle-directory.ts';
import type { OpenDatabase } from '../store/database.ts';
import { gateStore, overviewStore } from '../store/gates.ts';
import { journalStore } from '../store/journal.ts';
import { VERSION } from '../version.ts';
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
    const server = await listen(consoleApp(config, store, log), config.host, config.port);
    try {
      const { url } = server;
      io.out(values.json ? JSON.stringify({ url }) : `issuer-console: ${url}`);
      if (!io.signal.aborted) await once(io.signal, 'abort');
    } finally {
      await server.close();
    }
  } finally {
    await store.close();
  }
  return EXIT_OK;
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
    bundles: new BundleDirectory(config.bundleDirectory),
    log,
    now: Date.now,
    timeZone: config.timeZone,
    silentAfterMs: config.silentAfterMs,
    version: VERSION,
  });
}
