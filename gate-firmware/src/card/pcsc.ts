import { CARD_CODES, CardError, ReaderError } from './error.ts';
import {
  type PcscCard,
  PcscContext,
  PcscFailure,
  SCARD_LEAVE_CARD,
  SCARD_RESET_CARD,
  SCARD_SHARE_DIRECT,
  SCARD_SHARE_EXCLUSIVE,
  SCARD_STATE_MUTE,
  SCARD_STATE_PRESENT,
} from './pcsc-lite.ts';
import type {
  ReaderFault,
  ReaderProperties,
  ReaderState,
  TransmitAnswer,
} from './reader-messages.ts';

/** Largest response that is taken: a certificate read in one piece, and its status word. */
const MAX_RESPONSE_LENGTH = 4096 + 2;
const MIN_RESPONSE_LENGTH = 2;
const FEATURE_GET_TLV_PROPERTIES = 0x12;
const PROPERTY_MAX_APDU_DATA_SIZE = 0x0a;
const CM_IOCTL_GET_FEATURE_REQUEST = 0x42000d48;
const MAX_CONTROL_LENGTH = 256;

/** pcsc-lite ends a name with the numbers of reader and slot, which follow the order of plugging in. */
const PLACE = / [0-9A-F]{2} [0-9A-F]{2}$/;

/**
 * One reader of the PC/SC service. Two contexts, since one serialises its calls: a watch that waits must
 * not hold up a command. Contexts are made anew after any failure, because one that has seen the service
 * die never recovers.
 */
export class PcscReader {
  readonly #wanted: string | undefined;
  readonly #space = new Uint8Array(MAX_RESPONSE_LENGTH);
  #watching: PcscContext | undefined;
  #talking: PcscContext | undefined;
  /** The reader's name, once it is known: a name is not looked for at every tap. */
  #found: string | undefined;
  #card: PcscCard | undefined;

  constructor(wanted: string | undefined) {
    this.#wanted = wanted;
  }

  /** Resolves on the next change after `known`, at the latest after `timeoutMs`. */
  async watch(known: number | undefined, timeoutMs: number): Promise<ReaderState> {
    try {
      this.#watching ??= new PcscContext();
      const found = this.#choose(this.#watching.readers());
      this.#found = typeof found === 'string' ? found : undefined;
      if (typeof found !== 'string') return found;
      const wait = known === undefined ? 0 : timeoutMs;
      const state = await this.#watching.stateChange(found, known ?? 0, wait);
      const present = (state & SCARD_STATE_PRESENT) !== 0 && (state & SCARD_STATE_MUTE) === 0;
      return { kind: present ? 'present' : 'empty', reader: found, known: state };
    } catch (error) {
      if (!(error instanceof PcscFailure)) throw error;
      this.#drop();
      return { kind: 'no-service', why: error.message };
    }
  }

