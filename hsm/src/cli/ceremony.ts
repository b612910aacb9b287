import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { toHex } from '@pinless-gate/protocol/bytes';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { approveStep, readForApproval } from '../ceremony/approve.ts';
import type { AuditLog } from '../ceremony/audit-log.ts';
import { beginCeremony } from '../ceremony/begin.ts';
import { CeremonyError } from '../ceremony/error.ts';
import { LogFile } from '../ceremony/log-file.ts';
import { operatorEntry } from '../ceremony/operators.ts';
import { type PendingStep, PendingSteps } from '../ceremony/pending.ts';
import { describeStep } from '../ceremony/step.ts';
import { readHsmConfig } from '../config.ts';
import { openKeyStore } from '../isolated.ts';
import { operatorLabel, parseNamedFile } from './operator.ts';
import { operatorPin } from './pin.ts';

/** `hsm ceremony init --dir DIR --operator NAME=PEM …` */
export const ceremonyInitCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      dir: { type: 'string' },
      operator: { type: 'string', multiple: true, default: [] },
      role: { type: 'string', multiple: true, default: [] },
      approvals: { type: 'string', default: '2' },
    },
  });
  if (!values.dir) throw new UsageError('--dir and two times --operator NAME=PEM are wanted');
  if (!/^[2-5]$/.test(values.approvals)) throw new UsageError('--approvals is 2 to 5');
  const roles = new Map(
    values.role.map(parseNamedFile).map(({ name, file: role }) => [name, role]),
  );
  const operators = values.operator.map(parseNamedFile).map(async ({ name, file }) => {
    return operatorEntry(name, roles.get(name) ?? 'operator', await readFile(file, 'utf8'));
  });
  const log = await beginCeremony({
    directory: values.dir,
    operators: await Promise.all(operators),
    approvals: Number(values.approvals),
  });
  io.out(`ceremony ${log.id}`);
  for (const line of operatorLines(log)) io.out(line);
  io.err('write the ceremony down, away from this machine: another one is another list of people');
  return EXIT_OK;
};

/** `hsm ceremony show --dir DIR`: who may approve, and what waits for it. */
export const ceremonyShowCommand: Command = async (argv, io) => {
  const { dir, json } = parseDirectory(argv);
  const { log } = await LogFile.open(dir, Date.now);
  const waiting = await new PendingSteps(dir).all();
  if (json) {
    const operators = log.operators.active.map(({ name, role }) => ({ name, role }));
    const steps = waiting.map(({ step, approvals }) => ({
      ...step,
      approvedBy: approvals.map(({ operator }) => operator),
    }));
    const { id: ceremony, required, head, sequence } = log;
    io.out(JSON.stringify({ ceremony, approvals: required, operators, steps, head, sequence }));
    return EXIT_OK;
  }
  io.out(`ceremony ${log.id}: ${log.required} of ${log.operators.active.length} have to approve`);
  for (const line of operatorLines(log)) io.out(line);
  for (const line of waiting.flatMap(waitingLines)) io.out(line);
  if (waiting.length === 0) io.out('no step waits for approval');
  return EXIT_OK;
};

function waitingLines({ step, approvals }: PendingStep): string[] {
  const names = approvals.map(({ operator }) => operator).join(', ') || 'nobody yet';
  const late = Date.parse(step.expiresAt) <= Date.now() ? ', EXPIRED' : '';
  return [...describeStep(step), `  approved by ${names}${late}`];
}

function operatorLines({ operators }: AuditLog): string[] {
  return operators.active.map(
    ({ name, role, publicKey }) => `operator ${name}  ${role}  key ${fingerprint(publicKey.spki)}`,
  );
}

/** Enough to compare two lists by eye. */
const fingerprint = (spki: Uint8Array) =>
  toHex(createHash('sha256').update(spki).digest()).slice(0, 16);

/** `hsm ceremony approve STEP --operator NAME --token FILE --dir DIR` */
export const ceremonyApproveCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      operator: { type: 'string' },
      token: { type: 'string' },
      dir: { type: 'string' },
      'pin-file': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [stepId, more] = positionals;
  const { operator, token, dir: directory } = values;
  if (stepId === undefined || more !== undefined || !operator || !token || !directory) {
    throw new UsageError('one STEP, --operator, --token and --dir are wanted');
  }
  const options = { directory, stepId, operator };
  const { step, log } = await readForApproval(options);
  const show = values.json ? io.err : io.out;
  show(`${operator}, with your PIN you approve, once:`);
  for (const line of describeStep(step)) show(line);
  const pin = await operatorPin(values['pin-file'], operator, io);
  const config = { ...(await readHsmConfig(token)), ...pin };
  const store = await openKeyStore(config);
  try {
    const label = operatorLabel(operator);
    await checkKey(await store.publicKey(label), operator, log);
    await approveStep(step, options, (message) => store.sign(label, message));
  } finally {
    await store.close();
  }
  if (values.json) io.out(JSON.stringify({ step: step.id, operator, log: step.after }));
  else io.out(`approved; the log stands at line ${step.after.sequence}, ${step.after.hash}`);
  return EXIT_OK;
};

async function checkKey(spki: Uint8Array, name: string, { operators }: AuditLog): Promise<void> {
  if (toHex(spki) === toHex(operators.require(name).publicKey.spki)) return;
  const message = `this token's key "${operatorLabel(name)}" is not the one that the log has for ${name}`;
  throw new CeremonyError('ERR_CEREMONY_OPERATOR_KEY', message, {
    hint: `check --token; where ${name} has a new token, they become an operator anew under another name`,
  });
}

export function parseDirectory(argv: readonly string[]) {
  const { values } = parseArgs({
    args: [...argv],
    options: { dir: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  if (!values.dir) throw new UsageError('--dir is wanted');
  return { dir: values.dir, json: values.json };
}
