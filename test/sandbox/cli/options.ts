import { type Io, UsageError } from '@pinless-gate/runtime/program';

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 0x1_0000) return port;
  throw new UsageError(`"${text}" is no port`);
}

/** Until SIGINT or SIGTERM. */
export function aborted(io: Io): Promise<void> {
  return new Promise((resolve) => {
    if (io.signal.aborted) resolve();
    else io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
