import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';
import { parseOperatorId } from '@pinless-gate/protocol/journal/act';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { createLog } from '@pinless-gate/runtime/log';
import {
  type Command,
  EXIT_OK,
  EXIT_REFUSED,
  type Io,
  UsageError,
} from '@pinless-gate/runtime/program';
import { readGateConfig } from '../config.ts';
import { kioskCommand } from '../display/kiosk.ts';
import { Gate } from '../gate.ts';
import { type Plan, parsePlan } from '../rehearsal/plan.ts';
import { rehearse } from '../rehearsal/rehearse.ts';
import type { SignedReport } from '../rehearsal/report.ts';
import { configFile } from './options.ts';
import { stepLine } from './rehearse-verify.ts';

/** For so long a list may take to come, and a reader to answer. */
const READY_MS = 60_000;
const LOOK_MS = 100;

interface Options {
  readonly plan: Plan;
  readonly operator: string;
  readonly tapMs: number;
  readonly pauseMs: number;
}

/** `gate rehearse`: every card of a plan on the real lane, every other refusal shown, and a report that is signed. */
export const rehearseCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      plan: { type: 'string' },
      out: { type: 'string' },
      operator: { type: 'string' },
      'tap-seconds': { type: 'string', default: '60' },
      'show-ms': { type: 'string', default: '1500' },
      json: { type: 'boolean', default: false },
    },
  });
  const { plan, out, operator } = values;
  if (plan === undefined || out === undefined || operator === undefined) {
    throw new UsageError('--plan FILE.json, --out FILE.json and --operator ID are wanted');
  }
  const options = {
    plan: parsePlan(await readFile(plan, 'utf8'), plan),
    operator: parseOperatorId(operator),
    tapMs: 1000 * number(values['tap-seconds'], '--tap-seconds', 1, 600),
    pauseMs: number(values['show-ms'], '--show-ms', 0, 60_000),
  };
  const config = await readGateConfig(configFile(values.config));
  const gate = await Gate.open(config, createLog('gate', config.logLevel));
  try {
    const signed = await rehearsed(gate, options, io);
    await writeFileDurably(out, `${JSON.stringify(signed, null, 2)}\n`);
    const { asExpected, steps } = signed.report;
    const unexpected = steps.filter((step) => !step.asExpected).length;
    if (values.json) io.out(JSON.stringify({ out, steps: steps.length, unexpected }));
    else io.out(`${steps.length} steps, ${unexpected} not as expected: ${out}`);
    return asExpected ? EXIT_OK : EXIT_REFUSED;
  } finally {
    await gate.close();
  }
};

async function rehearsed(gate: Gate, options: Options, io: Io): Promise<SignedReport> {
  const rehearsal = gate.rehearse(options.operator);
  try {
    io.err(`attendee display: ${gate.url}`);
    io.err(`in a kiosk browser: ${kioskCommand(gate.url, '"$HOME/.config/pinless-gate-display"')}`);
    const ended = gate.run().then((): never => {
      throw new GateError('ERR_REHEARSAL_ENDED', 'the gate ended before the last step');
    });
    const played = (async () => {
      await ready(gate, io.signal);
      return rehearse({
        ...options,
        stage: rehearsal.stage,
        mode: () => rehearsal.mode,
        onTap: ({ card, name }) => io.err(`tap ${card}: ${name}`),
        onStep: (report) => io.err(stepLine(report)),
        signal: io.signal,
      });
    })();
    return await rehearsal.report(await Promise.race([played, ended]));
  } finally {
    rehearsal.close();
  }
}

/** Nothing tells when the last obstacle goes: it is looked at. */
async function ready(gate: Gate, signal: AbortSignal): Promise<void> {
  const until = performance.now() + READY_MS;
  for (let code = gate.notReady; code !== undefined; code = gate.notReady) {
    if (signal.aborted) return;
    if (performance.now() > until) {
      throw new GateError('ERR_REHEARSAL_NOT_READY', `the lane does not decide: ${code}`, {
        hint: 'gate doctor says what is missing',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function number(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${option} is ${least} to ${most}`);
}
