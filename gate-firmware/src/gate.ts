import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { EventKeys } from '@pinless-gate/hsm/event-keys';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { GateError } from '@pinless-gate/protocol/errors';
import { JournalError, type NoteEntry } from '@pinless-gate/protocol/journal';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import type { Logger } from '@pinless-gate/runtime/log';
import { LIST_CODES, listRefusal } from './admission/decide.ts';
import { Reader } from './card/reader.ts';
import type { ReaderState } from './card/reader-messages.ts';
import { TranscriptFile } from './card/transcript-file.ts';
import type { GateConfig } from './config.ts';
import { ConversionWatch } from './conversion-watch.ts';
import { type LaneServer, serveLane } from './display/server.ts';
import { DisplayBus } from './display/state.ts';
import { deliverKeys, deliveryParts } from './fleet/key-delivery.ts';
import { KeyFollower } from './fleet/key-follower.ts';
import { Uploader } from './fleet/upload.ts';
import { registerGauges } from './gauges.ts';
import { Checkpoints } from './journal/checkpoints.ts';
import { Journal } from './journal/journal.ts';
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

/** A power cut, a kill, or a disk whose pages could not be read: nobody learns of it unless it is said. */
const KILLED = 'the gate before this one ended without a word; what it admitted is in the journal';

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
  #journal!: Journal;
  #store!: KeyStore;
  #eventKeys!: EventKeys;
  #lists!: Lists;
  #loop!: LaneLoop;
  #outcome!: Outcome;
  #checkpoints!: Checkpoints;
  #uploader: Uploader | undefined;
  #readerState: ReaderState | undefined;
  #started = false;
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
        this.#note('fault', error.code);
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
    try {
      if (this.#started) this.#note('stop', 'gate');
    } catch (error) {
      // A journal that cannot be written keeps nothing else from ending.
      if (!(error instanceof JournalError)) throw error;
      this.#log.error({ code: error.code }, 'no last entry in the journal');
    }
    for (const close of this.#closers.reverse()) await close();
  }

  async #open(): Promise<void> {
    const config = this.#config;
    await mkdir(config.journalDirectory, { recursive: true });
    // Two gates on one journal would fork its chain.
    this.#closers.push(await lockDirectory(config.journalDirectory));
    this.#journal = Journal.open(config.journalDirectory, config.gateId);
    this.#closers.push(() => this.#journal.close());
    const endedInOrder = this.#journal.endedInOrder();
    await this.#openKeys();
    await this.#openLists();
    await this.#openLane();
    await this.#openServer();
    if (!endedInOrder) this.#tellFault(new GateError('ERR_GATE_KILLED', KILLED));
    this.#note('start', 'gate');
    this.#started = true;
  }

  async #openKeys(): Promise<void> {
    const { labels, gateId, console } = this.#config;
    this.#store = await openKeys(this.#config, this.#log, this.metrics, this.#watch);
    this.#closers.push(() => this.#store.close());
    await checkDeviceKey(this.#store, labels.device, this.#journal);
    await this.#openDelivery();
    // One HMAC for each key, to learn what it is called.
    this.#watch.explained();
    this.#eventKeys = await openEventKeys(this.#store, this.#config, systemClock.now() / 1000);
    const sign = (message: Uint8Array) => this.#store.sign(labels.device, message);
    this.#checkpoints = new Checkpoints({
      journal: this.#journal,
      sign,
      now: systemClock.now,
      onError: (error) => this.#log.error({ code: codeOf(error) }, 'no checkpoint'),
    });
    this.#closers.push(() => this.#checkpoints.close());
    if (!console) return;
    this.#uploader = new Uploader({
      console,
      journal: this.#journal,
      identity: { gateId, sign, now: systemClock.now, random: randomBytes },
      onState: troubleLog(this.#log, 'upload'),
    });
    this.#closers.push(() => this.#uploader?.close());
  }

  /** Keys that the issuer put at the console are here before the first card, and before the list that needs them. */
  async #openDelivery(): Promise<void> {
    if (!this.#config.enrolment) return;
    const log = this.#log;
    const parts = deliveryParts(this.#config, this.#store, this.#destroyOrdered);
    const follower = new KeyFollower({
      deliver: () => deliverKeys(parts),
      onDelivery: ({ taken, destroyed }) => {
        for (const label of taken) log.info({ label }, 'key taken');
        for (const event of destroyed) log.info({ event }, 'keys destroyed');
      },
      onState: troubleLog(log, 'keys'),
    });
    this.#closers.push(() => follower.close());
    await follower.start();
  }

  async #openLists(): Promise<void> {
    const { lists, close } = await serveLists({
      config: this.#config,
      eventKeyIds: async () => {
        await this.#eventKeys.refresh();
        return this.#eventKeys.usable(systemClock.now() / 1000);
      },
      journal: this.#journal,
      log: this.#log,
      metrics: this.metrics,
      onUpdate: () => this.#uploader?.poke(),
      onDamage: (error) => this.#tellFault(error),
    });
    this.#lists = lists;
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
        journal: this.#journal,
        clock: systemClock,
        nonces: new Nonces(randomBytes),
        codes: new ShortCodes(randomBytes),
      },
      events: {
        onCard: () => this.#outcome.hold(0),
        onProgress: (fraction) => this.#outcome.hold(fraction),
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
      journal: this.#journal,
      lists: this.#lists,
      printer: devices.printer,
      uploads: this.#uploader !== undefined,
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
    this.#checkpoints.entry();
    this.#uploader?.poke();
  }

  #onFault(fault: GateError | undefined): void {
    this.#outcome.outOfService(fault?.code);
    if (!fault) {
      this.#log.info('lane is back in service');
      return;
    }
    this.metrics.faults.inc({ code: fault.code });
    this.#tellFault(fault);
  }

  #tellFault({ code, hint, message }: GateError): void {
    this.#log.error({ code, hint }, message);
    this.#note('fault', code);
  }

  #note(kind: NoteEntry['kind'], detail: string): void {
    const list = this.#lists.current?.passport;
    this.#journal.append({
      kind,
      at: systemClock.now(),
      monotonicMs: Math.round(systemClock.monotonic()),
      list: list && { version: list.version, fingerprint: list.fingerprint },
      detail,
    });
    this.#uploader?.poke();
  }
}

/** HMACs of a tap that is in the journal by now: its conversion, done or cut off by a fault, and what confirms it. */
function conversionsOf({ steps, fault }: TapResult): number {
  if (steps.confirm !== undefined) return 3;
  return steps.convert !== undefined || fault !== undefined ? 1 : 0;
}

function codeOf(error: unknown): string {
  return error instanceof GateError ? error.code : String(error);
}
