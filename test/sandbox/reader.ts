import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';
import { type CardFile, readCardFile } from './card/card-file.ts';
import type { CardReport } from './card/session.ts';
import type { Step } from './card/virtual-card.ts';
import { namespacesPossible, socketPath } from './pcscd.ts';
import type { HostMessage, HostMethod, HostMethods, Slot } from './reader-protocol.ts';

/** Longest path of a UNIX socket. */
const MAX_SOCKET_PATH = 107;

export interface ReaderOptions {
  /** Gets `pcscd.comm`; made if absent. */
  readonly directory: string;
  /** Models a reader that passes no longer commands (261 is one without extended length). */
  readonly maxCommandLength?: number;
  /** Told once where this machine cannot give the reader a namespace of its own. */
  readonly note?: (line: string) => void;
}

export interface InsertOptions {
  readonly slot?: Slot;
  /** As `--timing`; the card file's otherwise. */
  readonly timing?: string;
  readonly removeAfterStep?: Step;
  /** Leaves by itself after so long. */
  readonly forMs?: number;
  /** Swap cards faster than pcscd looks (400 ms), as a fault test does: it may not notice. */
  readonly atOnce?: boolean;
}

export interface InsertedCard {
  /** Once it is out: harmless to call again. */
  remove(): Promise<void>;
  /** What the card has done so far. */
  report(): Promise<CardReport>;
  /** Resolves when the card is out, whoever took it. */
  readonly removed: Promise<CardReport>;
}

export interface SandboxReader {
  /** For the environment variable PCSCLITE_CSOCK_NAME of every program that is to use this reader. */
  readonly socket: string;
  /** Names of the two slots. */
  readonly names: readonly [string, string];
  /** Resolves when the reader has powered the card, which takes it up to 400 ms. */
  insert(card: CardFile | string, options?: InsertOptions): Promise<InsertedCard>;
  pcscdPid(): Promise<number | undefined>;
  /** As a crash: cards leave, clients lose their context. */
  killPcscd(): Promise<void>;
  /** Cards must be put in again. */
  restartPcscd(): Promise<void>;
  close(): Promise<void>;
}

/** Starts pcscd with two virtual slots in namespaces of their own; ready when this resolves. */
export async function startReader(options: ReaderOptions): Promise<SandboxReader> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  const isolated = namespacesPossible();
  const socket = socketPath(directory, isolated);
  if (socket.length > MAX_SOCKET_PATH) {
    throw new GateError('ERR_SANDBOX_PATH', `path of the socket has ${socket.length} characters`, {
      hint: `choose a directory that keeps it within ${MAX_SOCKET_PATH}`,
    });
  }
  if (!isolated) {
    options.note?.(
      'no namespaces on this machine: its own pcscd and ports are used, APDUs may take 40 ms',
    );
  }
  const host = new Host(isolated);
  try {
    const { maxCommandLength } = options;
    const limit = maxCommandLength === undefined ? {} : { maxCommandLength };
    await host.call('start', { directory, isolated, ...limit });
  } catch (error) {
    await host.close();
    throw error;
  }
  return {
    socket,
    names: ['Virtual PCD 00 00', 'Virtual PCD 00 01'],
    insert: (card, insertOptions = {}) => insert(host, card, insertOptions),
    pcscdPid: () => host.call('pcscdPid', undefined),
    killPcscd: () => host.call('killPcscd', undefined),
    restartPcscd: async () => {
      await host.call('killPcscd', undefined);
      await host.call('startPcscd', undefined);
    },
    close: () => host.close(),
  };
}

async function insert(
  host: Host,
  card: CardFile | string,
  { slot = 0, ...options }: InsertOptions,
): Promise<InsertedCard> {
  const file = typeof card === 'string' ? await readCardFile(card) : card;
  const number = await host.call('insert', { card: file, slot, ...options });
  return {
    remove: () => host.call('remove', number),
    report: () => host.call('report', number),
    removed: host.removed(number),
  };
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** The child process: calls and answers over node's channel. */
class Host {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #reports = new Map<number, PromiseWithResolvers<CardReport>>();
  #lastId = 0;

  constructor(isolated: boolean) {
    const entry = fileURLToPath(new URL('./reader-host.js', import.meta.url));
    const node = [process.execPath, entry];
    const argv = isolated ? ['unshare', '--net', '--mount', '--', ...node] : node;
    this.#child = spawn(argv[0]!, argv.slice(1), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (message) => this.#receive(message as HostMessage));
    this.#child.on('error', (cause) => this.#end(cause));
    this.#child.on('exit', () => this.#end());
  }

  call<Method extends HostMethod>(
    method: Method,
    argument: Parameters<HostMethods[Method]>[0],
  ): ReturnType<HostMethods[Method]> {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, method, argument }, (cause) => {
        if (cause) this.#end(cause);
      });
    });
    return answer as ReturnType<HostMethods[Method]>;
  }

  removed(card: number): Promise<CardReport> {
    return this.#report(card).promise;
  }

  /** Cards leave first, so that whoever waits for their reports gets them. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await Promise.all([...this.#reports.keys()].map((card) => this.call('remove', card)));
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await gone;
  }

  #report(card: number): PromiseWithResolvers<CardReport> {
    let report = this.#reports.get(card);
    if (!report) {
      report = withResolvers<CardReport>();
      this.#reports.set(card, report);
    }
    return report;
  }

  #receive(message: HostMessage): void {
    if ('removed' in message) {
      this.#report(message.removed).resolve(message.report);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('error' in message) {
      const { code, message: why, hint } = message.error;
      pending?.reject(new GateError(code as ErrorCode, why, hint === undefined ? {} : { hint }));
    } else {
      pending?.resolve(message.result as never);
    }
  }

  #end(cause?: Error): void {
    const error = new GateError('ERR_SANDBOX_HOST', 'the virtual reader has ended', { cause });
    for (const { reject } of this.#pending.values()) reject(error);
    for (const { reject } of this.#reports.values()) reject(error);
    this.#pending.clear();
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  /** After it was resolved, without effect. */
  readonly reject: (error: Error) => void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((settle, refuse) => {
    resolve = settle;
    reject = refuse;
  });
  // Nobody need wait for it; who does is told.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
