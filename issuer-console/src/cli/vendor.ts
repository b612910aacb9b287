import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig } from '../config.ts';
import { withOffice } from './office.ts';
import { DEFAULT_CONFIG } from './usage.ts';

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  json: { type: 'boolean', default: false },
} as const;

/** `issuer-console vendor add`. */
export async function vendorAddCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...OPTIONS, name: { type: 'string' } },
  });
  const { name } = values;
  if (name === undefined) throw new UsageError('--name NAME is needed');
  const config = await readConsoleConfig(values.config);
  const vendor = await withOffice(config, io, (desk) => desk.addVendor(name));
  io.out(values.json ? JSON.stringify(vendor) : vendor.id);
  return EXIT_OK;
}

/** `issuer-console vendor list`. */
export async function vendorListCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const config = await readConsoleConfig(values.config);
  const vendors = await withOffice(config, io, (desk) => desk.vendors());
  if (values.json) io.out(JSON.stringify(vendors));
  else if (vendors.length === 0) io.err('no vendors: vendor add makes one');
  for (const { id, name } of values.json ? [] : vendors) io.out(`${id}  ${name}`);
  return EXIT_OK;
}
