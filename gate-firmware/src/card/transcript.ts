import { type CommandApdu, decodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { formatStatusWord, SW_SUCCESS } from '@pinless-gate/protocol/apdu/status-word';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Transmit } from './channel.ts';

export const TRANSCRIPT_FORMAT = 'pinless-gate/transcript/1';

const INS_SELECT = 0xa4;

/**
 * What crossed between gate and card, fit to be shown to anybody: command headers, lengths, status words and
 * times. Data is masked both ways, certificates, serial numbers, PINs, challenges and signatures with it. Shown
 * is only what SELECT names, since it says which application or file a header means, and the two answers of
 * `SHOWN` that say what kind of card it is.
 */
export class Transcript {
  readonly #lines: string[];
  #lastStatus: string | undefined;
  #shown: RegExp | undefined;

  constructor(reader: string, startedAt: Date) {
    this.#lines = [TRANSCRIPT_FORMAT, `reader "${reader}"`, `started ${startedAt.toISOString()}`];
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  /** The card's newest status word with its name. */
  get lastStatus(): string | undefined {
    return this.#lastStatus;
  }

  note(text: string): void {
    this.#lines.push(`# ${text}`);
  }

  command(octets: Uint8Array): void {
    this.#shown = SHOWN.get(toHex(octets));
    this.#lines.push(`> ${maskCommand(octets)}`);
  }

  response(octets: Uint8Array, ms: number): void {
    const { data, sw } = decodeResponseApdu(octets);
    this.#lastStatus = formatStatusWord(sw);
    const text = Buffer.from(data).toString('latin1');
    const body = this.#shown?.test(text) ? shown(data) : masked(data);
    this.#lines.push(`< ${body}SW ${this.#lastStatus}  ${ms.toFixed(1)} ms`);
  }

  /** The command had no answer. */
  failure(code: string, ms: number): void {
    this.#lines.push(`< none: ${code}  ${ms.toFixed(1)} ms`);
  }
}

/**
 * Answers that are shown, where they are what they should be: the token label, and which certificates there
 * are. Anything else that a card says there is masked like all the rest.
 */
const SHOWN: ReadonlyMap<string, RegExp> = new Map([
  ['00b0860020', /^JPKIAP(?:ICC|GPSE|IOS)TOKEN2? *$/],
  ['00b0880003', /^[\0\x8f]{1,3}$/],
]);

/** A command as a transcript shows it. */
export function maskCommand(octets: Uint8Array): string {
  const { cla, ins, p1, p2, data, ne }: CommandApdu = decodeCommandApdu(octets);
  const header = toHex(Uint8Array.of(cla, ins, p1, p2)).toUpperCase();
  const body = ins === INS_SELECT && cla === 0x00 && data ? shown(data) : masked(data);
  const lc = data ? `Lc ${data.length} ` : '';
  return `${header} ${lc}${body}${ne === undefined ? '' : `Ne ${ne}`}`.trimEnd();
}

const shown = (data: Uint8Array): string => `${toHex(data).toUpperCase()} `;

function masked(data: Uint8Array | undefined): string {
  return data && data.length > 0 ? `(${data.length} octets) ` : '';
}

/** Sends one command at a time, so that each has its own time and line; slower than a whole crossing at once. */
export function transcribed(
  transmit: Transmit,
  transcript: Transcript,
  now: () => number,
): Transmit {
  return async (commands, timeoutMs) => {
    const answers: Uint8Array[] = [];
    const end = now() + timeoutMs;
    for (const command of commands) {
      transcript.command(command);
      const start = now();
      const [answer] = await transmit([command], Math.max(1, end - start)).catch((error) => {
        const code = error instanceof GateError ? error.code : 'defect';
        transcript.failure(code, now() - start);
        throw error;
      });
      if (answer) answers.push(answer);
      // No answer, or none with a status word: whoever asked says what is wrong with that.
      if (!answer || answer.length < 2) {
        transcript.failure('ERR_APDU_RESPONSE', now() - start);
        break;
      }
      transcript.response(answer, now() - start);
      if (((answer.at(-2)! << 8) | answer.at(-1)!) !== SW_SUCCESS) break;
    }
    return answers;
  };
}
