import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/**
 * A receipt printer on the network (port 9100): takes ESC/POS, keeps each job, answers `GS r 1` when the job is
 * on paper and `DLE EOT n` at once. A job ends with `GS r 1` or with its connection. Both commands are found
 * by their octets alone: a picture that happens to hold them would be cut there.
 */
export type PrinterCondition =
  | 'ready'
  | 'paper-low'
  /** Off line: prints and confirms nothing until it is ready again. */
  | 'paper-out'
  | 'cover-open'
  /** Reads nothing and answers nothing. */
  | 'hung';

export interface PrintedJob {
  /** Unix milliseconds at which it was whole. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface SandboxPrinter {
  readonly port: number;
  readonly jobs: readonly PrintedJob[];
  /** Resolves with job number `count`, from 1, once it is printed. */
  printed(count: number): Promise<PrintedJob>;
  set(condition: PrinterCondition): void;
  /** Off and on again: connections and what it had not printed yet are gone, and it is ready. */
  powerCycle(): void;
  close(): Promise<void>;
}

export interface PrinterOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly onJob?: (job: PrintedJob) => void;
}

const GS = 0x1d;
const DLE = 0x10;
/** GS r n asks for the paper's status: n is 1, as a number or as a digit. */
const PAPER = new Set([0x01, 0x31]);
const COMMAND_LENGTH = 3;
/** Fixed bits of DLE EOT answers, and what DLE EOT 2 adds to them. */
const REAL_TIME = 0x12;
const OFFLINE_CAUSE: Partial<Record<PrinterCondition, number>> = {
  'cover-open': 0x04,
  'paper-out': 0x20,
};
const PAPER_STATUS: Partial<Record<PrinterCondition, number>> = { 'paper-low': 0x03 };

export async function startPrinter(options: PrinterOptions = {}): Promise<SandboxPrinter> {
  const { port = 0, host = '127.0.0.1', onJob } = options;
  const jobs: PrintedJob[] = [];
  const waiting = new Map<number, (job: PrintedJob) => void>();
  const lines = new Set<Line>();
  let condition: PrinterCondition = 'ready';

  const print = (bytes: Uint8Array): void => {
    const job = { at: Date.now(), bytes };
    jobs.push(job);
    waiting.get(jobs.length)?.(job);
    onJob?.(job);
  };
  const server = createServer((socket) => {
    const line = new Line(socket, () => condition, print);
    lines.add(line);
    socket.on('close', () => lines.delete(line));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: portOf(server),
    jobs,
    printed: (count) =>
      new Promise((resolve) => {
        const job = jobs[count - 1];
        if (job) resolve(job);
        else waiting.set(count, resolve);
      }),
    set(next) {
      condition = next;
      for (const line of lines) line.proceed();
    },
    powerCycle() {
      for (const line of lines) line.end();
      lines.clear();
      condition = 'ready';
    },
    async close() {
      for (const line of lines) line.end();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One connection: what came in and is not dealt with yet. */
class Line {
  readonly #socket: Socket;
  readonly #condition: () => PrinterCondition;
  readonly #print: (bytes: Uint8Array) => void;
  #buffer = Buffer.alloc(0);
  /** Up to here the buffer holds no command. */
  #scanned = 0;

  constructor(
    socket: Socket,
    condition: () => PrinterCondition,
    print: (bytes: Uint8Array) => void,
  ) {
    this.#socket = socket;
    this.#condition = condition;
    this.#print = print;
    // A gate that goes away is no fault of the printer: its close ends the job.
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.proceed();
    });
    socket.on('end', () => {
      if (this.#buffer.length > 0 && this.#online) this.#print(new Uint8Array(this.#buffer));
      socket.end();
    });
    this.proceed();
  }

  get #online(): boolean {
    return this.#condition() === 'ready' || this.#condition() === 'paper-low';
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Deals with what is in the buffer, as far as the printer's condition lets it. */
  proceed(): void {
    if (this.#condition() === 'hung') {
      this.#socket.pause();
      return;
    }
    this.#socket.resume();
    while (this.#scanned + COMMAND_LENGTH <= this.#buffer.length) {
      const at = this.#scanned;
      const [first, second, argument] = this.#buffer.subarray(at, at + COMMAND_LENGTH);
      if (first === DLE && second === 0x04) {
        this.#answerAtOnce(argument!);
        const rest = this.#buffer.subarray(at + COMMAND_LENGTH);
        this.#buffer = Buffer.concat([this.#buffer.subarray(0, at), rest]);
      } else if (first === GS && second === 0x72 && PAPER.has(argument!) && this.#online) {
        const end = at + COMMAND_LENGTH;
        this.#print(new Uint8Array(this.#buffer.subarray(0, end)));
        this.#buffer = this.#buffer.subarray(end);
        this.#scanned = 0;
        this.#socket.write(Uint8Array.of(PAPER_STATUS[this.#condition()] ?? 0x00));
      } else if (first === GS && second === 0x72 && PAPER.has(argument!)) {
        this.#skipToRealTime(at);
        return;
      } else {
        this.#scanned++;
      }
    }
  }

  /** Off line, what stands behind an unconfirmed job is only looked through for real-time commands. */
  #skipToRealTime(from: number): void {
    const request = this.#buffer.indexOf(Buffer.of(DLE, 0x04), from);
    if (request < 0 || request + COMMAND_LENGTH > this.#buffer.length) return;
    this.#answerAtOnce(this.#buffer[request + 2]!);
    const rest = this.#buffer.subarray(request + COMMAND_LENGTH);
    this.#buffer = Buffer.concat([this.#buffer.subarray(0, request), rest]);
    this.#skipToRealTime(from);
  }

  #answerAtOnce(argument: number): void {
    const cause = argument === 0x02 ? (OFFLINE_CAUSE[this.#condition()] ?? 0) : 0;
    this.#socket.write(Uint8Array.of(REAL_TIME | cause));
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  return address.port;
}
