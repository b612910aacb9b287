import { randomBytes } from 'node:crypto';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { JournalError, type NoteEntry } from '@pinless-gate/protocol/journal';
import type { Logger } from '@pinless-gate/runtime/log';
import type { GateConfig } from './config.ts';
import { Uploader } from './fleet/upload.ts';
import { Checkpoints } from './journal/checkpoints.ts';
import { Journal } from './journal/journal.ts';
import { Ledger } from './journal/ledger.ts';
import { systemClock } from './lane/clock.ts';
import { ClockWatch } from './lane/clock-watch.ts';
import { troubleLog } from './trouble.ts';
import type { Lists } from './whitelist/lists.ts';

/** A power cut, a kill, or a disk whose pages could not be read: nobody learns of it unless it is said. */
const KILLED = 'the gate before this one ended without a word; what it admitted is in the journal';

/** Below it, whoever looks is told. */
export const MIN_FREE_SHARE = 0.1;
const DISK_HINT = { hint: 'free some space: a gate whose disk is full admits nobody' };

/** The gate's journal with what happens to it: notes, checkpoints under the device key, copies at the console. */
export class Journaling {
  readonly journal: Journal;
  /** The gate's time: what it says never goes back behind the journal. */
  readonly clock: ClockWatch;
  readonly #log: Logger;
  readonly #killed: boolean;
  readonly #disk: (error: GateError | undefined) => void;
  #diskLow = false;
  /** Of the machine's clock, not yet noted. */
  readonly #steps: number[] = [];
  #lists: Lists | undefined;
  #checkpoints: Checkpoints | undefined;
  #uploader: Uploader | undefined;
  #started = false;

  private constructor(journal: Journal, log: Logger) {
    this.journal = journal;
    this.#log = log;
    this.#killed = !journal.endedInOrder();
    this.#disk = troubleLog(log, 'disk');
    this.clock = new ClockWatch({
      wall: systemClock.now,
      monotonic: systemClock.monotonic,
      floor: journal.newestTime(),
      list: () => this.#lists?.current?.manifest,
      onStep: (ms) => this.#steps.push(ms),
    });
  }

  static open({ journalDirectory, gateId }: GateConfig, log: Logger): Journaling {
    return new Journaling(Journal.open(journalDirectory, gateId), log);
  }

  get uploads(): boolean {
    return this.#uploader !== undefined;
  }

  /** From now on checkpoints are made, and entries go to the console where there is one. */
  vouch(sign: (message: Uint8Array) => Promise<Uint8Array>, { console, gateId }: GateConfig): void {
    const { journal } = this;
    const { now } = this.clock;
    this.#checkpoints = new Checkpoints({
      journal,
      sign,
      now,
      onError: (error) => this.#log.error({ code: codeOf(error) }, 'no checkpoint'),
    });
    if (!console) return;
    this.#uploader = new Uploader({
      console,
      journal,
      identity: { gateId, sign, now, random: randomBytes },
      onState: troubleLog(this.#log, 'upload'),
    });
  }

  /** What is wrong with the machine's clock. Steps that are none are noted: somebody may play with the time. */
  clockFault(): GateError | undefined {
    const { fault } = this.clock;
    for (const ms of this.#steps.splice(0)) {
      this.#log.warn({ ms }, 'the clock was moved');
      this.note('fault', `clock moved ${ms > 0 ? '+' : ''}${ms} ms`);
    }
    return fault;
  }

  /** Notes name the list in force. */
  follow(lists: Lists): void {
    this.#lists = lists;
  }

  start(): void {
    if (this.#killed) this.fault(new GateError('ERR_GATE_KILLED', KILLED));
    this.note('start', 'gate');
    this.#started = true;
  }

  /** A decision was written. */
  entry(): void {
    this.#checkpoints?.entry();
    this.#lookAtDisk();
    this.poke();
  }

  /** Long before it is full: then the gate closes. */
  #lookAtDisk(): void {
    const share = this.journal.freeShare;
    const low = share < MIN_FREE_SHARE;
    const percent = `${Math.round(100 * share)} %`;
    this.#disk(low ? new GateError('ERR_DISK_LOW', `${percent} free`, DISK_HINT) : undefined);
    if (low && !this.#diskLow) this.note('fault', 'ERR_DISK_LOW');
    this.#diskLow = low;
  }

  /** There may be something new for the console. */
  poke(): void {
    this.#uploader?.poke();
  }

  /** Passages and acts at this gate, for the event that it serves. */
  ledger(eventId: Uint8Array): Ledger {
    return new Ledger({
      journal: this.journal,
      eventId,
      clock: this.clock,
      list: () => this.#list(),
      onEntry: () => this.entry(),
    });
  }

  note(kind: NoteEntry['kind'], detail: string): void {
    this.journal.append({
      kind,
      at: this.clock.now(),
      monotonicMs: Math.round(this.clock.monotonic()),
      list: this.#list(),
      detail,
    });
    this.poke();
  }

  #list(): NoteEntry['list'] {
    const list = this.#lists?.current?.passport;
    return list && { version: list.version, fingerprint: list.fingerprint };
  }

  /** Logged and noted. */
  fault({ code, hint, message }: GateError): void {
    this.#log.error({ code, hint }, message);
    this.note('fault', code);
  }

  /** The last entry; the rest ends with `close`. */
  stop(): void {
    if (!this.#started) return;
    try {
      this.note('stop', 'gate');
      const { sequence, hash } = this.journal;
      // Who has it on paper can say later that nothing was cut off (docs/journal.md).
      this.#log.info({ sequence, hash: toHex(hash).slice(0, 16) }, 'the journal ends');
    } catch (error) {
      // A journal that cannot be written keeps nothing else from ending.
      if (!(error instanceof JournalError)) throw error;
      this.#log.error({ code: error.code }, 'no last entry in the journal');
    }
  }

  /** What needs the device key: while the module is still there. */
  async endVouching(): Promise<void> {
    await this.#uploader?.close();
    await this.#checkpoints?.close();
  }

  async close(): Promise<void> {
    await this.journal.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof GateError ? error.code : String(error);
}
