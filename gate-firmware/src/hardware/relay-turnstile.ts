import type { GateError } from '@pinless-gate/protocol/errors';
import { DeviceError, late } from './device-error.ts';
import type { RelayCodes } from './relay.ts';
import { type SerialBoard, SerialError } from './serial-port.ts';
import type { Direction, Opening, Turnstile } from './turnstile.ts';

export interface RelayTurnstileOptions {
  readonly board: SerialBoard;
  /** The relay of each direction; the same one where the turnstile does not tell them apart. */
  readonly relays: Readonly<Record<Direction, RelayCodes>>;
  /** How long the relay is on, and off before it is on again. */
  readonly pulseMs: number;
  /** `once`: one pulse however many pass; `person`: a pulse for each, which the turnstile counts. */
  readonly pulseFor: 'once' | 'person';
  readonly timeoutMs: number;
  /** A relay that could not be switched off: the way may stand open. */
  readonly onTrouble: (error: GateError) => void;
}

const REMEMBERED_IDS = 256;

/** A turnstile whose input is closed by a relay for a moment. All relays are switched off at the start. */
export function relayTurnstile(options: RelayTurnstileOptions): Turnstile {
  return new RelayTurnstile(options);
}

class RelayTurnstile implements Turnstile {
  readonly #options: RelayTurnstileOptions;
  readonly #opened = new Set<string>();
  readonly #relays: ReadonlySet<RelayCodes>;
  /** Ends the pause that is under way. */
  readonly #closing = new AbortController();
  #last: Promise<unknown>;
  #held = false;

  constructor(options: RelayTurnstileOptions) {
    this.#options = options;
    this.#relays = new Set([options.relays.in, options.relays.out]);
    // A gate that died in the middle of a pulse left its relay on.
    this.#last = this.#all('off').catch((error) => options.onTrouble(error as GateError));
  }

  open({ id, direction, people }: Opening): Promise<void> {
    if (this.#opened.has(id)) return Promise.resolve();
    this.#opened.add(id);
    if (this.#opened.size > REMEMBERED_IDS)
      this.#opened.delete(this.#opened.values().next().value!);
    const { relays, pulseFor, timeoutMs } = this.#options;
    const startBy = performance.now() + timeoutMs;
    const others = pulseFor === 'person' ? people - 1 : 0;
    let pulsing = false;
    const opened = this.#last.then(async () => {
      // Whoever it was for has turned to somebody: nothing opens behind their back.
      if (performance.now() > startBy) throw late('turnstile', timeoutMs);
      if (this.#held) return;
      pulsing = true;
      await this.#write(relays[direction].on);
    });
    this.#last = opened
      .then(() => (pulsing ? this.#pulse(relays[direction], others) : undefined))
      .catch(() => undefined);
    return this.#inTime(opened);
  }

  hold(open: boolean): Promise<void> {
    this.#held = open;
    return this.#inTime(this.#all(open ? 'on' : 'off'));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#last;
  }

  /** Ends the pulse that has begun, then makes the others. */
  async #pulse(relay: RelayCodes, others: number): Promise<void> {
    await this.#pause();
    await this.#off(relay);
    for (let left = others; left > 0 && !this.#stopped; left--) {
      await this.#pause();
      await this.#write(relay.on).catch((error) => this.#options.onTrouble(error as GateError));
      await this.#pause();
      await this.#off(relay);
    }
  }

  get #stopped(): boolean {
    return this.#held || this.#closing.signal.aborted;
  }

  /** The next order finds the board again if it was away; until then the way may stand open. */
  async #off(relay: RelayCodes): Promise<void> {
    if (this.#held) return;
    await this.#write(relay.off)
      .catch(() => this.#write(relay.off))
      .catch((error) => this.#options.onTrouble(error as GateError));
  }

  async #all(state: 'on' | 'off'): Promise<void> {
    await Promise.all([...this.#relays].map((relay) => this.#write(relay[state])));
  }

  #write(octets: Uint8Array): Promise<void> {
    return this.#options.board.write(octets);
  }

  async #inTime(order: Promise<void>): Promise<void> {
    const { timeoutMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late('turnstile', timeoutMs)), timeoutMs);
    });
    try {
      await Promise.race([order, deadline]);
    } catch (cause) {
      if (!(cause instanceof SerialError)) throw cause;
      const { message, hint } = cause;
      throw new DeviceError('ERR_TURNSTILE_RELAY', `turnstile: ${message}`, {
        cause,
        ...(hint !== undefined && { hint }),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#closing.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, this.#options.pulseMs);
      if (this.#closing.signal.aborted) done();
      else this.#closing.signal.addEventListener('abort', done);
    });
  }
}
