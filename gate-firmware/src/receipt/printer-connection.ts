import { connect, type Socket } from 'node:net';
import type { PrinterState } from './printer.ts';
import { ASK_OFFLINE_CAUSE, decodeStatus } from './printer-status.ts';

const RECONNECT_MS = 100;

export interface PrinterAddress {
  readonly host: string;
  readonly port: number;
}

/** Why the printer is off line; undefined where it does not say in time. */
export async function ask(socket: Socket, timeoutMs: number): Promise<PrinterState | undefined> {
  const answer = nextAnswer(socket, 'offline-cause', timeoutMs);
  return (await write(socket, ASK_OFFLINE_CAUSE, timeoutMs)) ? answer : undefined;
}

/** The next status of that kind; undefined when the deadline passes or the connection ends before. */
export function nextAnswer(
  socket: Socket,
  kind: 'paper' | 'offline-cause',
  timeoutMs: number,
): Promise<PrinterState | undefined> {
  return new Promise((resolve) => {
    const finish = (state?: PrinterState) => {
      clearTimeout(timer);
      socket.off('data', read);
      socket.off('close', lost);
      resolve(state);
    };
    const lost = () => finish();
    const timer = setTimeout(lost, timeoutMs);
    const read = (octets: Buffer) => {
      for (const octet of octets) {
        const answer = decodeStatus(octet);
        if (answer.kind === kind) return finish(answer.state);
      }
    };
    socket.on('data', read);
    socket.once('close', lost);
    if (socket.destroyed) lost();
  });
}

/** False when the printer does not take the octets in time, or goes away. */
export function write(socket: Socket, bytes: Uint8Array, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(false);
    }, timeoutMs);
    socket.write(bytes, (error) => {
      clearTimeout(timer);
      resolve(!error);
    });
  });
}

/** Half-closes, so that the printer gets all that was written, and waits for its end. */
export function ended(socket: Socket, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.once('close', finish);
    socket.end();
  });
}

/** Connects, again and again until the deadline: a printer refuses while it serves another lane. */
export async function connectUntil(
  { host, port }: PrinterAddress,
  deadline: number,
): Promise<Socket | undefined> {
  for (;;) {
    const left = deadline - performance.now();
    if (left <= 0) return undefined;
    const socket = await connectOnce(host, port, left);
    if (socket) return socket;
    const pause = Math.min(RECONNECT_MS, deadline - performance.now());
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function connectOnce(host: string, port: number, timeoutMs: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    const refused = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    socket.once('close', refused);
    // The close that follows says all that matters here: nobody answers.
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('close', refused);
      resolve(socket);
    });
  });
}