  connect(): void {
    try {
      this.#talking ??= new PcscContext();
      this.#card = this.#talking.connect(this.#name(this.#talking), SCARD_SHARE_EXCLUSIVE);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /** Sends commands one after the other, up to the first that is not answered by 9000. */
  transmit(commands: readonly Uint8Array[]): TransmitAnswer {
    const card = this.#card;
    if (!card) throw new CardError(CARD_CODES.removed, 'SCardTransmit: no card is connected');
    const responses: Uint8Array[] = [];
    try {
      for (const command of commands) {
        const response = card.transmit(command, this.#space);
        // A card that leaves during a command is answered for by the driver with success and no octets.
        if (response.length < MIN_RESPONSE_LENGTH) {
          throw new CardError(CARD_CODES.removed, 'SCardTransmit: the card left during a command');
        }
        responses.push(response);
        if (response.at(-2) !== 0x90 || response.at(-1) !== 0x00) break;
      }
    } catch (error) {
      throw this.#translate(error);
    }
    return responses;
  }

  /** Resets the card, so that nobody inherits its security status. A card that has left is no error. */
  disconnect(): void {
    const card = this.#card;
    this.#card = undefined;
    try {
      card?.disconnect(SCARD_RESET_CARD);
    } catch (error) {
      const translated = this.#translate(error);
      if (!(translated instanceof CardError)) throw translated;
    }
  }

  /** What the driver says of itself; needs no card. */
  properties(): ReaderProperties {
    try {
      const context = new PcscContext();
      try {
        const reader = this.#name(context);
        const card = context.connect(reader, SCARD_SHARE_DIRECT);
        try {
          return { reader, maxApduDataSize: readMaxApduDataSize(card) };
        } finally {
          card.disconnect(SCARD_LEAVE_CARD);
        }
      } finally {
        context.release();
      }
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #name(context: PcscContext): string {
    if (this.#found !== undefined) return this.#found;
    const found = this.#choose(context.readers());
    if (typeof found === 'string') return found;
    throw new ReaderError('ERR_READER_MISSING', 'SCardConnect: the reader is not there');
  }

  #choose(names: readonly string[]): string | ReaderFault {
    const meant = names.filter((name) => this.#means(name));
    if (meant.length === 0) return { kind: 'no-reader', names };
    return meant.length === 1 ? meant[0]! : { kind: 'several-readers', names: meant };
  }

  #means(name: string): boolean {
    const wanted = this.#wanted;
    return wanted === undefined || wanted === name || wanted === name.replace(PLACE, '');
  }

  #translate(error: unknown): unknown {
    const translated = translatePcscFailure(error);
    if (translated instanceof ReaderError) this.#drop();
    return translated;
  }

  #drop(): void {
    this.#card = undefined;
    this.#found = undefined;
    this.#watching?.release();
    this.#talking?.release();
    this.#watching = undefined;
    this.#talking = undefined;
  }
}

/** PC/SC return codes that speak of the card; all others speak of the reader or the service. */
const CARD_FAILURES = new Map<number, (typeof CARD_CODES)[keyof typeof CARD_CODES]>([
  [0x8010000c, CARD_CODES.removed], // SCARD_E_NO_SMARTCARD
  [0x80100016, CARD_CODES.removed], // SCARD_E_NOT_TRANSACTED
  [0x80100067, CARD_CODES.removed], // SCARD_W_UNPOWERED_CARD
  [0x80100068, CARD_CODES.removed], // SCARD_W_RESET_CARD
  [0x80100069, CARD_CODES.removed], // SCARD_W_REMOVED_CARD
  [0x80100008, CARD_CODES.fault], // SCARD_E_INSUFFICIENT_BUFFER
  [0x8010000f, CARD_CODES.fault], // SCARD_E_PROTO_MISMATCH
  [0x80100065, CARD_CODES.fault], // SCARD_W_UNSUPPORTED_CARD
  [0x80100066, CARD_CODES.fault], // SCARD_W_UNRESPONSIVE_CARD
]);

const SCARD_E_SHARING_VIOLATION = 0x8010000b;

/** What a failed call of the library means; anything else is returned as it is. */
export function translatePcscFailure(error: unknown): unknown {
  if (!(error instanceof PcscFailure)) return error;
  if (error.code === SCARD_E_SHARING_VIOLATION) {
    // No fault of whoever holds out their card.
    return new ReaderError('ERR_READER_IN_USE', `${error.message}: another program holds it`, {
      cause: error,
    });
  }
  const code = CARD_FAILURES.get(error.code);
  return code
    ? new CardError(code, error.message, { cause: error })
    : new ReaderError('ERR_READER', error.message, { cause: error });
}

/** PC/SC part 10 2.6.14: the property tells how long an extended APDU may be. */
function readMaxApduDataSize(card: PcscCard): number | undefined {
  const features = control(card, CM_IOCTL_GET_FEATURE_REQUEST);
  for (let at = 0; at + 6 <= features.length; at += 2 + features[at + 1]!) {
    if (features[at] !== FEATURE_GET_TLV_PROPERTIES) continue;
    const properties = control(card, features.readUInt32BE(at + 2));
    for (let p = 0; p + 2 <= properties.length; p += 2 + properties[p + 1]!) {
      if (properties[p] === PROPERTY_MAX_APDU_DATA_SIZE && p + 6 <= properties.length) {
        return properties.readUInt32LE(p + 2);
      }
    }
  }
  return undefined;
}

/** A driver without this control answers with an error: it tells nothing. */
function control(card: PcscCard, code: number): Buffer {
  try {
    return Buffer.from(card.control(code, new Uint8Array(MAX_CONTROL_LENGTH)));
  } catch (error) {
    if (!(error instanceof PcscFailure)) throw error;
    return Buffer.alloc(0);
  }
}
