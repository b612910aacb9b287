import type { ResponseApdu } from '@pinless-gate/protocol/apdu/response';
import {
  formatStatusWord,
  SW_AUTHENTICATION_METHOD_BLOCKED,
  SW_COUNTER,
  SW_REFERENCE_DATA_NOT_USABLE,
  SW_SUCCESS,
} from '@pinless-gate/protocol/apdu/status-word';
import { concat } from '@pinless-gate/protocol/bytes';
import { readCertificateHead } from '@pinless-gate/protocol/certificate/head';
import { GateError, readOr } from '@pinless-gate/protocol/errors';
import { type CardChannel, expectData } from './channel.ts';
import { CARD_CODES, CardError } from './error.ts';
import {
  type PinKey,
  PRESENT,
  READ_PRESENCE,
  READ_SIGNATURE_CERTIFICATE,
  SELECT_JPKI,
} from './profiles/jpki-keys.ts';
import { readBinaryFrom } from './profiles/read-binary.ts';

/** The card does not take the PIN. It is not sent again. */
export class PinError extends GateError {}

type Stage = 'new' | 'asked' | 'opened' | 'over';

/**
 * One key of a card that its holder opens: tries are asked for first, the PIN is presented once, and a step out of turn is a
 * defect. A new channel for each step, as people take their time to type; the card stays where it is.
 */
export class PinDialogue {
  readonly #channel: () => CardChannel;
  readonly #key: PinKey;
  #stage: Stage = 'new';

  constructor(channel: () => CardChannel, key: PinKey) {
    this.#channel = channel;
    this.#key = key;
  }

  /** Selects the application anew, which forgets what was verified. Zero where the PIN is blocked. */
  async tries(): Promise<number> {
    this.#leave('new');
    const { queryTries, presence } = this.#key;
    const commands = [SELECT_JPKI, READ_PRESENCE, queryTries];
    const [select, present, answer] = await this.#channel().exchange(commands);
    expectData('SELECT', select);
    // Children have no signature certificate, but a counter.
    if (expectData('READ BINARY', present)[presence] !== PRESENT) throw noKey(this.#key);
    const tries = triesOf(answer);
    if (tries === undefined) throw unexpected('VERIFY query', answer);
    this.#stage = 'asked';
    return tries;
  }

  /** Presents the PIN, once. Throws a `PinError` with what the card answered. */
  async present(pin: string): Promise<void> {
    this.#leave('asked');
    if (!this.#key.pin.test(pin)) throw new RangeError('not of the form that this PIN has');
    const [answer] = await this.#channel().exchange([this.#key.present(pin)]);
    if (answer!.sw !== SW_SUCCESS) throw refusedPin(answer!);
    this.#stage = 'opened';
  }

  /** EF 0001, DER: of the signature key, whose password was verified. */
  async readSignatureCertificate(): Promise<Uint8Array> {
    this.#leave('opened');
    const channel = this.#channel();
    const [first] = await channel.exchange([READ_SIGNATURE_CERTIFICATE]);
    const head = expectData('READ BINARY signature certificate', first);
    const { length } = readOr(
      () => readCertificateHead(head),
      (cause) => {
        throw new CardError(CARD_CODES.fault, `certificate head: ${cause.message}`, { cause });
      },
    );
    const rest = await channel.exchange(readBinaryFrom(head.length, length));
    const parts = rest.map((part) => expectData('READ BINARY signature certificate', part));
    const der = concat(head, ...parts);
    if (der.length !== length) {
      throw new CardError(CARD_CODES.fault, `certificate of ${length} octets, ${der.length} read`);
    }
    this.#stage = 'opened';
    return der;
  }

  /** What comes back proves nothing until it is verified. */
  async sign(hash: Uint8Array): Promise<Uint8Array> {
    this.#leave('opened');
    const [answer] = await this.#channel().exchange([this.#key.sign(hash)]);
    return expectData('COMPUTE DIGITAL SIGNATURE', answer);
  }

  #leave(stage: Stage): void {
    if (this.#stage !== stage) throw new TypeError(`PIN dialogue is ${this.#stage}, not ${stage}`);
    this.#stage = 'over';
  }
}

function triesOf(answer: ResponseApdu | undefined): number | undefined {
  if (!answer) return undefined;
  if (isBlocked(answer)) return 0;
  return (answer.sw & 0xfff0) === SW_COUNTER ? answer.sw & 0xf : undefined;
}

function isBlocked({ sw }: ResponseApdu): boolean {
  return sw === SW_REFERENCE_DATA_NOT_USABLE || sw === SW_AUTHENTICATION_METHOD_BLOCKED;
}

function refusedPin(answer: ResponseApdu): GateError {
  const tries = triesOf(answer);
  if (tries === undefined) return unexpected('VERIFY', answer);
  if (tries === 0) return blockedPin();
  return new PinError('ERR_PIN_REFUSED', `the card did not accept it: ${triesLeft(tries)}`, {
    hint: 'nothing was sent; run the command again when you are sure',
  });
}

export function blockedPin(): PinError {
  return new PinError('ERR_PIN_BLOCKED', 'the card takes no more tries of this PIN', {
    hint: 'the municipality unblocks it',
  });
}

export const triesLeft = (tries: number): string =>
  tries === 1 ? '1 try is left' : `${tries} tries are left`;

function noKey({ name }: PinKey): PinError {
  return new PinError('ERR_PIN_NO_KEY', `the card has no ${name} certificate`);
}

function unexpected(step: string, answer: ResponseApdu | undefined): CardError {
  const what = answer ? `card answered ${formatStatusWord(answer.sw)}` : 'not reached';
  return new CardError(CARD_CODES.fault, `${step}: ${what}`);
}
