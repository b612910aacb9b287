import { GateError } from '@pinless-gate/protocol/errors';
import { TerminalError } from '../card/dialogue.ts';
import { ReaderError } from '../card/error.ts';
import type { Reader } from '../card/reader.ts';
import { isWell, type ReaderFault, type ReaderState } from '../card/reader-messages.ts';
import type { TranscriptFile } from '../card/transcript-file.ts';
import { type TapParts, type TapResult, tap } from './tap.ts';

/** What a lane tells those who show, print, count and journal. */
export interface LaneEvents {
  /** A card is in the field; the dialogue begins. */
  onCard(): void;
  onProgress(fraction: number): void;
  /** The decision is on the disk: open, print, show. */
  onResult(result: TapResult): void;
  /** Nobody can be admitted, or it is over: undefined. */
  onFault(fault: GateError | undefined): void;
  onReader(state: ReaderState): void;
}

export interface LoopParts {
  readonly reader: Reader;
  readonly tap: Omit<TapParts, 'transmit' | 'onProgress'>;
  readonly events: LaneEvents;
  /** Resolves when the gate could decide a tap now; rejects with what is in the way. */
  readonly health: () => Promise<void>;
  /** What keeps the gate from deciding though everything answers: asked between taps, every second at least. */
  readonly obstacle?: () => GateError | undefined;
  /** Where the dialogues are written, masked. */
  readonly transcripts?: TranscriptFile | undefined;
}

/** Between two looks at something that cannot wake us: no service, no reader, a fault. */
const RETRY_MS = 500;

/**
 * Serves cards, one after the other, until told to stop. Every fault that can pass is waited for; what
 * cannot (the journal, a defect) is thrown, and the program ends to start anew.
 */
export class LaneLoop {
  readonly #parts: LoopParts;
  readonly #signal: AbortSignal;
  #fault: GateError | undefined;
  #known: number | undefined;
  #reader: string | undefined;
  /** Insertion counter of the card that was served last: it stays in the field and is not served again. */
  #served: number | undefined;

  constructor(parts: LoopParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  get fault(): GateError | undefined {
    return this.#fault;
  }

  async run(): Promise<void> {
    const { reader, events } = this.#parts;
    while (!this.#signal.aborted) {
      // While something is wrong nothing is waited for: it may be over at any moment.
      const state = await reader.watch(this.#fault ? undefined : this.#known);
      events.onReader(state);
      if (!isWell(state)) {
        this.#known = undefined;
        this.#served = undefined;
        this.#enter(readerFault(state));
        await this.#pause();
        continue;
      }
      this.#known = state.known;
      this.#reader = state.reader;
      if (this.#fault ? !(await this.#recovered()) : this.#obstructed()) {
        await this.#pause();
        continue;
      }
      if (state.kind === 'empty') this.#served = undefined;
      else if (insertion(state.known) !== this.#served) {
        this.#served = insertion(state.known);
        await this.#serve();
      }
    }
  }

  async #serve(): Promise<void> {
    const { reader, events, transcripts, tap: parts } = this.#parts;
    events.onCard();
    const name = this.#reader ?? '';
    const recorded = transcripts?.begin(reader.session(), name, parts.clock.monotonic);
    const result = await tap({
      ...parts,
      transmit: recorded?.transmit ?? reader.session(),
      onProgress: (fraction) => events.onProgress(fraction),
    });
    events.onResult(result);
    const { decision, sequence } = result;
    const outcome = decision.admitted ? 'admitted' : decision.reason;
    recorded?.end(`${outcome}, journal entry ${sequence}`);
    await reader.disconnect().catch((error: unknown) => {
      if (!(error instanceof GateError)) throw error;
      this.#enter(error);
    });
    if (result.fault === undefined) return;
    if (!(result.fault instanceof GateError)) throw result.fault;
    this.#enter(result.fault);
  }

  #obstructed(): boolean {
    const why = this.#parts.obstacle?.();
    if (why) this.#enter(why);
    return why !== undefined;
  }

  /** The gate's own key is wrong: only a person can mend that. Everything else is tried again. */
  async #recovered(): Promise<boolean> {
    if (this.#fault instanceof TerminalError) return false;
    try {
      await this.#parts.health();
      const why = this.#parts.obstacle?.();
      if (why) throw why;
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      this.#enter(error);
      return false;
    }
    this.#enter(undefined);
    return true;
  }

  #enter(fault: GateError | undefined): void {
    // Whatever comes and goes meanwhile, the gate's own key stays wrong.
    if (this.#fault instanceof TerminalError) return;
    if (fault?.code === this.#fault?.code) return;
    this.#fault = fault;
    this.#parts.events.onFault(fault);
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, RETRY_MS);
      this.#signal.addEventListener('abort', done);
    });
  }
}

/** pcsc-lite counts insertions and removals in the upper half of the event state. */
function insertion(known: number): number {
  return known >>> 16;
}

function readerFault(state: ReaderFault): GateError {
  switch (state.kind) {
    case 'no-service':
      return new ReaderError('ERR_READER_SERVICE', `PC/SC service: ${state.why}`, {
        hint: 'start pcscd, or set [reader] socket; the lane comes back by itself',
      });
    case 'no-reader':
      return new ReaderError('ERR_READER_MISSING', `reader not found among ${list(state.names)}`, {
        hint: 'plug the reader in, or name it in [reader] name; the lane comes back by itself',
      });
    case 'several-readers':
      return new ReaderError('ERR_READER_SEVERAL', `several readers: ${list(state.names)}`, {
        hint: 'say in [reader] name which one is this lane',
      });
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'no readers' : names.map((name) => `"${name}"`).join(', ');
}
