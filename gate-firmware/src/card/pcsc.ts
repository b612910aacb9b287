import { createRequire } from 'node:module';
import { CARD_CODES, CardError, ReaderError } from './error.ts';
import type { ReaderProperties, ReaderState, TransmitAnswer } from './reader-messages.ts';

// The package is CommonJS whose exports cannot be seen from outside; only this file knows it.
const smartcard = createRequire(import.meta.url)('smartcard') as typeof import('smartcard');
const {
  Context,
  SCARD_SHARE_EXCLUSIVE,
  SCARD_SHARE_DIRECT,
  SCARD_PROTOCOL_T0,
  SCARD_PROTOCOL_T1,
  SCARD_PROTOCOL_UNDEFINED,
  SCARD_RESET_CARD,
  SCARD_LEAVE_CARD,
  SCARD_STATE_PRESENT,
  SCARD_STATE_MUTE,
} = smartcard;
type Context = InstanceType<typeof Context>;
type Card = Awaited<ReturnType<ReturnType<Context['listReaders']>[number]['connect']>>;

/** Largest response that is taken: a certificate read in one piece, and its status word. */
const MAX_RESPONSE_LENGTH = 4096 + 2;
const MIN_RESPONSE_LENGTH = 2;
const FEATURE_GET_TLV_PROPERTIES = 0x12;
const PROPERTY_MAX_APDU_DATA_SIZE = 0x0a;
const CM_IOCTL_GET_FEATURE_REQUEST = 0x42000d48;

/**
 * One reader of the PC/SC service. Two contexts, since one serialises its calls: a watch that waits must
 * not hold up a command. Contexts are made anew after any failure, because one that has seen the service
 * die never recovers.
 */
export class PcscReader {
  readonly #wanted: string | undefined;
  #watching: Context | undefined;
  #talking: Context | undefined;
  #card: Card | undefined;

  constructor(wanted: string | undefined) {
    this.#wanted = wanted;
  }

  /** Resolves on the next change after `known`, at the latest after `timeoutMs`. */
  async watch(known: number | undefined, timeoutMs: number): Promise<ReaderState> {
    try {
      this.#watching ??= new Context();
      const readers = this.#watching.listReaders();
      const found = this.#choose(readers.map(({ name }) => name));
      if (typeof found !== 'string') return found;
      const asked = [{ name: found, state: known ?? 0, changed: false, atr: null }];
      const changes = await this.#watching.waitForChange(
        asked,
        known === undefined ? 0 : timeoutMs,
      );
      // Nothing changed in time: what the caller knows still holds.
      const state = changes?.find(({ name }) => name === found)?.state ?? known ?? 0;
      const present = (state & SCARD_STATE_PRESENT) !== 0 && (state & SCARD_STATE_MUTE) === 0;
      return { kind: present ? 'present' : 'empty', reader: found, known: state };
    } catch (error) {
      this.#drop();
      return { kind: 'no-service', why: (error as Error).message };
    }
  }

  async connect(): Promise<void> {
    try {
      this.#talking ??= new Context();
      const readers = this.#talking.listReaders();
      const found = this.#choose(readers.map(({ name }) => name));
      const reader = readers.find(({ name }) => name === found);
      if (!reader) throw new ReaderError('ERR_READER_MISSING', 'connect: the reader is not there');
      this.#card = await reader.connect(
        SCARD_SHARE_EXCLUSIVE,
        SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
      );
    } catch (error) {
      throw this.#translate('connect', error);
    }
  }

  /** Sends commands one after the other, up to the first that is not answered by 9000. */
  async transmit(commands: readonly Uint8Array[]): Promise<TransmitAnswer> {
    const card = this.#card;
    if (!card) throw new CardError(CARD_CODES.removed, 'transmit: no card is connected');
    const responses: Uint8Array[] = [];
    try {
      for (const command of commands) {
        const octets = Buffer.from(command.buffer, command.byteOffset, command.length);
        const response = await card.transmit(octets, { maxRecvLength: MAX_RESPONSE_LENGTH });
        // A card that leaves during a command is answered for by the driver with success and no octets.
        if (response.length < MIN_RESPONSE_LENGTH) {
          throw new CardError(CARD_CODES.removed, 'transmit: the card left during a command');
        }
        responses.push(new Uint8Array(response));
        if (response.readUInt16BE(response.length - 2) !== 0x9000) break;
      }
    } catch (error) {
      throw this.#translate('transmit', error);
    }
    return responses;
  }

  /** Resets the card, so that nobody inherits its security status. A card that has left is no error. */
  disconnect(): void {
    const card = this.#card;
    this.#card = undefined;
    if (!card?.connected) return;
    try {
      card.disconnect(SCARD_RESET_CARD);
    } catch (error) {
      const translated = this.#translate('disconnect', error);
      if (!(translated instanceof CardError)) throw translated;
    }
  }

  /** What the driver says of itself; needs no card. */
  async properties(): Promise<ReaderProperties> {
    const context = new Context();
    try {
      const readers = context.listReaders();
      const found = this.#choose(readers.map(({ name }) => name));
      const reader = readers.find(({ name }) => name === found);
      if (!reader) throw new ReaderError('ERR_READER_MISSING', 'the reader is not there');
      const card = await reader.connect(SCARD_SHARE_DIRECT, SCARD_PROTOCOL_UNDEFINED);
      try {
        return { reader: reader.name, maxApduDataSize: await readMaxApduDataSize(card) };
      } finally {
        card.disconnect(SCARD_LEAVE_CARD);
      }
    } catch (error) {
      throw this.#translate('reader properties', error);
    } finally {
      context.close();
    }
  }

  #choose(names: readonly string[]): string | ReaderState {
    if (this.#wanted !== undefined) {
      return names.includes(this.#wanted) ? this.#wanted : { kind: 'no-reader', names };
    }
    if (names.length === 0) return { kind: 'no-reader', names };
    return names.length === 1 ? names[0]! : { kind: 'several-readers', names };
  }

  #translate(step: string, error: unknown): Error {
    const translated = translatePcscError(step, error);
    if (translated instanceof ReaderError) this.#drop();
    return translated;
  }

  #drop(): void {
    this.#card = undefined;
    for (const context of [this.#watching, this.#talking]) if (context?.isValid) context.close();
    this.#watching = undefined;
    this.#talking = undefined;
  }
}

