import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GateError } from '@pinless-gate/protocol/errors';

/** The programs of this project, as a user starts them. */
const PROGRAMS = {
  hsm: '../../../../hsm/bin/hsm.js',
  whitelist: '../../../../whitelist-builder/bin/whitelist.js',
  gate: '../../../../gate-firmware/bin/gate.js',
  'issuer-console': '../../../../issuer-console/bin/issuer-console.js',
} as const;

export type ProgramName = keyof typeof PROGRAMS;

const STOP_MS = 5000;
const READY_MS = 120_000;
const READY_EVERY_MS = 100;

function start(name: ProgramName, argv: readonly string[], cwd: string): ChildProcess {
  const script = fileURLToPath(new URL(PROGRAMS[name], import.meta.url));
  return spawn(process.execPath, [script, ...argv], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs a command to its end and gives its standard output; a failure tells what it said. */
export async function run(
  name: ProgramName,
  argv: readonly string[],
  cwd: string,
): Promise<string> {
  const child = start(name, argv, cwd);
  let out = '';
  let err = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = await once(child, 'close');
  if (code === 0) return out;
  throw new GateError('ERR_DEMO_COMMAND', `${name} ${argv[0]} ended with ${code}: ${err.trim()}`);
}

/** A program that serves until it is told to stop. */
export class Service {
  readonly #child: ChildProcess;
  readonly #name: ProgramName;
  readonly #lines: string[] = [];
  readonly #first: Promise<string>;
  readonly #ended: Promise<unknown>;

  /** `onLine` is told each line of standard error: the log. */
  constructor(
    name: ProgramName,
    argv: readonly string[],
    cwd: string,
    onLine: (line: string) => void,
  ) {
    this.#name = name;
    this.#child = start(name, argv, cwd);
    this.#ended = once(this.#child, 'close');
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      this.#lines.push(line);
      if (this.#lines.length > 20) this.#lines.shift();
      onLine(line);
    });
    const out = createInterface({ input: this.#child.stdout! });
    this.#first = Promise.race([
      once(out, 'line').then(([line]) => line as string),
      this.#ended.then(() => {
        throw new GateError(
          'ERR_DEMO_SERVICE',
          `${this.#name} ended at once: ${this.#lines.join(' / ')}`,
        );
      }),
    ]);
    this.#first.catch(() => undefined);
  }

  /** The first line of standard output: where it serves. */
  started(): Promise<string> {
    return this.#first;
  }

  /** In order; by force where it does not end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(force);
  }
}

/** Resolves when the gate with that display would decide a tap: its reader is there and its list in force. */
export async function gateReady(display: string, signal: AbortSignal): Promise<void> {
  const until = Date.now() + READY_MS;
  while (!signal.aborted) {
    const response = await fetch(new URL('readyz', display));
    const why = (await response.text()).trim();
    if (response.ok) return;
    if (Date.now() > until) {
      throw new GateError('ERR_DEMO_SERVICE', `the gate at ${display} is not ready: ${why}`);
    }
    await delay(READY_EVERY_MS);
  }
}
