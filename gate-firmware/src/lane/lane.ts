import { randomBytes } from 'node:crypto';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Language } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { Logger } from '@pinless-gate/runtime/log';
import { LIST_CODES, listRefusal } from '../admission/decide.ts';
import { Reader } from '../card/reader.ts';
import type { ReaderState } from '../card/reader-messages.ts';
import { TranscriptFile } from '../card/transcript-file.ts';
import type { Closers } from '../closers.ts';
import type { GateConfig } from '../config.ts';
import { conversionsOf } from '../conversion-watch.ts';
import type { DisplayBus } from '../display/state.ts';
import type { GateKeys } from '../gate-keys.ts';
import type { Journaling } from '../journaling.ts';
import { KeyHealth } from '../key-health.ts';
import { Listeners } from '../listeners.ts';
import type { Metrics } from '../metrics.ts';
import { profilesInUse } from '../profiles-in-use.ts';
import type { Lists } from '../whitelist/lists.ts';
import { Crossing } from './crossing.ts';
import { type Devices, openDevices } from './devices.ts';
import { LaneLoop, type LoopParts } from './loop.ts';
import { Nonces } from './nonce.ts';
import { type LetIn, Outcome } from './outcome.ts';
import { Receipts } from './receipts.ts';
import { ShortCodes } from './short-code.ts';
import type { TapParts, TapResult } from './tap.ts';

export interface LaneParts {
  readonly config: GateConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly journaling: Journaling;
  readonly lists: Lists;
  readonly keys: GateKeys;
  readonly display: DisplayBus;
  /** What the lane opens is ended with the gate. */
  readonly closers: Closers;
  /** File that the masked dialogue of each tap is appended to. */
  readonly transcript: string | undefined;
  /** The end: the tap under way is finished. */
  readonly signal: AbortSignal;
}

interface Opened {
  readonly reader: Reader;
  readonly profiles: TapParts['profiles'];
  readonly health: KeyHealth;
}

/** Reader, display, turnstile and printer of one lane, and the loop that serves its cards. */
export class Lane {
  readonly #parts: LaneParts;
  readonly devices: Devices;
  readonly receipts: Receipts;
  readonly crossing: Crossing;
  /** Told of every tap that is in the journal. */
  readonly taps = new Listeners<TapResult>();
  readonly #outcome: Outcome;
  readonly #loop: LaneLoop;
  readonly #end = new AbortController();
  #failure: unknown;
  #readerState: ReaderState | undefined;

