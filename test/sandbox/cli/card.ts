import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isBirthDate } from '@pinless-gate/protocol/kazashi/surface-record';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { cardFromFile, readCardFile, SIGNATURE_PASSWORD } from '../card/card-file.ts';
import { parseFault, parseStep } from '../card/fault.ts';
import { type CardReport, enterField } from '../card/session.ts';
import { parseDuration, parseTiming } from '../card/timing.ts';
import { Jlis } from '../jlis/jlis.ts';
import { isScenario, newCard, SCENARIOS } from '../jlis/new-card.ts';
import { VPCD_PORT } from '../vpcd.ts';
import { parsePort } from './options.ts';

const KEYS = ['rsa', 'p256', 'p384'] as const;

/** `sandbox card new --jlis DIR --out card.json …` */
export const cardNew: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      jlis: { type: 'string' },
      out: { type: 'string' },
      profile: { type: 'string', default: 'jpki' },
      scenario: { type: 'string', default: 'normal' },
      serial: { type: 'string' },
      key: { type: 'string', default: 'rsa' },
      pin: { type: 'string' },
      'birth-date': { type: 'string' },
      reference: { type: 'string' },
      'signature-password': { type: 'string' },
      victim: { type: 'string' },
      timing: { type: 'string' },
      fault: { type: 'string', multiple: true, default: [] },
      'remove-after-step': { type: 'string' },
    },
  });
  const { jlis: directory, out, profile, scenario, victim, timing, serial, pin } = values;
  if (!directory || !out) throw new UsageError('--jlis and --out are wanted');
  if (profile !== 'jpki' && profile !== 'iso') throw new UsageError('--profile is jpki or iso');
  if (!isScenario(scenario)) {
    const known = Object.keys(SCENARIOS).join(', ');
    throw new UsageError(`"${scenario}" is no scenario`, `scenarios: ${known}`);
  }
  const key = KEYS.find((each) => each === values.key);
  if (!key) throw new UsageError(`--key is one of ${KEYS.join(', ')}`);
  if (profile === 'jpki' && key !== 'rsa') throw new UsageError('a jpki card signs with RSA');
  if (timing !== undefined) parseTiming(timing);
  const { 'birth-date': birthDate, reference } = values;
  checkSurface({ profile, scenario, birthDate, reference });
  const { 'signature-password': signaturePassword } = values;
  checkPassword(profile, signaturePassword);
  const removeAfterStep = values['remove-after-step'];

  const { file } = await newCard(await Jlis.open(directory), {
    profile,
    scenario,
    key,
    faults: values.fault.map(parseFault),
    ...(serial !== undefined && { serial }),
    ...(pin !== undefined && { pin }),
    ...(birthDate !== undefined && { birthDate }),
    ...(reference !== undefined && { reference }),
    ...(signaturePassword !== undefined && { signaturePassword }),
    ...(timing !== undefined && { timing }),
    ...(victim !== undefined && { victim: await readCardFile(victim) }),
    ...(removeAfterStep !== undefined && { removeAfterStep: parseStep(removeAfterStep) }),
  });
  await writeFileDurably(out, `${JSON.stringify(file, null, 2)}\n`, 0o600);
  io.out(resolve(out));
  return EXIT_OK;
};

interface SurfaceValues {
  readonly profile: string;
  readonly scenario: string;
  readonly birthDate: string | undefined;
  readonly reference: string | undefined;
}

function checkSurface({ profile, scenario, birthDate, reference }: SurfaceValues): void {
  if (birthDate === undefined) {
    if (scenario === 'mixed') throw new UsageError('scenario mixed wants --birth-date');
    if (reference !== undefined) throw new UsageError('--reference goes with --birth-date');
    return;
  }
  if (profile !== 'jpki') throw new UsageError('--birth-date is for jpki cards');
  if (!isBirthDate(birthDate)) throw new UsageError('--birth-date is YYYYMMDD');
  if (reference !== undefined && !/^\d{6}$/.test(reference)) {
    throw new UsageError('--reference has six digits');
  }
}

function checkPassword(profile: string, password: string | undefined): void {
  if (password === undefined) return;
  if (profile !== 'jpki') throw new UsageError('--signature-password is for jpki cards');
  if (SIGNATURE_PASSWORD.test(password)) return;
  throw new UsageError('--signature-password has 6 to 16 capital letters and digits');
}

/** `sandbox card insert card.json …`: in the field until told otherwise. */
export const cardInsert: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      port: { type: 'string', default: String(VPCD_PORT) },
      host: { type: 'string', default: '127.0.0.1' },
      for: { type: 'string' },
      'remove-after-step': { type: 'string' },
      timing: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new UsageError('one card file is wanted');
  const port = parsePort(values.port);
  const forMs = values.for === undefined ? undefined : parseDuration(values.for);
  if (values.for !== undefined && forMs === undefined) {
    throw new UsageError(`--for "${values.for}" is no duration such as 3s`);
  }
  const file = await readCardFile(path);
  const timing = values.timing ?? file.timing;
  const step = values['remove-after-step'];
  const removeAfterStep = step === undefined ? file.removeAfterStep : parseStep(step);

  const card = await enterField(cardFromFile(file), {
    port,
    host: values.host,
    faults: file.faults ?? [],
    ...(timing !== undefined && { timing: parseTiming(timing) }),
    ...(removeAfterStep !== undefined && { removeAfterStep }),
  });
  io.err('card is in the field');
  const leave = () => void card.leave();
  io.signal.addEventListener('abort', leave);
  const timer = forMs === undefined ? undefined : setTimeout(leave, forMs);
  const report = await card.left;
  clearTimeout(timer);
  printReport(report, values.json, io);
  return EXIT_OK;
};

function printReport(report: CardReport, json: boolean, io: Io): void {
  if (json) {
    io.out(JSON.stringify(report));
    return;
  }
  for (const [step, { commands, modelledMs, busyMs }] of Object.entries(report.steps)) {
    io.out(`${step.padEnd(22)} ${commands} commands ${line(modelledMs, busyMs)}`);
  }
  const { commands, modelledMs, busyMs } = report;
  io.out(`${'all'.padEnd(22)} ${commands} commands ${line(modelledMs, busyMs)}`);
  io.err(`the ${report.leftBy} ended it`);
}

const line = (modelled: number, busy: number) =>
  `${busy.toFixed(1)} ms, ${modelled.toFixed(1)} ms by the model`;
