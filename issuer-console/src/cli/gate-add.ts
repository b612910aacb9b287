import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig, readGate } from '../config.ts';
import { GateEnrolmentError } from '../domain/gate.ts';
import { gateStore } from '../store/gates.ts';
import { commandAuthor } from './office.ts';
import { openStore, requireMigrated } from './open-store.ts';
import { DEFAULT_CONFIG } from './usage.ts';

/** `issuer-console gate add`: enrols a gate, so that its journal is received. */
export async function gateAddCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string', default: DEFAULT_CONFIG },
      id: { type: 'string' },
      name: { type: 'string' },
      'device-key': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { id, name, 'device-key': keyPath } = values;
  if (id === undefined || name === undefined || keyPath === undefined) {
    throw new UsageError('--id, --name and --device-key are needed');
  }
  const gate = await readGate({ id, name, keyPath });
  const config = await readConsoleConfig(values.config);
  const store = await openStore(config.store, io);
  try {
    await requireMigrated(store);
    if (!(await gateStore(store.db).addGate(gate, { by: commandAuthor(), at: Date.now() }))) {
      throw new GateEnrolmentError('ERR_GATE_EXISTS', `gate ${gate.id} is already enrolled`, {
        hint: 'to give it a new device key, put it into [[gates]] of the configuration and restart',
      });
    }
  } finally {
    await store.close();
  }
  const keyId = createHash('sha256').update(gate.deviceKey).digest('hex');
  io.out(
    values.json
      ? JSON.stringify({ id: gate.id, name: gate.name, keyId })
      : `gate ${gate.name} (${gate.id}) enrolled; SHA-256 of its device key: ${keyId}`,
  );
  return EXIT_OK;
}
