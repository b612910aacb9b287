import { parseArgs } from 'node:util';
import { EXIT_OK, type Io } from '@pinless-gate/runtime/program';
import { readConsoleConfig } from '../config.ts';
import { openStore } from './open-store.ts';
import { DEFAULT_CONFIG } from './usage.ts';

/** `issuer-console migrate`: brings the database to this release's schema. */
export async function migrateCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string', default: DEFAULT_CONFIG },
      json: { type: 'boolean', default: false },
    },
  });
  const config = await readConsoleConfig(values.config);
  const store = await openStore(config.store, io);
  try {
    const applied = await store.pending();
    await store.migrate();
    io.out(values.json ? JSON.stringify({ applied }) : `${applied} migrations applied`);
  } finally {
    await store.close();
  }
  return EXIT_OK;
}
