import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { findSofthsm, initializeToken } from '../ceremony/token.ts';

/** `hsm init`: a new token, its PINs and the `hsm.toml` that opens it. */
export async function initCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      softhsm: { type: 'string' },
      module: { type: 'string' },
      out: { type: 'string' },
      label: { type: 'string', default: 'pinless-gate' },
      json: { type: 'boolean', default: false },
    },
  });
  const { softhsm, module, out, label } = values;
  if (softhsm !== undefined && out !== undefined) {
    throw new UsageError('--softhsm DIR says where the files go: --out is for other modules');
  }
  const directory = softhsm ?? out;
  if (directory === undefined || (softhsm === undefined && module === undefined)) {
    throw new UsageError('--softhsm DIR, or --module FILE and --out DIR, are needed');
  }
  const token = await initializeToken({
    directory,
    label,
    module: module ?? (await findSofthsm()),
    softhsm: softhsm !== undefined,
  });
  if (values.json) {
    io.out(JSON.stringify(token));
    return EXIT_OK;
  }
  io.out(`token "${token.label}", serial ${token.serial}`);
  io.out(`configuration: ${token.config}`);
  io.err(`PIN: ${token.pinFile} (readable by you alone)`);
  io.err(`security officer PIN: ${token.soPinFile}: move it off this machine, no program reads it`);
  io.err(`next: hsm institution new --config ${token.config}`);
  return EXIT_OK;
}
