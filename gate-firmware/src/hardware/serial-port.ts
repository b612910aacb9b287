import { execFile } from 'node:child_process';
import { close as closeFile, constants, open as openFile, write as writeFile } from 'node:fs';
import { promisify } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';

/** A board on a serial line is away, or does not take what it is sent. */
export class SerialError extends GateError {}

export interface SerialAddress {
  /** `/dev/serial/by-id/…` stays the same whatever socket it is plugged into; `/dev/ttyUSB0` does not. */
  readonly device: string;
  readonly baud: number;
}

const STTY_TIMEOUT_MS = 2000;

const open = promisify(openFile);
const write = promisify(writeFile);
const close = promisify(closeFile);

/**
 * Opens a tty and gives its descriptor: raw, without echo and modem control, 8N1. Writing to
 * one that stands still fails and never hangs.
 */
export async function openSerial({ device, baud }: SerialAddress): Promise<number> {
  try {
    const line = [String(baud), 'raw', '-echo', 'clocal', '-crtscts', '-hupcl', 'cs8', '-cstopb'];
    await promisify(execFile)('stty', ['-F', device, ...line, '-parenb'], {
      timeout: STTY_TIMEOUT_MS,
    });
    return await open(device, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new SerialError('ERR_SERIAL_OPEN', `${device}: cannot be opened`, {
      cause,
      hint: 'plug the board in; the user of the gate must be in the group dialout',
    });
  }
}

/** One board that several drivers may use. Lost and found again without anybody's help. */
export class SerialBoard {
  readonly address: SerialAddress;
  #port: Promise<number> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(address: SerialAddress) {
    this.address = address;
  }

  /** Writes octets whole, after all that was given before. Rejects with `SerialError`. */
  write(octets: Uint8Array): Promise<void> {
    const written = this.#last.then(() => this.#write(octets));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#drop();
  }

  async #write(octets: Uint8Array): Promise<void> {
    this.#port ??= openSerial(this.address);
    try {
      const port = await this.#port;
      const { bytesWritten } = await write(port, octets);
      if (bytesWritten === octets.length) return;
      throw new SerialError('ERR_SERIAL_WRITE', `${this.address.device}: takes no more octets`);
    } catch (cause) {
      await this.#drop();
      if (cause instanceof SerialError) throw cause;
      throw new SerialError('ERR_SERIAL_WRITE', `${this.address.device}: cannot be written`, {
        cause,
        hint: 'is the board still plugged in?',
      });
    }
  }

  async #drop(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    const descriptor = await port?.catch(() => undefined);
    if (descriptor !== undefined) await close(descriptor).catch(() => undefined);
  }
}

/** The boards in use, one for each device, so that a turnstile and its lights can share one. */
export class SerialBoards {
  readonly #boards = new Map<string, SerialBoard>();

  board(address: SerialAddress): SerialBoard {
    const known = this.#boards.get(address.device);
    if (known) return known;
    const board = new SerialBoard(address);
    this.#boards.set(address.device, board);
    return board;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#boards.values()].map((board) => board.close()));
  }
}
