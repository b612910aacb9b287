import { type CommandApdu, decodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { formatStatusWord } from '@pinless-gate/protocol/apdu/status-word';
import { toHex } from '@pinless-gate/protocol/bytes';

const INS_SELECT = 0xa4;

/**
 * What crossed between gate and card, fit to be shown to anybody: command headers, lengths, status words and
 * times. Data is masked both ways, certificates, serial numbers, challenges and signatures with it. Only
 * what SELECT names is there, since it says which application or file a header means.
 */
export class Transcript {
  readonly #lines: string[];
  #lastStatus: string | undefined;

  constructor(reader: string, startedAt: Date) {
    this.#lines = [
      'pinless-gate/transcript/1',
      `reader "${reader}"`,
      `started ${startedAt.toISOString()}`,
    ];
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
    this.#lines.push(`> ${maskedCommand(decodeCommandApdu(octets))}`);
  }

  response(octets: Uint8Array, ms: number): void {
    const { data, sw } = decodeResponseApdu(octets);
    this.#lastStatus = formatStatusWord(sw);
    this.#lines.push(`< ${masked(data)}SW ${this.#lastStatus}  ${ms.toFixed(1)} ms`);
  }

  /** The command had no answer. */
  failure(code: string, ms: number): void {
    this.#lines.push(`< none: ${code}  ${ms.toFixed(1)} ms`);
  }
}

function maskedCommand({ cla, ins, p1, p2, data, ne }: CommandApdu): string {
  const header = toHex(Uint8Array.of(cla, ins, p1, p2)).toUpperCase();
  const shown = ins === INS_SELECT && cla === 0x00 && data;
  const body = shown ? `${toHex(shown).toUpperCase()} ` : masked(data);
  const lc = data ? `Lc ${data.length} ` : '';
  return `${header} ${lc}${body}${ne === undefined ? '' : `Ne ${ne}`}`.trimEnd();
}

function masked(data: Uint8Array | undefined): string {
  return data && data.length > 0 ? `(${data.length} octets) ` : '';
}
