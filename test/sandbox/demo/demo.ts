import { readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Io } from '@pinless-gate/runtime/program';
import { freePort } from '../free-port.ts';
import { Jlis } from '../jlis/jlis.ts';
import { type SandboxPrinter, startPrinter } from '../printer.ts';
import { type SandboxReader, startReader } from '../reader.ts';
import { type SandboxTurnstile, startTurnstile } from '../turnstile.ts';
import { type Material, makeMaterial, type Ports } from './material.ts';
import { gateReady, run, Service } from './program.ts';
import { laneRehearsal } from './rehearsal.ts';
import { summary, type TapLine, tapText } from './report.ts';
import { type DemoTap, type LaneName, TAPS } from './scenarios.ts';
import { rehearseWithCards } from './tester.ts';

type ServedPorts = Pick<Ports, 'console' | 'display' | 'kazashiDisplay'>;

export interface DemoOptions {
  readonly directory: string;
  /** Takes free ports, so that nothing else on the machine is in the way. */
  readonly freePorts: boolean;
  /** The lanes are rehearsed: no gate is started before. */
  readonly rehearse?: boolean;
}

interface SignIn {
  readonly name: string;
  readonly password: string;
}

const OPERATOR = 'admin';
const CONSOLE_PORT = 8470;
const DISPLAY_PORT = 8460;
const KAZASHI_DISPLAY_PORT = 8461;

const LANES: Readonly<Record<LaneName, { config: string; slot: 0 | 1 }>> = {
  institution: { config: 'gate.toml', slot: 0 },
  kazashi: { config: 'gate-kazashi.toml', slot: 1 },
};
const LANE_NAMES = Object.keys(LANES) as LaneName[];
const laneOf = ({ lane = 'institution' }: DemoTap): LaneName => lane;
const TAP_TIMEOUT_MS = 60_000;

/** A whole event on one machine: purchases, list, console, gate, cards. Ended in the reverse order. */
export class Demo {
  readonly #io: Io;
  readonly #closers: (() => Promise<unknown>)[] = [];
  #material!: Material;
  #reader!: SandboxReader;
  #printer!: SandboxPrinter;
  #turnstile!: SandboxTurnstile;
  readonly #gates: Service[] = [];
  #bundle!: DemoResult['bundle'];
  /** Whoever waits for a decision of that lane. */
  readonly #onTap = new Map<LaneName, (line: TapLine) => void>();
  readonly #taps: { demo: DemoTap; line: TapLine }[] = [];
  readonly urls: { console: string; display: string };
  /** For the console: good once, and to be changed. */
  signIn: SignIn = { name: OPERATOR, password: '' };

  private constructor(io: Io, ports: ServedPorts) {
    this.#io = io;
    this.urls = {
      console: `http://127.0.0.1:${ports.console}/`,
      display: `http://127.0.0.1:${ports.display}/`,
    };
  }

  /** Resolves when the gates would decide a tap. */
  static async start(options: DemoOptions, io: Io): Promise<Demo> {
    const { freePorts } = options;
    const ports = {
      console: freePorts ? await freePort() : CONSOLE_PORT,
      display: freePorts ? await freePort() : DISPLAY_PORT,
      kazashiDisplay: freePorts ? await freePort() : KAZASHI_DISPLAY_PORT,
    };
    const demo = new Demo(io, ports);
    try {
      await demo.#start(options, ports);
    } catch (error) {
      await demo.close();
      throw error;
    }
    return demo;
  }

