import type { Transmit } from '@pinless-gate/gate-firmware/card/channel';
import { CARD_CODES, CardError } from '@pinless-gate/gate-firmware/card/error';
import { decodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { concat, EMPTY, toHex } from '@pinless-gate/protocol/bytes';
import { hold } from './target.ts';

/** What an honest card answered, by the command without its Le. */
export type Answers = ReadonlyMap<string, Uint8Array>;

export function commandKey(command: Uint8Array): string {
  const { cla, ins, p1, p2, data = EMPTY } = decodeCommandApdu(command);
  return toHex(concat(Uint8Array.of(cla, ins, p1, p2), data));
}

const SUCCESS = Uint8Array.of(0x90, 0x00);
const INS_VERIFY = 0x20;
const INS_GET_RESPONSE = 0xc0;
const STATUS_WORDS = [
  0x6282, 0x6300, 0x63c0, 0x63c9, 0x6700, 0x6881, 0x6982, 0x6983, 0x6984, 0x6985, 0x6a80, 0x6a81,
  0x6a82, 0x6a86, 0x6a88, 0x6b00, 0x6d00, 0x6e00, 0x6f00, 0x0000, 0xffff, 0x9001,
];
const LONGEST = 65_536;
/** More than any tap can send: answers come in 32 parts at most, and a tap sends 30 commands. */
const MAX_COMMANDS = 1200;

/** What the card pretends to be, and what another genuine card, in reach of its holder, answers in its place. */
export interface Model {
  readonly answers: Answers;
  readonly other: Answers;
  /** What must have been shown before the birth date is presented; nothing is worth it where this is undefined. */
  readonly worthBirthDate: Uint8Array | undefined;
}

/**
 * A card that does as a script says, two octets a command: what it does, and how. It is honest where the script
 * has come to its end. Time passes only where it lets time pass.
 */
export class HostileCard {
  readonly #model: Model;
  readonly #script: Uint8Array;
  #at = 0;
  #rest: Uint8Array = EMPTY;
  #last: Uint8Array = SUCCESS;
  /** Milliseconds, monotonic. */
  ms = 0;
  commands = 0;
  /** Everything that it answered since the possession hash came. */
  proof: Uint8Array = EMPTY;
  #proving = false;
  #presented = 0;
  #shown: Uint8Array = EMPTY;
  readonly #deadline: number;
  readonly #isProof: (key: string) => boolean;

  constructor(
    model: Model,
    script: Uint8Array,
    limits: { readonly tapTimeoutMs: number; readonly isProof: (key: string) => boolean },
  ) {
    this.#model = model;
    this.#script = script;
    this.#deadline = limits.tapTimeoutMs;
    this.#isProof = limits.isProof;
  }

  readonly transmit: Transmit = async (commands, timeoutMs) => {
    hold(this.ms < this.#deadline, 'a command after the end of the tap');
    hold(timeoutMs > 0 && timeoutMs <= this.#deadline, `a command with ${timeoutMs} ms of time`);
    const answers: Uint8Array[] = [];
    const end = this.ms + timeoutMs;
    for (const command of commands) {
      hold(++this.commands <= MAX_COMMANDS, 'commands without end');
      const more = this.#answer(command);
      if (this.ms > end) throw new CardError(CARD_CODES.slow, 'no answer in time');
      answers.push(...more);
      const answer = more.at(-1);
      if (answer?.at(-2) !== 0x90 || answer.at(-1) !== 0x00) break;
    }
    return answers;
  };

  #answer(command: Uint8Array): Uint8Array[] {
    const key = commandKey(command);
    if (command[1] === INS_VERIFY && command.length > 4) this.#checkPresented();
    if (this.#isProof(key)) this.#proving = true;
    const answers = this.#act(this.#honest(key, command[1]!), this.#model.other.get(key));
    const data = answers.map((one) => one.subarray(0, -2));
    if (this.#proving) this.proof = concat(this.proof, ...data);
    else if (this.#model.worthBirthDate) this.#shown = concat(this.#shown, ...data);
    this.#last = answers.at(-1) ?? this.#last;
    return answers;
  }

  /** Once, to nobody but who showed the genuine certificate, and only with tries to spare. */
  #checkPresented(): void {
    const { worthBirthDate } = this.#model;
    hold(++this.#presented === 1, 'a birth date presented twice');
    const shown = worthBirthDate && toHex(this.#shown).includes(toHex(worthBirthDate));
    hold(shown === true, 'a birth date given to who did not show its certificate');
    const [sw1, sw2] = this.#last.subarray(-2) as Uint8Array & [number, number];
    hold(sw1 === 0x63 && sw2 >= 0xc3 && sw2 <= 0xcf, 'a birth date presented on its last tries');
  }

  #honest(key: string, ins: number): Uint8Array {
    if (ins !== INS_GET_RESPONSE) return this.#model.answers.get(key) ?? Uint8Array.of(0x6d, 0x00);
    const rest = concat(this.#rest, SUCCESS);
    this.#rest = EMPTY;
    return rest;
  }

  #act(honest: Uint8Array, other = honest): Uint8Array[] {
    const action = this.#next() % 16;
    const how = action < 8 ? 0 : this.#next();
    this.ms += 1;
    const data = honest.subarray(0, -2);
    switch (action) {
      case 7:
        return [other];
      case 8:
        return [statusWord(STATUS_WORDS[how % STATUS_WORDS.length]!)];
      case 9: {
        // The rest of the answer on request, or for ever another octet.
        const cut = Math.min(data.length, how);
        this.#rest = data.slice(cut);
        return [concat(data.subarray(0, cut), statusWord(0x6100 | how))];
      }
      case 10:
        return [statusWord(0x6c00 | how)];
      case 11:
        return [flipped(honest, how)];
      case 12:
        return [concat(data.subarray(0, how), SUCCESS)];
      case 13:
        return [concat(new Uint8Array(17 * how).fill(how), SUCCESS)];
      case 14:
        this.ms += 16 * how;
        return [honest];
      case 15:
        return this.#misbehave(honest, how);
      default:
        return [honest];
    }
  }

  #misbehave(honest: Uint8Array, how: number): Uint8Array[] {
    switch (how % 10) {
      case 0:
        throw new CardError(CARD_CODES.removed, 'gone');
      case 1:
        throw new CardError(CARD_CODES.slow, 'no answer');
      case 2:
        return [];
      case 3:
        return [honest, honest, honest, honest, honest, honest, honest, honest, honest];
      case 4:
        return [EMPTY];
      case 5:
        return [Uint8Array.of(0x90)];
      case 6:
        return [concat(new Uint8Array(LONGEST), SUCCESS)];
      case 7:
        return [this.#last];
      case 8: // a length of 4 GiB
        return [concat(Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), honest)];
      default: // a certificate that says that it is longer or shorter
        return [Uint8Array.from(honest, (octet, i) => (i === 2 || i === 3 ? octet + how : octet))];
    }
  }

  #next(): number {
    return this.#script[this.#at++] ?? 0;
  }
}

const statusWord = (sw: number): Uint8Array => Uint8Array.of(sw >> 8, sw & 0xff);

function flipped(octets: Uint8Array, how: number): Uint8Array {
  const copy = Uint8Array.from(octets);
  const at = (how * 37) % copy.length;
  copy[at] = copy[at]! ^ (1 << (how & 7));
  return copy;
}
