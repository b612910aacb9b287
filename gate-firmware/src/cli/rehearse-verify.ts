import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';
import { type Command, EXIT_OK, EXIT_REFUSED, UsageError } from '@pinless-gate/runtime/program';
import { type StepReport, verifyReport } from '../rehearsal/report.ts';

/** `gate rehearse verify`: exit code 0 if the gate signed the report and all was as expected. */
export const rehearseVerifyCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      report: { type: 'string' },
      key: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.report === undefined || values.key === undefined) {
    throw new UsageError('--report FILE.json and --key device.pem are wanted');
  }
  const key = await readKey(values.key);
  const report = verifyReport(await readFile(values.report, 'utf8'), key, values.report);
  if (values.json) io.out(JSON.stringify(report));
  else {
    const { gate, event, list, from, until, steps, asExpected } = report;
    io.out(`gate ${gate.name} (${gate.id}), event ${event}, list ${list.version}`);
    io.out(`${new Date(from).toISOString()} to ${new Date(until).toISOString()}, signed`);
    for (const step of steps) io.out(stepLine(step));
    io.out(asExpected ? 'all as expected' : 'NOT all as expected');
  }
  return report.asExpected ? EXIT_OK : EXIT_REFUSED;
};

async function readKey(file: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readFile(file));
  } catch (cause) {
    throw new GateError('ERR_REHEARSAL_KEY', `${file}: not a public key`, { cause });
  }
}

/** One step for people. */
export function stepLine(step: StepReport): string {
  const { name, way, expected, actual, asExpected, turnstile, receipts, screens } = step;
  const times = [
    ['display', step.shownAfter],
    ['turnstile', step.openedAfter],
    ['receipts', step.printedAfter],
  ]
    .filter(([, micros]) => micros !== undefined)
    .map(([what, micros]) => `${what} ${(Number(micros) / 1000).toFixed(1)} ms`);
  const trouble = [turnstile, ...(receipts ?? [])].filter(
    (what) => what !== undefined && !['opened', 'printed', 'sent'].includes(what),
  );
  const verdict = asExpected ? [] : [`NOT AS EXPECTED, but ${expected}`, ...trouble];
  const seen = `${screens} screen${screens === 1 ? '' : 's'}`;
  return `${way.padEnd(6)}  ${name.padEnd(28)} ${actual.padEnd(26)} ${[...times, seen, ...verdict].join(', ')}`;
}
