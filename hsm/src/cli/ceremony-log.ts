import { parseArgs } from 'node:util';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import type { LogEntry } from '../ceremony/audit-log.ts';
import { LogFile } from '../ceremony/log-file.ts';
import { describeAction, type StepDetails } from '../ceremony/step.ts';
import { verifyLog } from '../ceremony/verify-log.ts';

/** `hsm ceremony log show|verify --dir DIR` */
export const ceremonyLogCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      dir: { type: 'string' },
      head: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [what, more] = positionals;
  if ((what !== 'show' && what !== 'verify') || more !== undefined || !values.dir) {
    throw new UsageError('show or verify, and --dir, are wanted');
  }
  const { dir, head, json } = values;
  return what === 'show' ? show(dir, json, io) : verify(dir, head, json, io);
};

async function show(directory: string, json: boolean, io: Io): Promise<number> {
  const { log } = await LogFile.open(directory, Date.now);
  for (const entry of log.entries) {
    if (json) io.out(JSON.stringify(entry));
    else for (const line of entryLines(entry)) io.out(line);
  }
  return EXIT_OK;
}

function entryLines(entry: LogEntry): string[] {
  const start = `${entry.sequence}  ${entry.at}`;
  switch (entry.kind) {
    case 'begin': {
      const names = entry.operators.map(({ name, role }) => `${name} (${role})`).join(', ');
      return [`${start}  begun by ${names}; ${entry.approvals} have to approve`];
    }
    case 'intent': {
      const { id, action, details } = entry.step;
      const names = entry.approvals.map(({ operator }) => operator).join(', ');
      const first = `${start}  step ${id}: ${describeAction(action)}; approved by ${names}`;
      return [first, ...detailLines(details)];
    }
    case 'done':
      return [`${start}  step ${entry.step} done`, ...detailLines(entry.facts)];
    case 'failed':
      return [`${start}  step ${entry.step} failed [${entry.code}]`];
    case 'torn':
      return [`${start}  an unfinished line of ${entry.octets} octets was cut off`];
  }
}

function detailLines(details: StepDetails): string[] {
  return Object.entries(details).map(
    ([name, value]) => `     ${name}: ${[value].flat().join(', ')}`,
  );
}

async function verify(
  directory: string,
  head: string | undefined,
  json: boolean,
  io: Io,
): Promise<number> {
  const report = await verifyLog(directory, head);
  if (json) {
    io.out(JSON.stringify(report));
    return EXIT_OK;
  }
  const { lines, done, failed, unfinished, torn } = report;
  io.out(`ok: ${lines} lines whole, ${done} steps done, ${failed} failed; head ${report.head}`);
  for (const id of unfinished) io.err(`step ${id} was begun, and nothing says how it ended`);
  if (torn > 0) io.err(`the last line is unfinished: ${torn} octets`);
  return EXIT_OK;
}
