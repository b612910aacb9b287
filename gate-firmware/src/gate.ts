import { mkdir } from 'node:fs/promises';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import type { Logger } from '@pinless-gate/runtime/log';
import { receiptCheckPage } from '@pinless-gate/runtime/receipt-check';
import { Closers } from './closers.ts';
import type { GateConfig } from './config.ts';
import { displaySettings } from './display/config.ts';
import { type Listening, listen } from './display/listen.ts';
import { serveLane } from './display/server.ts';
import { DisplayBus } from './display/state.ts';
import { type GateKeys, openGateKeys } from './gate-keys.ts';
import { registerGauges } from './gauges.ts';
import { Journaling } from './journaling.ts';
import { Lane } from './lane/lane.ts';
import { Metrics } from './metrics.ts';
import { Rehearsal } from './rehearsal/rehearsal.ts';
import { openStaffDesk } from './staff/desk.ts';
import { VERSION } from './version.ts';
import type { Lists } from './whitelist/lists.ts';
import { serveLists } from './whitelist/serving.ts';

export interface GateOptions {
  /** File that the masked dialogue of each tap is appended to. */
  readonly transcript?: string | undefined;
  /** Destroy keys whose window is over where the issuer asks for it, without anybody here approving. */
  readonly destroyOrdered?: boolean;
}

/** One lane, put together: everything that has to be there before the first card, and its orderly end. */
export class Gate {
  readonly #config: GateConfig;
  readonly #log: Logger;
  readonly #options: GateOptions;
  readonly #abort = new AbortController();
  readonly #closers = new Closers();
  readonly metrics = new Metrics();
  readonly #bus: DisplayBus = new DisplayBus({ state: 'closed' });
  #journaling!: Journaling;
  #keys!: GateKeys;
  #lists!: Lists;
  #lane!: Lane;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #server!: Listening;
  #staff: Listening | undefined;

  private constructor(config: GateConfig, log: Logger, options: GateOptions) {
    this.#config = config;
    this.#log = log;
    this.#options = options;
  }

  /** Rejects with what is missing or wrong, and leaves nothing open. */
  static async open(config: GateConfig, log: Logger, options: GateOptions = {}): Promise<Gate> {
    const gate = new Gate(config, log, options);
    try {
      await gate.#open();
    } catch (error) {
      await gate.close();
      throw error;
    }
    return gate;
  }

  /** The attendee display. */
  get url(): string {
    return this.#server.url;
  }

  /** Where staff sign in; undefined where there are none. */
  get staffUrl(): string | undefined {
    return this.#staff && new URL('staff', this.#staff.url).href;
  }

  /** What keeps the lane from deciding now, as a code. */
  get notReady(): string | undefined {
    return this.#lane.notReady;
  }

  /** Serves cards until `close`. Rejects where the gate must be started anew. */
  async run(): Promise<void> {
    this.#running = this.#lane.run();
    await this.#running;
  }

  /** Before it runs: nothing counts from now on, until the rehearsal's `close`. Throws ERR_REHEARSAL_MODE. */
  rehearse(operator: string): Rehearsal {
    return new Rehearsal({
      ...this.#common,
      operator,
      keys: this.#keys,
      lists: this.#lists,
      lane: this.#lane,
      display: this.#bus,
    });
  }

  /** Harmless to call again: resolves when everything has ended. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    // The tap under way is finished; what it throws is told by `run`.
    await this.#running?.catch(() => undefined);
    this.#journaling?.stop();
    await this.#closers.close();
  }

  async #open(): Promise<void> {
    const config = this.#config;
    await mkdir(config.journalDirectory, { recursive: true });
    // Two gates on one journal would fork its chain.
    this.#closers.push(await lockDirectory(config.journalDirectory));
    this.#journaling = Journaling.open(config, this.#log);
    this.#closers.push(() => this.#journaling.close());
    this.#keys = await openGateKeys({
      ...this.#common,
      destroyOrdered: this.#options.destroyOrdered ?? false,
    });
    await this.#openLists();
    await this.#openLane();
    await this.#openServer();
    await this.#openStaff();
    this.#journaling.start();
  }

  /** What everything that the gate is made of is handed. */
  get #common() {
    return {
      config: this.#config,
      log: this.#log,
      metrics: this.metrics,
      journaling: this.#journaling,
      closers: this.#closers,
    };
  }

  async #openLists(): Promise<void> {
    const { eventKeys } = this.#keys;
    const { lists, close } = await serveLists({
      config: this.#config,
      eventKeyIds: async () => {
        await eventKeys.refresh();
        return eventKeys.usable(this.#journaling.clock.now() / 1000);
      },
      journal: this.#journaling.journal,
      clock: this.#journaling.clock,
      log: this.#log,
      metrics: this.metrics,
      onUpdate: () => this.#journaling.poke(),
      onDamage: (error) => this.#journaling.fault(error),
      // The follower has logged it.
      onRefused: ({ code }) => this.#journaling.note('fault', code),
    });
    this.#lists = lists;
    this.#journaling.follow(lists);
    this.#closers.push(close);
  }

  async #openLane(): Promise<void> {
    this.#lane = await Lane.open({
      ...this.#common,
      keys: this.#keys,
      lists: this.#lists,
      display: this.#bus,
      transcript: this.#options.transcript,
      signal: this.#abort.signal,
    });
    this.metrics.build(VERSION);
    registerGauges(this.metrics, {
      journal: this.#journaling.journal,
      lists: this.#lists,
      printer: this.#lane.devices.printer,
      uploads: this.#journaling.uploads,
      unexplained: () => this.#keys.watch.unexplained,
      ready: () => this.notReady === undefined,
      now: this.#journaling.clock.now,
    });
  }

  async #openServer(): Promise<void> {
    const { display, http, labels, timeZone } = this.#config;
    const receiptCheck = receiptCheckPage(
      [{ name: this.#config.name, deviceKey: await this.#keys.store.publicKey(labels.device) }],
      timeZone,
    );
    this.#server = await serveLane({
      display: {
        bus: this.#bus,
        ...displaySettings(display),
        choose: (language) => this.#lane.choose(language),
      },
      metrics: () => this.metrics.text(),
      notReady: () => this.notReady,
      inputs: this.#lane.devices.inputs,
      receiptCheck,
      ...http,
    });
    this.#closers.push(() => this.#server.close());
  }

  async #openStaff(): Promise<void> {
    const { staff } = this.#config;
    if (!staff) return;
    const { metrics } = this;
    const desk = { ...this.#common, staff, metrics, lane: this.#lane, lists: this.#lists };
    this.#staff = await listen(openStaffDesk(desk).fetch, staff);
    this.#closers.push(() => this.#staff?.close());
  }
}
