import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { DisplayBus, DisplayState } from '../display/state.ts';
import type { Turnstile } from '../hardware/turnstile.ts';
import { codeOf } from '../lane/outcome.ts';
import type { TapResult } from '../lane/tap.ts';
import type { Listeners } from '../listeners.ts';
import type { Printer, PrintReport } from '../receipt/printer.ts';

export interface StageParts {
  readonly display: DisplayBus;
  readonly printer: Printer;
  /** Undefined where the lane has none. */
  readonly turnstile: Turnstile | undefined;
  readonly taps: Pick<Listeners<TapResult>, 'add'>;
  /** As after a tap, without one. */
  readonly showRefusal: (reason: RefusalReason) => void;
  /** Names an admission, as its receipts do. */
  readonly idOf: (sequence: number) => string;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** For so long a printer may take to answer for its receipts. Milliseconds. */
  readonly printMs: number;
}

/** What the lane did of one step. Times in microseconds. */
export interface Played {
  readonly display: DisplayState;
  readonly screens: number;
  readonly shownAfter: number;
  readonly result?: TapResult;
  readonly openedAfter?: number | undefined;
  readonly turnstile?: string;
  readonly printedAfter?: number | undefined;
  readonly receipts?: string[] | undefined;
}

/** The real lane, watched: what a tap makes its display, turnstile and printer do, and when. */
export class Stage {
  readonly #parts: StageParts;
  #from = 0;
  #shown = 0;

  constructor(parts: StageParts) {
    this.#parts = parts;
    const { display, now } = parts;
    display.follow((state) => {
      this.#shown = now();
      if (state.state === 'hold' && state.progress === 0) this.#from = now();
    });
  }

  /** Undefined where no card is tapped in time, or the signal says that it is over. */
  async tapped(timeoutMs: number, signal: AbortSignal): Promise<Played | undefined> {
    const reports: PrintReport[] = [];
    const unsubscribe = this.#parts.printer.onReport((report) => {
      reports.push(report);
      this.#onReport();
    });
    try {
      const result = await this.#nextTap(timeoutMs, signal);
      return result && (await this.#played(result, reports));
    } finally {
      unsubscribe();
    }
  }

  /** Tells the lane to show what no card brings about. */
  show(reason: RefusalReason): Played {
    this.#from = this.#parts.now();
    this.#parts.showRefusal(reason);
    return this.#seen();
  }

  #onReport: () => void = () => undefined;

  #nextTap(timeoutMs: number, signal: AbortSignal): Promise<TapResult | undefined> {
    return new Promise((resolve) => {
      const end = (result?: TapResult) => {
        clearTimeout(timer);
        remove();
        signal.removeEventListener('abort', over);
        resolve(result);
      };
      const over = () => end();
      const timer = setTimeout(over, timeoutMs);
      const remove = this.#parts.taps.add(end);
      signal.addEventListener('abort', over);
      if (signal.aborted) over();
    });
  }

  async #played(result: TapResult, reports: readonly PrintReport[]): Promise<Played> {
    const seen = { ...this.#seen(), result };
    if (!result.decision.admitted) return seen;
    const [opened, printed] = await Promise.all([
      this.#open(result),
      this.#receipts(result, reports),
    ]);
    return { ...seen, ...opened, ...printed };
  }

  /** The lane itself opens nothing in a rehearsal: here somebody stands by who asked for it. */
  async #open({ sequence, decision }: TapResult) {
    const { turnstile } = this.#parts;
    if (!decision.admitted || !turnstile) return {};
    const { direction, tickets } = decision;
    const id = this.#parts.idOf(sequence);
    try {
      await turnstile.open({ id, direction, people: Math.max(1, tickets.length) });
      return { turnstile: 'opened', openedAfter: this.#since(this.#parts.now()) };
    } catch (error) {
      return { turnstile: codeOf(error) };
    }
  }

  async #receipts({ sequence, decision }: TapResult, reports: readonly PrintReport[]) {
    const { printer } = this.#parts;
    if (!decision.admitted || decision.direction === 'out' || printer.state === 'none') return {};
    const wanted = decision.tickets
      .filter(({ returns }) => !returns)
      .map(({ ticket }) => `${this.#parts.idOf(sequence)}-${ticket.place}`);
    const answers = () => wanted.map((id) => reports.find((report) => report.id === id)?.outcome);
    const inTime = await this.#until(() => answers().every((answer) => answer !== undefined));
    return {
      receipts: answers().map((answer) => answer ?? 'late'),
      printedAfter: inTime ? this.#since(this.#parts.now()) : undefined,
    };
  }

  /** False where the printer says nothing for too long. */
  #until(done: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (inTime: boolean) => {
        clearTimeout(timer);
        this.#onReport = () => undefined;
        resolve(inTime);
      };
      const timer = setTimeout(() => end(false), this.#parts.printMs);
      this.#onReport = () => {
        if (done()) end(true);
      };
      this.#onReport();
    });
  }

  #seen() {
    const { display } = this.#parts;
    return {
      display: display.current,
      screens: display.clients,
      shownAfter: this.#since(this.#shown),
    };
  }

  #since(time: number): number {
    return Math.max(0, Math.round(1000 * (time - this.#from)));
  }
}
