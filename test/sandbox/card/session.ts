import { SW_WRONG_LENGTH } from '@pinless-gate/protocol/apdu/status-word';
import { toHex } from '@pinless-gate/protocol/bytes';
import { type LeftBy, type VpcdCard, VpcdConnection } from '../vpcd.ts';
import { type Fault, faultEffect } from './fault.ts';
import { modelledMs, NO_TIMING, type Timing, waitUntil } from './timing.ts';
import type { Exchange, Step, VirtualCard } from './virtual-card.ts';

export interface StepReport {
  commands: number;
  /** What the timing model says card and air take. */
  modelledMs: number;
  /** From a command's arrival at the card to its response. */
  busyMs: number;
}

/** What a card went through in the field, without any of its data. */
export interface CardReport extends StepReport {
  steps: Partial<Record<Step, StepReport>>;
  /** Commands by instruction, two hex digits: a gate must never send `20`, for instance. */
  instructions: Record<string, number>;
  leftBy?: LeftBy;
}

export interface SessionOptions {
  readonly timing?: Timing;
  readonly faults?: readonly Fault[];
  /** Answers the first command of this step, then leaves. */
  readonly removeAfterStep?: Step;
  /** A reader that passes no longer commands: they end in 6700 and never reach the card. */
  readonly maxCommandLength?: number;
}

const WRONG_LENGTH = Uint8Array.of(SW_WRONG_LENGTH >> 8, SW_WRONG_LENGTH & 0xff);

/** A virtual card with its timing, its faults and its book-keeping, between a reader and the state machine. */
export class CardSession implements VpcdCard {
  readonly #card: VirtualCard;
  readonly #options: SessionOptions;
  readonly #timing: Timing;
  readonly #report: CardReport = {
    commands: 0,
    modelledMs: 0,
    busyMs: 0,
    steps: {},
    instructions: {},
  };
  /** Called when the card takes itself away; set by whoever put it in. */
  onLeave: () => void = () => {};

  constructor(card: VirtualCard, options: SessionOptions = {}) {
    this.#card = card;
    this.#options = options;
    this.#timing = options.timing ?? NO_TIMING;
  }

  get atr(): Uint8Array {
    return this.#card.atr;
  }

  report(): CardReport {
    return structuredClone(this.#report);
  }

  reset(): void {
    this.#card.reset();
  }

  async transmit(command: Uint8Array): Promise<Uint8Array | undefined> {
    const arrived = performance.now();
    if (command.length > (this.#options.maxCommandLength ?? Number.POSITIVE_INFINITY)) {
      return WRONG_LENGTH;
    }
    const step = this.#card.stepOf(command);
    const books = this.#books(command, step);
    const nth = step === undefined ? 0 : this.#report.steps[step]!.commands;
    const effect = step && faultEffect(this.#options.faults ?? [], step, nth);
    if (effect?.kind === 'mute') return undefined;
    if (effect?.kind === 'leave') {
      this.onLeave();
      return undefined;
    }

    const { response, work }: Exchange =
      effect?.kind === 'respond' ? effect : this.#card.exchange(command);
    const delay = effect?.kind === 'delay' ? effect.ms : 0;
    const modelled = modelledMs(this.#timing, command.length, response.length, work) + delay;
    if (modelled > 0) await waitUntil(arrived + modelled);
    const busy = performance.now() - arrived;
    for (const book of books) {
      book.modelledMs += modelled;
      book.busyMs += busy;
    }
    if (step !== undefined && step === this.#options.removeAfterStep) setImmediate(this.onLeave);
    return response;
  }

  #books(command: Uint8Array, step: Step | undefined): StepReport[] {
    const ins = toHex(command.subarray(1, 2));
    this.#report.instructions[ins] = (this.#report.instructions[ins] ?? 0) + 1;
    const books: StepReport[] = [this.#report];
    if (step !== undefined) {
      this.#report.steps[step] ??= { commands: 0, modelledMs: 0, busyMs: 0 };
      books.push(this.#report.steps[step]);
    }
    for (const book of books) book.commands++;
    return books;
  }
}

export interface FieldCard {
  /** Resolves when the reader has noticed the card. */
  readonly seen: Promise<void>;
  /** Resolves when the reader has powered the card, if it takes it for a new one. */
  readonly powered: Promise<void>;
  readonly left: Promise<CardReport>;
  report(): CardReport;
  leave(): Promise<void>;
}

/** Puts a card into the field of a virtual reader. */
export async function enterField(
  card: VirtualCard,
  options: SessionOptions & { port?: number; host?: string } = {},
): Promise<FieldCard> {
  const session = new CardSession(card, options);
  const connection = await VpcdConnection.open(session, options.port, options.host);
  session.onLeave = () => void connection.leave();
  return {
    seen: connection.seen,
    powered: connection.powered,
    left: connection.left.then((leftBy) => ({ ...session.report(), leftBy })),
    report: () => session.report(),
    leave: () => connection.leave(),
  };
}
