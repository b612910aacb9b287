import { type CommandApdu, encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu, type ResponseApdu } from '@pinless-gate/protocol/apdu/response';
import {
  formatStatusWord,
  SW_SUCCESS,
  SW1_MORE_DATA,
  SW1_WRONG_LE,
} from '@pinless-gate/protocol/apdu/status-word';
import { concat } from '@pinless-gate/protocol/bytes';
import { CARD_CODES, CardError } from './error.ts';
import type { TransmitAnswer } from './reader-messages.ts';

/** What the card dialogues need of a reader: octets there and back, in one crossing. */
export type Transmit = (
  commands: readonly Uint8Array[],
  timeoutMs: number,
) => Promise<TransmitAnswer>;

export interface ChannelLimits {
  /** For one command. */
  readonly commandTimeoutMs: number;
  /** For the whole tap, from the first command on. */
  readonly tapTimeoutMs: number;
}

const MAX_PARTS = 32;
const INS_GET_RESPONSE = 0xc0;

/**
 * Commands to one card during one tap. Bounded in time and in the parts of an answer: a card is not
 * trusted to come to an end.
 */
export class CardChannel {
  readonly #transmit: Transmit;
  readonly #limits: ChannelLimits;
  readonly #now: () => number;
  readonly #deadline: number;
  /** Commands sent so far, in all. */
  commands = 0;

  /** `now` counts milliseconds, monotonic. */
  constructor(transmit: Transmit, limits: ChannelLimits, now: () => number) {
    this.#transmit = transmit;
    this.#limits = limits;
    this.#now = now;
    this.#deadline = now() + limits.tapTimeoutMs;
  }

  /**
   * Sends commands in order and gives the answers up to and including the first that is not 9000.
   * 61xx and 6Cxx are followed (ISO/IEC 7816-4 5.6), so that callers see whole answers.
   */
  async exchange(commands: readonly CommandApdu[]): Promise<ResponseApdu[]> {
    const responses: ResponseApdu[] = [];
    let rest = commands;
    while (rest.length > 0) {
      const answered = await this.#send(rest);
      const last = rest[answered.length - 1]!;
      const response = await this.#complete(last, answered.at(-1)!);
      responses.push(...answered.slice(0, -1), response);
      if (response.sw !== SW_SUCCESS) break;
      rest = rest.slice(answered.length);
    }
    return responses;
  }

  async #complete(command: CommandApdu, first: ResponseApdu): Promise<ResponseApdu> {
    let response = first;
    // Only a command that had an Le can have had a wrong one: no other is ever sent twice.
    if (response.sw >> 8 === SW1_WRONG_LE && command.ne) {
      [response] = (await this.#send([{ ...command, ne: response.sw & 0xff || 0x100 }])) as [
        ResponseApdu,
      ];
    }
    const parts = [response.data];
    while (response.sw >> 8 === SW1_MORE_DATA) {
      if (parts.length > MAX_PARTS) {
        throw new CardError(CARD_CODES.fault, `answer in over ${MAX_PARTS} parts`);
      }
      const ne = response.sw & 0xff || 0x100;
      [response] = (await this.#send([
        { cla: command.cla & 0x03, ins: INS_GET_RESPONSE, p1: 0, p2: 0, ne },
      ])) as [ResponseApdu];
      parts.push(response.data);
    }
    return { data: concat(...parts), sw: response.sw };
  }

  /** At least one answer, at most as many as commands. */
  async #send(commands: readonly CommandApdu[]): Promise<ResponseApdu[]> {
    const left = this.#deadline - this.#now();
    if (left <= 0) throw new CardError(CARD_CODES.slow, 'the tap took too long');
    const timeoutMs = Math.min(left, this.#limits.commandTimeoutMs * commands.length);
    const answers = await this.#transmit(commands.map(encodeCommandApdu), Math.ceil(timeoutMs));
    if (answers.length === 0 || answers.length > commands.length) {
      throw new CardError(CARD_CODES.fault, `${answers.length} answers to ${commands.length}`);
    }
    this.commands += answers.length;
    return answers.map(decodeResponseApdu);
  }
}

/** The data of an answer that must be 9000; `step` is the command's name in the standard. */
export function expectData(step: string, response: ResponseApdu | undefined): Uint8Array {
  if (response === undefined) throw new CardError(CARD_CODES.fault, `${step}: not reached`);
  if (response.sw !== SW_SUCCESS) {
    throw new CardError(
      CARD_CODES.fault,
      `${step}: card answered ${formatStatusWord(response.sw)}`,
    );
  }
  return response.data;
}