  private constructor(parts: LaneParts, devices: Devices, opened: Opened) {
    this.#parts = parts;
    this.devices = devices;
    this.receipts = this.#openReceipts();
    this.crossing = this.#openCrossing();
    this.#outcome = this.#openOutcome();
    this.crossing.start();
    const signal = AbortSignal.any([parts.signal, this.#end.signal]);
    this.#loop = new LaneLoop(this.#loopParts(opened), signal);
  }

  static async open(parts: LaneParts): Promise<Lane> {
    const { config, log, metrics, closers, keys, journaling } = parts;
    const { eventId, labels, terminals, reader } = config;
    const profiles = await profilesInUse(keys.store, config, journaling.clock.now());
    keys.watch.explained();
    const health = await KeyHealth.learn({
      store: keys.store,
      eventKey: () => keys.eventKeys.newest,
      eventId,
      institution: terminals.size > 0 ? labels.institution : undefined,
    });
    const devices = openDevices(config, {
      log,
      metrics,
      display: parts.display,
      note: (detail) => noteDevice(parts, detail),
    });
    closers.push(() => devices.close());
    const cards = await Reader.open({ reader: reader.name, socket: reader.socket });
    closers.push(() => cards.close());
    return new Lane(parts, devices, { reader: cards, profiles, health });
  }

  /** What keeps the lane from deciding now, as a code. */
  get notReady(): string | undefined {
    if (this.#loop.fault) return this.#loop.fault.code;
    if (!this.#readerState) return 'ERR_READER_STARTING';
    const list = this.#parts.lists.current;
    if (!list) return 'ERR_LIST_MISSING';
    const refusal = listRefusal(list.manifest, this.#parts.journaling.clock.now());
    return refusal && LIST_CODES[refusal];
  }

  /** Serves cards until the end. Rejects where the gate must be started anew. */
  async run(): Promise<void> {
    await this.#loop.run();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Something could not be journalled: the tap under way is the last one. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#end.abort();
  }

  /** By an act of staff that is on the disk. */
  letIn(admission: LetIn): void {
    this.#outcome.letIn(admission);
  }

  /** In a rehearsal: shown as after a tap. */
  showRefusal(reason: RefusalReason): void {
    this.#outcome.showRefusal(reason);
  }

  /** Somebody chose a language at the display. */
  choose(language: Language): void {
    this.#outcome.visit.choose(language);
  }

  #openReceipts(): Receipts {
    const { config, keys, log, closers } = this.#parts;
    const { eventId, gateId, timeZone, labels, printer, receiptTemplate } = config;
    const receipts = new Receipts({
      eventId,
      gateId,
      timeZone,
      printer: this.devices.printer,
      pictures: this.devices.pictures,
      encoding: printer.driver === 'none' ? 'cp932' : printer.encoding,
      languages: printer.driver === 'none' ? [] : printer.languages,
      template: receiptTemplate,
      sign: (message) => keys.store.sign(labels.device, message),
      log,
      onLost: (id) => this.#outcome.lost(id),
    });
    closers.push(() => receipts.close());
    return receipts;
  }

  #openCrossing(): Crossing {
    const { config, log, metrics, journaling, closers, signal } = this.#parts;
    return new Crossing({
      ledger: journaling.ledger(config.eventId),
      devices: this.devices,
      visit: () => this.#outcome.visit,
      journaling,
      log,
      metrics,
      closers,
      onBroken: (error) => this.fail(error),
      lookTimeoutMs: 1000 * (config.staff?.look_timeout_s ?? 60),
      signal: AbortSignal.any([signal, this.#end.signal]),
    });
  }

  #openOutcome(): Outcome {
    const { config, log, metrics, display, closers } = this.#parts;
    const outcome = new Outcome({
      gateId: config.gateId,
      display,
      turnstile: this.devices.turnstile,
      receipts: this.receipts,
      metrics,
      log,
      defaultLanguage: config.display.default_language,
      passages: this.crossing.passages,
      mode: () => this.crossing.modes.current,
    });
    closers.push(() => outcome.close());
    return outcome;
  }

  #loopParts({ reader, profiles, health }: Opened): LoopParts {
    const { keys, lists, journaling } = this.#parts;
    return {
      reader,
      tap: this.#tapParts(profiles),
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
        keys.watch.explained();
        await health.check();
      },
      obstacle: () => {
        const keyId = lists.current?.manifest.eventKeyId;
        const now = journaling.clock.now() / 1000;
        return journaling.clockFault() ?? keys.eventKeys.obstacle(keyId, now);
      },
      transcripts: this.#transcripts(),
    };
  }

  #tapParts(profiles: TapParts['profiles']): LoopParts['tap'] {
    const { config, keys, lists, journaling } = this.#parts;
    const { eventId, gateId, gates, anchors, reader } = config;
    const { modes, passages, look } = this.crossing;
    return {
      eventId,
      gateId,
      lane: {
        gates,
        direction: config.direction,
        get mode() {
          return modes.current;
        },
      },
      witnessed: () => passages.witnessed,
      look: (asked) => look.wait(asked),
      profiles,
      anchors,
      debounceMs: reader.debounceMs,
      limits: { commandTimeoutMs: reader.commandTimeoutMs, tapTimeoutMs: reader.tapTimeoutMs },
      converterOf: (keyId, at) => keys.eventKeys.forList(keyId, at).converter,
      lists,
      journal: journaling.journal,
      clock: journaling.clock,
      nonces: new Nonces(randomBytes),
      codes: new ShortCodes(randomBytes),
    };
  }

  #transcripts(): TranscriptFile | undefined {
    const { transcript, log, closers } = this.#parts;
    if (transcript === undefined) return undefined;
    const file = new TranscriptFile(transcript, ({ code }) =>
      log.warn({ code }, 'no more transcripts'),
    );
    closers.push(() => file.close());
    return file;
  }

  #onResult(result: TapResult): void {
    const { keys, journaling } = this.#parts;
    keys.watch.explained(conversionsOf(result));
    if (result.repeated) {
      this.#outcome.repeat(result);
      return;
    }
    this.#outcome.apply(result);
    this.taps.tell(result);
    journaling.entry();
  }

  #onFault(fault: GateError | undefined): void {
    const { log, metrics, journaling } = this.#parts;
    this.#outcome.visit.outOfService(fault?.code);
    if (!fault) {
      log.info('lane is back in service');
      return;
    }
    metrics.faults.inc({ code: fault.code });
    journaling.fault(fault);
  }
}

/** A device is no reason to stop; a journal that cannot be written tells so with the next tap. */
function noteDevice({ journaling, log, signal }: LaneParts, detail: string): void {
  if (signal.aborted) return;
  try {
    journaling.note('fault', detail);
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    log.error({ code: error.code }, `not noted: ${detail}`);
  }
}
