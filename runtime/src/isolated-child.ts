import { Worker } from 'node:worker_threads';
import { encodeError, type FromChild, type ToChild } from './isolated-messages.ts';

const WATCH_MS = 1000;

/** Gets the arguments of one call; what it returns or throws crosses back. */
export type Handlers = Readonly<Record<string, (args: never) => unknown>>;

/**
 * The whole of an isolated child: `start` gets what the parent handed over and returns the handlers by
 * name. A handler named `close` runs before an orderly end.
 */
export function serveIsolated(
  start: (init: unknown, emit: (event: unknown) => void) => Promise<Handlers>,
): void {
  if (!process.send) throw new TypeError('an isolated child is started by IsolatedProcess');
  const send = (message: FromChild) => void process.send?.(message, undefined, {}, ignoreClosed);
  let handlers: Handlers = {};

  // A terminal or a service manager signals the whole group; the parent decides when this one ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', end);
  watchParent();
  process.on('message', (message: ToChild) => {
    if ('method' in message) void answer(message.id, message.method, message.args);
    else if ('init' in message) void begin(message.init);
    else void close();
  });

  async function begin(init: unknown): Promise<void> {
    try {
      handlers = await start(init, (event) => send({ event }));
      send({ up: true });
    } catch (error) {
      send({ failed: encodeError(error) });
    }
  }

  async function answer(id: number, method: string, args: unknown): Promise<void> {
    try {
      const handler = handlers[method];
      if (!handler) throw new TypeError(`no handler named ${method}`);
      send({ id, value: await handler(args as never) });
    } catch (error) {
      send({ id, error: encodeError(error) });
    }
  }

  async function close(): Promise<void> {
    try {
      await handlers.close?.(undefined as never);
    } finally {
      end();
    }
  }
}

/** A foreign library may hang on the main thread, which then never hears that the parent is gone. */
function watchParent(): void {
  const orphaned = `process.ppid !== ${process.ppid}`;
  const watch = `setInterval(() => ${orphaned} && process.kill(process.pid, 'SIGKILL'), ${WATCH_MS});`;
  new Worker(watch, { eval: true }).unref();
}

/** Not `process.exit`: that waits for the thread pool, where a foreign library may hang for ever. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** A closed channel means that the parent is gone: 'disconnect' ends this process. */
function ignoreClosed(error: Error | null): void {
  if (error && (error as NodeJS.ErrnoException).code === 'ERR_IPC_CHANNEL_CLOSED') return;
  if (error && (error as NodeJS.ErrnoException).code === 'EPIPE') return;
  if (error) throw error;
}
