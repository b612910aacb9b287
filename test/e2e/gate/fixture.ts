import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { EVENT_ID, GATE_ID } from '@pinless-gate/test/sandbox/demo/material';
import type { TapLine } from '@pinless-gate/test/sandbox/demo/report';
import type { InsertOptions, SandboxReader } from '@pinless-gate/test/sandbox/reader';
import { inject, onTestFinished } from 'vitest';
import { copyPrepared } from './prepared.ts';

const GATE = fileURLToPath(new URL('../../../gate-firmware/bin/gate.js', import.meta.url));
/** Far beyond what anything here takes, also where the machine is busy with something else. */
const PATIENCE_MS = 45_000;

export interface Venue {
  readonly kept: string;
  readonly bundle: string;
  readonly cards: Readonly<Record<string, CardFile>>;
}

/** Keys, cards and a list of 1,000 entries, as the demo has them. Called once a file, whose own they are. */
export async function makeVenue(): Promise<Venue> {
  const own = await copyPrepared(inject('venues'));
  const kept = join(own, 'kept');
  const cards: Record<string, { file: CardFile }> = JSON.parse(
    await readFile(join(kept, 'cards.json'), 'utf8'),
  );
  return {
    kept,
    bundle: join(own, 'run', 'bundle'),
    cards: Object.fromEntries(Object.entries(cards).map(([name, { file }]) => [name, file])),
  };
}

export interface LaneOptions {
  /** Of the gate; the sandbox's own otherwise. */
  readonly id?: string;
  /** Lines of `[reader]`; a socket that is not there, otherwise. */
  readonly reader?: string;
  /** Lines of `[whitelist]` besides directory and publishers. */
  readonly whitelist?: string;
  readonly pollSeconds?: number;
  /** None: tests tap one card twice as fast as they can. */
  readonly debounceMs?: number;
  readonly hsm?: string;
  /** Lines of `[card]` besides the anchors: its profiles. */
  readonly card?: string;
  /** Where the envelopes of keys are; the venue's otherwise. */
  readonly keys?: string;
  readonly journal?: string;
  readonly more?: string;
}

/** A directory with a `gate.toml` in it. Short, since sockets lie below. */
export async function makeLane(venue: Venue, options: LaneOptions = {}): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'lane-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'gate.toml'), toml(venue, options));
  return directory;
}

/** For the one-lane tests: which reader. */
export const readerLines = ({ socket }: SandboxReader): string =>
  `name = "Virtual PCD 00 00"\nsocket = "${socket}"`;

function toml({ kept, bundle }: Venue, options: LaneOptions): string {
  const { reader = 'socket = "none"', whitelist = `source = "${bundle}"` } = options;
  const hsm = options.hsm ?? hsmLines(kept);
  return `[gate]
id = "${options.id ?? GATE_ID}"
name = "Lane 1"
serves = ["B"]
[event]
id = "${EVENT_ID}"
[hsm]
${hsm}
[keys]
directory = "${options.keys ?? `${kept}/token/keys`}"
[reader]
${reader}
debounce_ms = ${options.debounceMs ?? 0}
[card]
anchors = ["${kept}/jlis/ca.pem"]
${options.card ?? terminalLines(kept)}
[whitelist]
directory = "whitelist"
publishers = ["${kept}/publisher.pem"]
poll_seconds = ${options.pollSeconds ?? 1}
${whitelist}
[journal]
directory = "${options.journal ?? 'journal'}"
[http]
port = 0
${options.more ?? ''}`;
}

const terminalLines = (
  kept: string,
): string => `jpki = { certificates = ["${kept}/token/cvc/jpki/intermediate.cvc", "${kept}/token/cvc/jpki/institution.cvc"] }
iso = { certificates = ["${kept}/token/cvc/tr03110/dv.cvcert", "${kept}/token/cvc/tr03110/terminal.cvcert"] }`;

export const hsmLines = (kept: string, pinFile = `${kept}/token/pin`): string =>
  `module = "/usr/lib/softhsm/libsofthsm2.so"
token_label = "pinless-gate"
pin_file = "${pinFile}"
shared = true
[hsm.environment]
SOFTHSM2_CONF = "${kept}/token/softhsm2.conf"`;

