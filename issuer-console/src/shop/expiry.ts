import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { ApplicationStore } from '../domain/application.ts';
import type { Till } from '../domain/till.ts';

export interface ExpiryDeps {
  readonly applications: Pick<ApplicationStore, 'nextExpiry'>;
  readonly till: Pick<Till, 'expire'>;
  readonly now: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Timers of more than 24 days do not exist. */
const LONGEST_MS = 86_400_000;
/** After a database that was away. */
const AGAIN_MS = 30_000;

/** Ends applications when their time is over: at the start, and whenever the next one is due. */
export class Expiry {
  readonly #deps: ExpiryDeps;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** Woken while it ran: what it saw may be old. */
  #again = false;
  #state: 'still' | 'started' | 'closed' = 'still';

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#state = 'started';
    this.wake();
  }

  /** Something may be due earlier than it was. */
  wake(): void {
    if (this.#state !== 'started') return;
    clearTimeout(this.#timer);
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    let waitMs: number | undefined;
    while (this.#again && this.#state === 'started') {
      this.#again = false;
      waitMs = await this.#sweep();
    }
    if (waitMs === undefined || this.#state !== 'started') return;
    this.#timer = setTimeout(() => this.wake(), waitMs).unref();
  }

  /** How long nothing more will be due; undefined where nothing is waited for. */
  async #sweep(): Promise<number | undefined> {
    const { applications, till, now, log } = this.#deps;
    try {
      const ended = await till.expire();
      if (ended > 0) log.info({ ended }, 'applications ended');
      const next = await applications.nextExpiry();
      return next === undefined ? undefined : Math.min(LONGEST_MS, Math.max(0, next - now()));
    } catch (error) {
      const code = error instanceof GateError ? error.code : 'ERR_DEFECT';
      log.warn({ code }, 'overdue applications could not be ended');
      return AGAIN_MS;
    }
  }
}
