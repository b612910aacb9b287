import { connect, type Socket } from 'node:net';
import { GateError } from '@pinless-gate/protocol/errors';

/**
 * The card's end of vsmartcard's virtual reader, as its driver `vpcd` speaks it: the driver listens, the card
 * connects and is then in the field; closing the connection takes it away. Both sides send messages with
 * their length in front (two octets, big-endian). A message of one octet from the driver is a control code,
 * anything longer a command APDU. Only the ATR request and APDUs are answered.
 */
export const VPCD_PORT = 35963;

export const CONTROL = { off: 0x00, on: 0x01, reset: 0x02, atr: 0x04 } as const;

export interface VpcdCard {
  readonly atr: Uint8Array;
  /** Power off, power on or reset. */
  reset(): void;
  /** The response APDU, or undefined for a card that stays mute. */
  transmit(command: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Who ended it: the card left, or the reader did. */
export type LeftBy = 'card' | 'reader';

export class VpcdConnection {
  readonly #socket: Socket;
  readonly #card: VpcdCard;
  readonly #frames = new FrameReader();
  #last: Promise<void> = Promise.resolve();
  #leftBy: LeftBy = 'reader';
  /** Resolves when the reader has first asked whether the card is there. */
  readonly seen: Promise<void>;
  /** Resolves when the reader has powered the card and got its ATR: programs can connect to it. */
  readonly powered: Promise<void>;
  #markSeen: () => void = () => {};
  #markPowered: () => void = () => {};
  #isOn = false;
  readonly left: Promise<LeftBy>;

  /** Resolves when the connection stands. A reader that already holds a card never powers this one. */
  static async open(card: VpcdCard, port = VPCD_PORT, host = '127.0.0.1'): Promise<VpcdConnection> {
    const socket = connect({ port, host, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (cause: NodeJS.ErrnoException) => {
        const hint = 'start a reader first: sandbox reader, or pcscd with the vpcd driver';
        const message = `no virtual reader at ${host}:${port} (${cause.code})`;
        reject(new GateError('ERR_VPCD_CONNECT', message, { cause, hint }));
      });
    });
    return new VpcdConnection(socket, card);
  }

  private constructor(socket: Socket, card: VpcdCard) {
    this.#socket = socket;
    this.#card = card;
    this.seen = new Promise((resolve) => {
      this.#markSeen = resolve;
    });
    this.powered = new Promise((resolve) => {
      this.#markPowered = resolve;
    });
    this.left = new Promise((resolve) => {
      socket.once('close', () => resolve(this.#leftBy));
    });
    // A reset by the peer is followed by `close`, which is all that matters here.
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const frame of this.#frames.push(chunk)) {
        this.#last = this.#last.then(() => this.#answer(frame));
      }
    });
  }

  /** Takes the card out of the field. What it has answered still arrives. */
  async leave(): Promise<void> {
    if (!this.#socket.destroyed) this.#leftBy = 'card';
    this.#socket.destroySoon();
    await this.left;
  }

  async #answer(frame: Uint8Array): Promise<void> {
    if (this.#socket.destroyed || frame.length === 0) return;
    if (frame.length === 1) return this.#control(frame[0]!);
    const response = await this.#card.transmit(frame);
    if (response && !this.#socket.destroyed) this.#socket.write(encodeFrame(response));
  }

  #control(code: number): void {
    if (code === CONTROL.atr) {
      this.#socket.write(encodeFrame(this.#card.atr));
      this.#markSeen();
      if (this.#isOn) this.#markPowered();
    } else {
      this.#isOn = code === CONTROL.on || code === CONTROL.reset;
      this.#card.reset();
    }
  }
}

export function encodeFrame(message: Uint8Array): Uint8Array {
  if (message.length > 0xffff) throw new RangeError(`a message of ${message.length} octets`);
  const frame = new Uint8Array(2 + message.length);
  frame[0] = message.length >> 8;
  frame[1] = message.length & 0xff;
  frame.set(message, 2);
  return frame;
}

/** Cuts a stream into messages, however it arrives. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): Uint8Array[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Uint8Array[] = [];
    while (this.#rest.length >= 2) {
      const end = 2 + this.#rest.readUInt16BE(0);
      if (this.#rest.length < end) break;
      frames.push(new Uint8Array(this.#rest.subarray(2, end)));
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}