/** The package rejects with plain errors that have a message and no code. */
const CARD_MESSAGES: Readonly<Record<string, (typeof CARD_CODES)[keyof typeof CARD_CODES]>> = {
  'No smart card present': CARD_CODES.removed,
  'Card was removed': CARD_CODES.removed,
  'Card was reset': CARD_CODES.removed,
  'Card is unpowered': CARD_CODES.removed,
  'Transaction failed': CARD_CODES.removed,
  'Card is unresponsive': CARD_CODES.fault,
  'Card is not supported': CARD_CODES.fault,
  'Protocol mismatch': CARD_CODES.fault,
  'Insufficient buffer': CARD_CODES.fault,
  'Sharing violation': CARD_CODES.inUse,
};

export function translatePcscError(step: string, error: unknown): Error {
  if (error instanceof CardError || error instanceof ReaderError) return error;
  if (!(error instanceof Error)) return new TypeError(`thrown: ${String(error)}`);
  const code = Object.entries(CARD_MESSAGES).find(([text]) => error.message.includes(text))?.[1];
  const message = `${step}: ${error.message}`;
  return code
    ? new CardError(code, message, { cause: error })
    : new ReaderError('ERR_READER', message, { cause: error });
}

/** PC/SC part 10 2.6.14: the property tells how long an extended APDU may be. */
async function readMaxApduDataSize(card: Card): Promise<number | undefined> {
  const features = await control(card, CM_IOCTL_GET_FEATURE_REQUEST);
  for (let at = 0; at + 6 <= features.length; at += 2 + features[at + 1]!) {
    if (features[at] !== FEATURE_GET_TLV_PROPERTIES) continue;
    const properties = await control(card, features.readUInt32BE(at + 2));
    for (let p = 0; p + 2 <= properties.length; p += 2 + properties[p + 1]!) {
      if (properties[p] === PROPERTY_MAX_APDU_DATA_SIZE && p + 6 <= properties.length) {
        return properties.readUInt32LE(p + 2);
      }
    }
  }
  return undefined;
}

/** A driver without this control answers with an error: it tells nothing. */
async function control(card: Card, code: number): Promise<Buffer> {
  return card.control(code).catch(() => Buffer.alloc(0));
}
