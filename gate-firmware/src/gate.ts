import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { EventKeys } from '@pinless-gate/hsm/event-keys';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import type { GateError } from '@pinless-gate/protocol/errors';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import type { Logger } from '@pinless-gate/runtime/log';
import { LIST_CODES, listRefusal } from './admission/decide.ts';
import { Reader } from './card/reader.ts';
import type { ReaderState } from './card/reader-messages.ts';
import { TranscriptFile } from './card/transcript-file.ts';
import type { GateConfig } from './config.ts';
import { ConversionWatch, conversionsOf } from './conversion-watch.ts';
import { type LaneServer, serveLane } from './display/server.ts';
import { DisplayBus } from './display/state.ts';
import { followKeys } from './fleet/key-follower.ts';
import { registerGauges } from './gauges.ts';
import { Journaling } from './journaling.ts';
import { checkDeviceKey, KeyHealth } from './key-health.ts';
import { openEventKeys, openKeys } from './keys.ts';
import { systemClock } from './lane/clock.ts';
import { openDevices } from './lane/devices.ts';
import { LaneLoop, type LoopParts } from './lane/loop.ts';
import { Nonces } from './lane/nonce.ts';
import { Outcome } from './lane/outcome.ts';
import { ShortCodes } from './lane/short-code.ts';
import type { TapResult } from './lane/tap.ts';
import { Metrics } from './metrics.ts';
import { profilesInUse } from './profiles-in-use.ts';
import { troubleLog } from './trouble.ts';
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
  readonly #transcript: string | undefined;
  readonly #destroyOrdered: boolean;
  readonly #abort = new AbortController();
  /** Ended in the reverse order of their beginning. */
  readonly #closers: (() => unknown)[] = [];
  readonly metrics = new Metrics();
  readonly #watch: ConversionWatch;
  readonly #bus: DisplayBus = new DisplayBus({ state: 'closed' });
  #journaling!: Journaling;
  #store!: KeyStore;
  #eventKeys!: EventKeys;
  #lists!: Lists;
  #loop!: LaneLoop;
  #outcome!: Outcome;
  #readerState: ReaderState | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #server!: LaneServer;

  private constructor(
    config: GateConfig,
    log: Logger,
    { transcript, destroyOrdered }: GateOptions,
  ) {
    this.#config = config;
    this.#log = log;
    this.#transcript = transcript;
    this.#destroyOrdered = destroyOrdered ?? false;
    const told = troubleLog(log, 'conversion calls');
    this.#watch = new ConversionWatch({
      now: systemClock.monotonic,
      onState: (error) => {
        told(error);
        if (!error) return;
        this.metrics.faults.inc({ code: error.code });
        this.#journaling.note('fault', error.code);
      },
    });
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

  /** What keeps the lane from deciding now, as a code. */
  get notReady(): string | undefined {
    if (this.#loop.fault) return this.#loop.fault.code;
    if (!this.#readerState) return 'ERR_READER_STARTING';
    const list = this.#lists.current;
    if (!list) return 'ERR_LIST_MISSING';
    const refusal = listRefusal(list.manifest, systemClock.now());
    return refusal && LIST_CODES[refusal];
  }

  /** Serves cards until `close`. Rejects where the gate must be started anew. */
  async run(): Promise<void> {
    this.#running = this.#loop.run();
    await this.#running;
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
    for (const close of this.#closers.reverse()) await close();
  }

  async #open(): Promise<void> {
    const config = this.#config;
    await mkdir(config.journalDirectory, { recursive: true });
    // Two gates on one journal would fork its chain.
    this.#closers.push(await lockDirectory(config.journalDirectory));
    this.#journaling = Journaling.open(config, this.#log);
    this.#closers.push(() => this.#journaling.close());
    await this.#openKeys();
    await this.#openLists();
    await this.#openLane();
    await this.#openServer();
    this.#journaling.start();
  }

  async #openKeys(): Promise<void> {
    const { labels } = this.#config;
    this.#store = await openKeys(this.#config, this.#log, this.metrics, this.#watch);
    this.#closers.push(() => this.#store.close());
    await checkDeviceKey(this.#store, labels.device, this.#journaling.journal);
    const { enrolment } = this.#config;
    const follower =
      enrolment && (await followKeys(this.#config, this.#store, this.#log, this.#destroyOrdered));
    this.#closers.push(() => follower?.close());
    // One HMAC for each key, to learn what it is called.
    this.#watch.explained();
    this.#eventKeys = await openEventKeys(this.#store, this.#config, systemClock.now() / 1000);
    const sign = (message: Uint8Array) => this.#store.sign(labels.device, message);
    this.#journaling.vouch(sign, this.#config);
    this.#closers.push(() => this.#journaling.endVouching());
  }

  async #openLists(): Promise<void> {
    const { lists, close } = await serveLists({
      config: this.#config,
      eventKeyIds: async () => {
        await this.#eventKeys.refresh();
        return this.#eventKeys.usable(systemClock.now() / 1000);
      },
      journal: this.#journaling.journal,
      log: this.#log,
      metrics: this.metrics,
      onUpdate: () => this.#journaling.poke(),
      onDamage: (error) => this.#journaling.fault(error),
    });
    this.#lists = lists;
    this.#journaling.follow(lists);
    this.#closers.push(close);
  }

  async #openLane(): Promise<void> {
    const { eventId, gateId, gates, labels, reader, anchors } = this.#config;
    const profiles = await profilesInUse(this.#store, this.#config, systemClock.now());
    this.#watch.explained();
    const health = await KeyHealth.learn({
      store: this.#store,
      eventKey: () => this.#eventKeys.newest,
      eventId,
      institution: this.#config.terminals.size > 0 ? labels.institution : undefined,
    });
    const devices = openDevices(this.#config, this.#log, this.metrics);
    this.#closers.push(() => devices.close());
    this.#outcome = new Outcome({
      gateId,
      timeZone: this.#config.timeZone,
      display: this.#bus,
      turnstile: devices.turnstile,
      printer: devices.printer,
      encoding: this.#config.printer.driver === 'tcp' ? this.#config.printer.encoding : 'cp932',
      pictures: devices.pictures,
      metrics: this.metrics,
      log: this.#log,
      defaultLanguage: this.#config.display.default_language,
    });
    this.#closers.push(() => this.#outcome.close());
    const cards = await Reader.open({ reader: reader.name, socket: reader.socket });
    this.#closers.push(() => cards.close());
    const parts: LoopParts = {
      reader: cards,
      tap: {
        eventId,
        gateId,
        lane: { gates },
        profiles,
        anchors,
        limits: { commandTimeoutMs: reader.commandTimeoutMs, tapTimeoutMs: reader.tapTimeoutMs },
        converterOf: (keyId, at) => this.#eventKeys.forList(keyId, at).converter,
        lists: this.#lists,
        journal: this.#journaling.journal,
        clock: systemClock,
        nonces: new Nonces(randomBytes),
        codes: new ShortCodes(randomBytes),
      },
      events: {
        onCard: () => this.#outcome.visit.hold(0),
        onProgress: (fraction) => this.#outcome.visit.hold(fraction),
        onResult: (result) => this.#onResult(result),
        onFault: (fault) => this.#onFault(fault),
        onReader: (state) => {
          this.#readerState = state;
        },
      },
      health: async () => {
        this.#watch.explained();
        await health.check();
      },
      obstacle: () => {
        const list = this.#lists.current;
        return this.#eventKeys.obstacle(list?.manifest.eventKeyId, systemClock.now() / 1000);
      },
    };
    this.#loop = new LaneLoop({ ...parts, transcripts: this.#transcripts() }, this.#abort.signal);
    this.#bus.show({ state: 'idle' });
    this.metrics.build(VERSION);
    registerGauges(this.metrics, {
      journal: this.#journaling.journal,
      lists: this.#lists,
      printer: devices.printer,
      uploads: this.#journaling.uploads,
      unexplained: () => this.#watch.unexplained,
      ready: () => this.notReady === undefined,
      now: systemClock.now,
    });
  }

  #transcripts(): TranscriptFile | undefined {
    if (this.#transcript === undefined) return undefined;
    const file = new TranscriptFile(this.#transcript, ({ code }) =>
      this.#log.warn({ code }, 'no more transcripts'),
    );
    this.#closers.push(() => file.close());
    return file;
  }

  async #openServer(): Promise<void> {
    const { display, http } = this.#config;
    this.#server = await serveLane({
      display: {
        bus: this.#bus,
        languages: display.languages,
        defaultLanguage: display.default_language,
        helpDesk: display.help_desk,
        volume: display.volume,
        choose: (language) => this.#outcome.visit.choose(language),
      },
      metrics: () => this.metrics.text(),
      notReady: () => this.notReady,
      ...http,
    });
    this.#closers.push(() => this.#server.close());
  }

  #onResult(result: TapResult): void {
    this.#watch.explained(conversionsOf(result));
    this.#outcome.apply(result);
    this.#journaling.entry();
  }

  #onFault(fault: GateError | undefined): void {
    this.#outcome.visit.outOfService(fault?.code);
    if (!fault) {
      this.#log.info('lane is back in service');
      return;
    }
    this.metrics.faults.inc({ code: fault.code });
    this.#journaling.fault(fault);
  }
}
