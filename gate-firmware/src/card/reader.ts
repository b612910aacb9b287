import { GateError } from '@pinless-gate/protocol/errors';
import { IsolatedProcess } from '@pinless-gate/runtime/isolated-process';
import type { Transmit } from './channel.ts';
import { CARD_CODES, CardError, ReaderError } from './error.ts';
import type {
  ReaderProperties,
  ReaderState,
  TransmitAnswer,
  TransmitCall,
  WatchCall,
} from './reader-messages.ts';

export interface ReaderOptions {
  /** PC/SC name, with or without the numbers at its end; absent to take the only reader there is. */
  readonly reader?: string | undefined;
  /** Socket of the PC/SC service where it is not the system's own. */
  readonly socket?: string | undefined;
}

const START_TIMEOUT_MS = 5000;
const MAX_PENDING = 16;
/** A reader is looked at at least this often: events get lost in more than one PC/SC stack. */
const WATCH_MS = 1000;
/** Beyond its own time a call of the PC/SC library is taken to hang. */
const WATCHDOG_MS = 2000;
const CONNECT_TIMEOUT_MS = 2000;

/** A card reader behind a process of its own. */
export class Reader {
  readonly #process: IsolatedProcess;

  private constructor(process: IsolatedProcess) {
    this.#process = process;
  }

  static async open({ reader, socket }: ReaderOptions): Promise<Reader> {
    const process = await IsolatedProcess.start({
      name: 'reader',
      entry: new URL('./reader-child.js', import.meta.url),
      init: { reader },
      environment: socket === undefined ? {} : { PCSCLITE_CSOCK_NAME: socket },
      startTimeoutMs: START_TIMEOUT_MS,
      maxPending: MAX_PENDING,
      longestBackOffMs: WATCH_MS,
    });
    return new Reader(process);
  }

  /** Resolves on the next change after `known`, after a second at the latest. Never rejects: a hung service is a state. */
  async watch(known?: number): Promise<ReaderState> {
    const call: WatchCall = { known, timeoutMs: WATCH_MS };
    try {
      return await this.#process.call<ReaderState>('watch', call, WATCH_MS + WATCHDOG_MS);
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      return { kind: 'no-service', why: error.message };
    }
  }

  /**
   * For one tap: the first commands connect, exclusively, so that no other program gets between two of
   * them. Gives the encoded responses; the first without 9000 is the last.
   */
  session(): Transmit {
    let connect = true;
    return async (commands, timeoutMs) => {
      const call: TransmitCall = { connect, commands };
      const deadline = connect ? timeoutMs + CONNECT_TIMEOUT_MS : timeoutMs;
      connect = false;
      return this.#call<TransmitAnswer>('transmit', call, deadline);
    };
  }

  /** Resets the card. One that has left is no error. */
  async disconnect(): Promise<void> {
    await this.#call('disconnect', undefined, CONNECT_TIMEOUT_MS);
  }

  async properties(): Promise<ReaderProperties> {
    return this.#call<ReaderProperties>('properties', undefined, CONNECT_TIMEOUT_MS);
  }

  async close(): Promise<void> {
    await this.#process.close();
  }

  async #call<T>(method: string, args: unknown, timeoutMs: number): Promise<T> {
    try {
      return await this.#process.call<T>(method, args, timeoutMs);
    } catch (error) {
      throw translate(error);
    }
  }
}

/** Errors cross the process boundary by code only; here they get their class back. */
function translate(error: unknown): unknown {
  if (!(error instanceof GateError)) return error;
  const { code, message } = error;
  if (Object.values<string>(CARD_CODES).includes(code)) {
    return new CardError(code, message, { cause: error });
  }
  if (code === 'ERR_ISOLATED_TIMEOUT') {
    return new CardError(CARD_CODES.slow, 'the card did not answer in time', { cause: error });
  }
  return new ReaderError(code, message, { cause: error });
}
