import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig, readGate } from '../config.ts';
import { withOffice } from './office.ts';
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
  const deviceKey = await readFile(keyPath, 'utf8');
  await withOffice(config, io, (desk) => desk.addGate({ id, name, deviceKey }));
  const keyId = createHash('sha256').update(gate.deviceKey).digest('hex');
  io.out(
    values.json
      ? JSON.stringify({ id: gate.id, name: gate.name, keyId })
      : `gate ${gate.name} (${gate.id}) enrolled; SHA-256 of its device key: ${keyId}`,
  );
  return EXIT_OK;
}
