import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';
import { decodeError, type FromChild, type ToChild } from './isolated-messages.ts';

export { serveIsolated } from './isolated-child.ts';

// Foreign libraries (PC/SC, PKCS#11) block, crash and hang. Each runs in a process of its own that can be
// killed at any instant. The channel is Node's own with `serialization: 'advanced'`: octets cross as octets,
// and length-prefixed frames on a pipe of our own were measured to be no faster.

export interface IsolatedOptions {
  /** For errors and logs. */
  readonly name: string;
  /** A compiled module that calls `serveIsolated`. */
  readonly entry: URL;
  /** Structured-cloneable; handed to the child at every start. */
  readonly init: unknown;
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  /** One more call than this rejects with ERR_ISOLATED_BUSY at once. */
  readonly maxPending: number;
  /** Between two starts of a child that dies every time; 5 s where it is not said. */
  readonly longestBackOffMs?: number;
  /** The child died or was killed: once per death. */
  readonly onDown?: (why: GateError) => void;
  /** Started, also after a death, and ready. */
  readonly onUp?: () => void;
  readonly onEvent?: (event: unknown) => void;
  /** An error after which the child is ended and never started again; every later call rejects with it. */
  readonly fatal?: (why: GateError) => boolean;
}

interface Pending {
  readonly message: ToChild;
  sent: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (why: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5000;
const CLOSE_MS = 1000;

/** A child process that serves calls, is killed when it misses a deadline, and is started again. */
export class IsolatedProcess {
  readonly #options: IsolatedOptions;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | undefined;
  #state: 'up' | 'starting' | 'down' = 'starting';
  #nextId = 1;
  /** Deaths since the last call that succeeded. */
  #deaths = 0;
  #respawn: NodeJS.Timeout | undefined;
  /** Why no call will ever be served again. */
  #ended: Error | undefined;
  /** Why no call is served now. */
  #why: GateError | undefined;
  #exited: Promise<void> = Promise.resolve();

  private constructor(options: IsolatedOptions) {
    this.#options = options;
  }

  /** Rejects if the first start fails, with the child's own error. */
  static async start(options: IsolatedOptions): Promise<IsolatedProcess> {
    const isolated = new IsolatedProcess(options);
    try {
      await isolated.#spawn();
    } catch (error) {
      isolated.#ended = error as Error;
      isolated.#state = 'down';
      throw error;
    }
    return isolated;
  }

  get state(): 'up' | 'starting' | 'down' {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Rejects with the handler's own error, ERR_ISOLATED_TIMEOUT (the child is killed), ERR_ISOLATED_DOWN or
   * ERR_ISOLATED_BUSY. A call made while the child starts waits for it, within its own deadline.
   */
  async call<T>(method: string, args: unknown, timeoutMs: number): Promise<T> {
    if (this.#ended) throw this.#ended;
    if (this.#state === 'down') throw this.#error('ERR_ISOLATED_DOWN', 'is down', this.#why);
    if (this.#pending.size >= this.#options.maxPending) {
      throw this.#error('ERR_ISOLATED_BUSY', `${this.#pending.size} calls are waiting`);
    }
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const missed = () => this.#missed(id, method, timeoutMs);
      // First what came in time is read, also where this process was stopped for longer than the deadline.
      const timer = setTimeout(() => setImmediate(missed), timeoutMs);
      const message = { id, method, args };
      const pending = {
        message,
        sent: false,
        resolve: resolve as Pending['resolve'],
        reject,
        timer,
      };
      this.#pending.set(id, pending);
      try {
        if (this.#state === 'up') this.#send(pending);
      } catch (error) {
        this.#settle(id);
        throw error; // arguments that cannot be cloned
      }
    });
  }

  /** Ends the child in order where it answers, by force where it does not. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#end(this.#error('ERR_ISOLATED_DOWN', 'is closed'));
    if (!child?.connected) return this.#exited;
    child.send({ close: true } satisfies ToChild, () => {});
    const force = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
    await this.#exited;
    clearTimeout(force);
  }

  async #spawn(): Promise<void> {
    this.#state = 'starting';
    const { name, entry, init, environment, startTimeoutMs } = this.#options;
    const child = spawn(process.execPath, [fileURLToPath(entry)], {
      // The child's standard output would mix with this program's results.
      stdio: ['ignore', 2, 2, 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    await new Promise<void>((resolve, reject) => {
      let started = false;
      const fail = (error: Error) => {
        clearTimeout(timer);
        child.removeAllListeners('message');
        child.kill('SIGKILL');
        reject(error);
      };
      const timer = setTimeout(
        () => fail(this.#error('ERR_ISOLATED_TIMEOUT', `not ready within ${startTimeoutMs} ms`)),
        startTimeoutMs,
      );
      child.once('error', (cause) => fail(this.#error('ERR_ISOLATED_START', 'no process', cause)));
      child.once('exit', (code, signal) => {
        const how = signal ? `signal ${signal}` : `exit code ${code}`;
        const why = this.#error('ERR_ISOLATED_DOWN', `process ended with ${how}`);
        if (started) this.#died(child, why);
        else fail(why);
      });
      child.on('message', (message: FromChild) => {
        if ('id' in message) this.#answered(message);
        else if ('event' in message) this.#options.onEvent?.(message.event);
        else if ('failed' in message) fail(decodeError(message.failed));
        else {
          started = true;
          clearTimeout(timer);
          if (this.#ended) return; // closed in the meantime
          this.#up();
          resolve();
        }
      });
      child.send({ init } satisfies ToChild, (error) => {
        if (error) fail(this.#error('ERR_ISOLATED_START', `${name} took no message`, error));
      });
    });
  }

  #up(): void {
    this.#state = 'up';
    this.#why = undefined;
    for (const pending of this.#pending.values()) if (!pending.sent) this.#send(pending);
    this.#options.onUp?.();
  }

  #send(pending: Pending): void {
    pending.sent = true;
    // A channel that closes under the message is followed by 'exit', which rejects the call.
    this.#child?.send(pending.message, () => {});
  }

  #answered(message: Extract<FromChild, { id: number }>): void {
    const pending = this.#settle(message.id);
    if (!pending) return;
    if ('value' in message) {
      this.#deaths = 0;
      pending.resolve(message.value);
      return;
    }
    const error = decodeError(message.error);
    pending.reject(error);
    if (error instanceof GateError && this.#options.fatal?.(error)) this.#end(error, true);
  }

  #missed(id: number, method: string, timeoutMs: number): void {
    const pending = this.#settle(id);
    if (!pending) return;
    const why = this.#error(
      'ERR_ISOLATED_TIMEOUT',
      `no answer to ${method} within ${timeoutMs} ms`,
    );
    pending.reject(why);
    // Before it was sent the child cannot be blamed: its start has a deadline of its own.
    if (pending.sent && this.#child) this.#died(this.#child, why);
  }

  /** Once per death, whether it ended by itself or is ended here. */
  #died(child: ChildProcess, why: GateError): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    child.removeAllListeners('message');
    child.kill('SIGKILL');
    if (this.#ended) return;
    this.#options.onDown?.(why);
    this.#retry(why);
  }

  #retry(why: GateError): void {
    const deaths = this.#deaths++;
    const { longestBackOffMs: longest = LONGEST_BACK_OFF_MS } = this.#options;
    const delayMs = deaths === 0 ? 0 : Math.min(FIRST_BACK_OFF_MS * 2 ** (deaths - 1), longest);
    this.#why = why;
    this.#state = deaths === 0 ? 'starting' : 'down';
    this.#rejectAll(this.#error('ERR_ISOLATED_DOWN', 'went down', why));
    this.#respawn = setTimeout(() => void this.#restart(), delayMs);
  }

  async #restart(): Promise<void> {
    // Two at once would fight over the device.
    await this.#exited;
    if (this.#ended) return;
    try {
      await this.#spawn();
    } catch (error) {
      if (this.#ended) return;
      const why =
        error instanceof GateError ? error : this.#error('ERR_ISOLATED_START', 'defect', error);
      this.#child = undefined;
      if (this.#options.fatal?.(why)) this.#end(why, true);
      else this.#retry(why);
    }
  }

  #end(why: Error, down = false): void {
    if (this.#ended) return;
    this.#ended = why;
    this.#state = 'down';
    clearTimeout(this.#respawn);
    this.#rejectAll(why);
    if (!down) return;
    this.#child?.kill('SIGKILL');
    if (why instanceof GateError) this.#options.onDown?.(why);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #rejectAll(why: Error): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(why);
  }

  #error(code: ErrorCode, what: string, cause?: unknown): GateError {
    const because = cause instanceof Error ? `: ${cause.message}` : '';
    const hint = cause instanceof GateError ? cause.hint : undefined;
    const details = hint === undefined ? { cause } : { cause, hint };
    return new GateError(code, `${this.#options.name}: ${what}${because}`, details);
  }
}
