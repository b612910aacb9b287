import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig } from '../config.ts';
import type { GivenAccount } from '../domain/directory.ts';
import { withOffice } from './office.ts';
import { DEFAULT_CONFIG } from './usage.ts';

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  json: { type: 'boolean', default: false },
} as const;

/** `issuer-console operator add`: the first administrator, or anybody after. */
export async function operatorAddCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...OPTIONS,
      name: { type: 'string' },
      role: { type: 'string', default: 'issuer-admin' },
      vendor: { type: 'string' },
    },
  });
  const { name, role, vendor: vendorId } = values;
  if (name === undefined) throw new UsageError('--name NAME is needed');
  const config = await readConsoleConfig(values.config);
  const given = await withOffice(config, io, (desk) => desk.addOperator({ name, role, vendorId }));
  return tell(given, values.json, io);
}

/** `issuer-console operator reset NAME`: password and second factor are gone, a new password is given. */
export async function operatorResetCommand(argv: readonly string[], io: Io): Promise<number> {
  const { name, config: path, json } = operatorArgument(argv);
  const config = await readConsoleConfig(path);
  return tell(await withOffice(config, io, (desk) => desk.resetOperator(name)), json, io);
}

function tell(given: GivenAccount, json: boolean, io: Io): number {
  if (json) {
    io.out(JSON.stringify(given));
    return EXIT_OK;
  }
  io.out(given.password);
  const until = new Date(given.until).toISOString();
  io.err(`password of ${given.name}, until ${until}; not shown again, and to be changed`);
  return EXIT_OK;
}

export const operatorDisableCommand = (argv: readonly string[], io: Io) =>
  setDisabled(argv, io, true);
export const operatorEnableCommand = (argv: readonly string[], io: Io) =>
  setDisabled(argv, io, false);

async function setDisabled(argv: readonly string[], io: Io, disabled: boolean): Promise<number> {
  const { name, config: path, json } = operatorArgument(argv);
  const config = await readConsoleConfig(path);
  await withOffice(config, io, (desk) => desk.setDisabled(name, disabled));
  const what = disabled ? 'disabled: their sessions have ended' : 'enabled';
  io.out(json ? JSON.stringify({ name, disabled }) : `${name} ${what}`);
  return EXIT_OK;
}

/** `issuer-console operator list`. */
export async function operatorListCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const config = await readConsoleConfig(values.config);
  const operators = await withOffice(config, io, (desk) => desk.operators());
  if (values.json) io.out(JSON.stringify(operators));
  else if (operators.length === 0) io.err('no operators: operator add makes the first one');
  for (const { name, role, vendorId, disabledAt } of values.json ? [] : operators) {
    const of = vendorId === undefined ? '' : `  of ${vendorId}`;
    io.out(`${name}  ${role}${of}${disabledAt === undefined ? '' : '  (disabled)'}`);
  }
  return EXIT_OK;
}

function operatorArgument(argv: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
  });
  const [name, more] = positionals;
  if (name === undefined || more !== undefined) throw new UsageError('one name is needed');
  return { name, ...values };
}