export interface LogLine extends Partial<TapLine> {
  readonly level: number;
  /** ISO 8601. */
  readonly time: string;
  readonly msg?: string;
  readonly code?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `gate run` in a directory of `makeLane`. */
export class GateProcess {
  readonly child: ChildProcess;
  readonly lines: LogLine[] = [];
  /** What it said for people on standard error. */
  readonly text: string[] = [];
  readonly ended: Promise<Ended>;
  #out = '';
  #heard = 0;
  #onLine: (() => void) | undefined;
  readonly #listIsNear: boolean;

  constructor(
    directory: string,
    argv: readonly string[] = [process.execPath, GATE],
    options: readonly string[] = [],
  ) {
    this.#listIsNear = /^source = /m.test(readFileSync(join(directory, 'gate.toml'), 'utf8'));
    const [command, ...rest] = [...argv, 'run', '--config', 'gate.toml', '--json', ...options];
    this.child = spawn(command!, rest, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
      this.#onLine?.();
    });
    createInterface({ input: this.child.stderr! }).on('line', (line) => {
      if (line.startsWith('{')) this.lines.push(JSON.parse(line));
      else this.text.push(line);
      this.#onLine?.();
    });
    onTestFinished(async () => void (await this.stop()));
  }

  /** The display's URL, once it serves and a list that is near was tried: the gate itself waits a second for that. */
  async started(): Promise<string> {
    await this.#until(() => this.#out.includes('\n'));
    if (this.#listIsNear)
      await this.#until(() => this.lines.some(({ msg }) => msg?.startsWith('list')));
    return (JSON.parse(this.#out) as { display: string }).display;
  }

  /** The next line of the log, from the last one heard on, that is meant. */
  async line(meant: (line: LogLine) => boolean): Promise<LogLine> {
    let found: LogLine | undefined;
    await this.#until(() => {
      const at = this.lines.findIndex((line, i) => i >= this.#heard && meant(line));
      if (at >= 0) {
        found = this.lines[at];
        this.#heard = at + 1;
      }
      return at >= 0;
    });
    return found!;
  }

  /** `admitted`, or why not. */
  async tap(): Promise<string> {
    const { outcome, reason } = await this.line(({ tap, steps }) => Boolean(tap && steps));
    return reason ?? outcome!;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    const force = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    this.child.kill(signal);
    const ended = await this.ended;
    clearTimeout(force);
    return ended;
  }

  async #until(done: () => boolean): Promise<void> {
    const over = this.ended.then(() => 'over' as const);
    const timer = Symbol('timer');
    let handle: NodeJS.Timeout | undefined;
    const late = new Promise<typeof timer>((resolve) => {
      handle = setTimeout(() => resolve(timer), PATIENCE_MS);
    });
    try {
      for (;;) {
        if (done()) return;
        const next = new Promise<void>((resolve) => {
          this.#onLine = resolve;
        });
        const what = await Promise.race([next, over, late]);
        if (done()) return;
        if (what === 'over') throw new Error(`gate ended: ${this.#said()}`);
        if (what === timer) throw new Error(`gate does not say it: ${this.#said()}`);
      }
    } finally {
      clearTimeout(handle);
      this.#onLine = undefined;
    }
  }

  #said(): string {
    return [...this.text, ...this.lines.slice(-5).map((line) => JSON.stringify(line))].join(' / ');
  }
}

/** Puts a card in, waits for the decision and takes it out; milliseconds from powered to decided. */
export async function tapCard(
  gate: GateProcess,
  reader: SandboxReader,
  card: CardFile,
  options: InsertOptions = {},
): Promise<{ outcome: string; ms: number }> {
  const inserted = await reader.insert(card, options);
  const from = performance.now();
  try {
    return { outcome: await gate.tap(), ms: performance.now() - from };
  } finally {
    await inserted.remove();
  }
}

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command of `gate` to its end. */
export function gateCommand(directory: string, ...argv: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [GATE, ...argv],
      { cwd: directory, encoding: 'utf8' },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}