  /** Taps every card of the scenario, at both lanes at once, and prints a line for each. */
  async tapAll(): Promise<void> {
    await Promise.all(LANE_NAMES.map((lane) => this.#tapAt(lane)));
  }

  /** Instead of `tapAll`: each lane is rehearsed, and signs what it did. True where all was as expected. */
  async rehearseAll(): Promise<boolean> {
    const ended = await Promise.all(LANE_NAMES.map((lane) => this.#rehearse(lane)));
    return ended.every(Boolean);
  }

  async #rehearse(lane: LaneName): Promise<boolean> {
    const { directory, cards: made } = this.#material;
    const { config, slot } = LANES[lane];
    const jlis = await Jlis.open(join(directory, '../kept/jlis'));
    const { plan, cards } = await laneRehearsal(lane, made, jlis);
    await writeFile(join(directory, `plan-${lane}.json`), JSON.stringify(plan, null, 2));
    const files = ['--plan', `plan-${lane}.json`, '--out', `rehearsal-${lane}.json`];
    const { code, out } = await rehearseWithCards(
      ['--config', config, ...files, '--operator', 'demo', '--show-ms', '100'],
      { reader: this.#reader, slot, cards, directory, onLine: (line) => this.#io.err(line) },
    );
    this.#io.out(`${lane}: ${out.trim()}`);
    return code === 0;
  }

  async #tapAt(lane: LaneName): Promise<void> {
    for (const tap of TAPS.filter((one) => laneOf(one) === lane)) {
      if (this.#io.signal.aborted) return;
      const line = await this.#tap(tap);
      this.#taps.push({ demo: tap, line });
      this.#io.err(tapText({ demo: tap, line }));
    }
  }

  /** Ends the gates, so that their journals are whole, and tells what all came to. */
  async finish(): Promise<DemoResult> {
    const admitted = this.#taps.filter(({ line }) => line.outcome === 'admitted');
    const receipts = await this.#receipts();
    await Promise.all(this.#gates.map((gate) => gate.stop()));
    const journals = await Promise.all(LANE_NAMES.map((lane) => this.#journal(lane)));
    const entries = journals.reduce((sum, journal) => sum + journal.entries, 0);
    const verified = journals.every((journal) => journal.verified);
    return {
      ...summary(this.#taps),
      receipts,
      journal: { entries, verified },
      bundle: this.#bundle,
      opened: this.#turnstile.openings.length === admitted.length,
      printed: this.#printer.jobs.length === receipts.length,
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse().splice(0)) await close();
  }

  async #journal(lane: LaneName): Promise<DemoResult['journal']> {
    const argv = ['journal', 'verify', '--config', LANES[lane].config, '--json'];
    return JSON.parse(await run('gate', argv, this.#material.directory)) as DemoResult['journal'];
  }

  async #start({ directory, rehearse = false }: DemoOptions, ports: ServedPorts): Promise<void> {
    this.#printer = await startPrinter();
    this.#closers.push(() => this.#printer.close());
    this.#turnstile = await startTurnstile();
    this.#closers.push(() => this.#turnstile.close());
    this.#say('token, J-LIS, cards, purchases');
    const devices = { printer: this.#printer.port, turnstile: this.#turnstile.url };
    this.#material = await makeMaterial(directory, { ...ports, ...devices });

    this.#say('list, console, reader');
    await Promise.all([this.#build(), this.#startConsole(), this.#startReader()]);
    if (rehearse) return;
    this.#say('two gates: with an institution key, and without');
    await Promise.all(LANE_NAMES.map((lane) => this.#startGate(lane)));
  }

  async #startGate(lane: LaneName): Promise<void> {
    const argv = ['run', '--config', LANES[lane].config, '--json'];
    const { directory } = this.#material;
    const gate = new Service('gate', argv, directory, (line) => this.#log(lane, line));
    this.#gates.push(gate);
    this.#closers.push(() => gate.stop());
    const { display } = JSON.parse(await gate.started()) as { display: string };
    await gateReady(display, this.#io.signal);
  }

  async #build(): Promise<void> {
    const crl = '../kept/jlis/crl.der';
    const argv = [
      'build',
      '--feed',
      'purchases.ndjson',
      '--event',
      'event.toml',
      '--out',
      'bundle',
    ];
    const built = await run(
      'whitelist',
      [...argv, '--crl', crl, '--json'],
      this.#material.directory,
    );
    const { version, entries, fingerprint } = JSON.parse(built) as DemoResult['bundle'];
    this.#bundle = { version, entries, fingerprint };
  }

  async #startConsole(): Promise<void> {
    const config = ['--config', 'issuer-console.toml'];
    const { directory } = this.#material;
    const service = new Service(
      'issuer-console',
      ['serve', ...config, '--json'],
      directory,
      () => undefined,
    );
    this.#closers.push(() => service.stop());
    await service.started();
    const argv = ['operator', 'add', '--name', OPERATOR, ...config, '--json'];
    const { name, password } = JSON.parse(await run('issuer-console', argv, directory)) as SignIn;
    this.signIn = { name, password };
  }

  async #startReader(): Promise<void> {
    this.#reader = await startReader({
      directory: join(this.#material.directory, 'reader'),
      note: (line) => this.#say(line),
    });
    this.#closers.push(() => this.#reader.close());
  }

  async #tap(tap: DemoTap): Promise<TapLine> {
    const decided = new Promise<TapLine>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new GateError('ERR_DEMO_TAP', `no decision about "${tap.title}"`)),
        TAP_TIMEOUT_MS,
      );
      this.#onTap.set(laneOf(tap), (line) => {
        clearTimeout(timer);
        resolve(line);
      });
    });
    const { slot } = LANES[laneOf(tap)];
    const card = await this.#reader.insert(this.#material.cards[tap.card]!, { slot });
    try {
      return await decided;
    } finally {
      await card.remove();
    }
  }

  /** Every admitted ticket has one, once the gate has written it. */
  async #receipts(): Promise<string[]> {
    const directory = join(this.#material.directory, 'receipts');
    const names = (await readdir(directory)).filter((name) => /^[0-9a-f].*\.svg$/.test(name));
    return names.sort().map((name) => relative(process.cwd(), join(directory, name)));
  }

  #log(lane: LaneName, text: string): void {
    const line = JSON.parse(text) as Partial<TapLine> & { level: number; msg?: string };
    if (line.tap !== undefined && line.steps !== undefined)
      this.#onTap.get(lane)?.(line as TapLine);
    else if (line.level >= 40) this.#say(`gate: ${line.msg}`);
  }

  #say(what: string): void {
    this.#io.err(`demo: ${what}`);
  }
}

export type DemoResult = ReturnType<typeof summary> & {
  readonly receipts: readonly string[];
  readonly journal: { readonly entries: number; readonly verified: boolean };
  readonly bundle: {
    readonly version: number;
    readonly entries: number;
    readonly fingerprint: string;
  };
  /** The turnstile opened once for each admission, the printer printed each receipt once. */
  readonly opened: boolean;
  readonly printed: boolean;
};

/** Whether everything ended as the scenario says. */
export function asExpected(result: DemoResult): boolean {
  return (
    result.taps === TAPS.length &&
    result.unexpected === 0 &&
    result.journal.verified &&
    result.opened &&
    result.printed
  );
}
