import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig } from '../config.ts';
import { withOffice } from './office.ts';
import { DEFAULT_CONFIG } from './usage.ts';

/** `issuer-console feed export`: what `whitelist build` takes. */
export async function feedExportCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string', default: DEFAULT_CONFIG },
      json: { type: 'boolean', default: false },
      event: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { event, out } = values;
  if (event === undefined || out === undefined)
    throw new UsageError('--event ID and --out FILE are needed');
  const config = await readConsoleConfig(values.config);
  const id = event.replaceAll('-', '').toLowerCase();
  const { rows } = await withOffice(config, io, (desk) => desk.exportFeed(id, resolve(out)));
  io.out(values.json ? JSON.stringify({ rows, out }) : `${rows} purchases in ${out}`);
  return EXIT_OK;
}
