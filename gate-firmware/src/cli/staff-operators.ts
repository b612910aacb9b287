import { parseArgs } from 'node:util';
import { parseOperatorId } from '@pinless-gate/protocol/journal/act';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { readGateConfig } from '../config.ts';
import { refuse } from '../staff/error.ts';
import { PERSON_ROLES, readOperators, writeOperators } from '../staff/operators-file.ts';
import { hashPin } from '../staff/pin.ts';
import { configFile } from './options.ts';
import { readPin, staffOf } from './staff.ts';

const OPTIONS = {
  config: { type: 'string' },
  role: { type: 'string' },
  'pin-file': { type: 'string' },
  json: { type: 'boolean' },
} as const;

async function opened(argv: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
  });
  const { operators: file } = staffOf(await readGateConfig(configFile(values.config)));
  return { values, id: positionals[0], file, rows: await readOperators(file) };
}

/** `gate staff add ID --role ROLE`: a new operator, or a new PIN and role of one that is there. */
export const addOperatorCommand: Command = async (argv, io) => {
  const { values, id, file, rows } = await opened(argv);
  const role = PERSON_ROLES.find((known) => known === values.role);
  if (id === undefined || role === undefined) {
    throw new UsageError(`gate staff add ID --role ${PERSON_ROLES.join('|')}`);
  }
  const pin = await hashPin(await readPin(values['pin-file'], io));
  const row = { id: parseOperatorId(id), role, pin, disabled: false };
  await writeOperators(file, [...rows.filter((one) => one.id !== id), row]);
  io.out(values.json ? JSON.stringify({ id, role }) : `${id} may act as ${role}`);
  return EXIT_OK;
};

/** `gate staff disable ID`: signed out at the next click, and never in again until added anew. */
export const disableOperatorCommand: Command = async (argv, io) => {
  const { values, id, file, rows } = await opened(argv);
  if (!rows.some((one) => one.id === id)) {
    refuse('ERR_STAFF_OPERATOR', 'no such operator', 'gate staff list names them');
  }
  await writeOperators(
    file,
    rows.map((one) => (one.id === id ? { ...one, disabled: true } : one)),
  );
  io.out(values.json ? JSON.stringify({ id, disabled: true }) : `${id} is disabled`);
  return EXIT_OK;
};

/** `gate staff list`: who may act here. Never a hash. */
export const listOperatorsCommand: Command = async (argv, io) => {
  const { values, rows } = await opened(argv);
  for (const { id, role, disabled } of rows) {
    const plain = `${id}  ${role}${disabled ? '  disabled' : ''}`;
    io.out(values.json ? JSON.stringify({ id, role, disabled }) : plain);
  }
  return EXIT_OK;
};
