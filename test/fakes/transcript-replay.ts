import type { Transmit } from '@pinless-gate/gate-firmware/card/channel';
import { CardError } from '@pinless-gate/gate-firmware/card/error';
import { maskCommand, TRANSCRIPT_FORMAT } from '@pinless-gate/gate-firmware/card/transcript';
import { concat, EMPTY, fromHex } from '@pinless-gate/protocol/bytes';
import type { ErrorCode } from '@pinless-gate/protocol/errors';

/** Gives what a transcript masks: the data of the answer to a command, in the length that was recorded. */
export type Unmask = (command: Uint8Array, length: number) => Promise<Uint8Array> | Uint8Array;

/** Commands or answers differ from the transcript. A defect of the code under test, so no `GateError`. */
export class TranscriptMismatch extends Error {}

interface Step {
  readonly line: number;
  readonly command: string;
  readonly answer: string;
}

const ANSWER =
  /^(?:\((?<masked>\d+) octets\) |(?<data>[0-9A-F]+) )?SW (?<sw>[0-9A-F]{4}) \([^)]*\) {2}[\d.]+ ms$/;
const NO_ANSWER = /^none: (?<code>ERR_\w+) {2}[\d.]+ ms$/;

/** A card that answers as it is written, and to nothing but the commands that are written. */
export class TranscriptReplay {
  readonly #steps: readonly Step[];
  readonly #unmask: Unmask;
  #at = 0;

  constructor(text: string, unmask: Unmask) {
    this.#steps = parseTranscript(text);
    this.#unmask = unmask;
  }

  readonly transmit: Transmit = async (commands) => {
    const answers: Uint8Array[] = [];
    for (const command of commands) {
      const answer = await this.#answer(command);
      answers.push(answer);
      if (answer.at(-2) !== 0x90 || answer.at(-1) !== 0x00) break;
    }
    return answers;
  };

  /** Throws where commands are left that were not sent. */
  finish(): void {
    const left = this.#steps[this.#at];
    if (!left) return;
    const count = this.#steps.length - this.#at;
    throw new TranscriptMismatch(
      `${count} commands of the transcript were not sent, the first in line ${left.line}:\n  expected  > ${left.command}`,
    );
  }

  async #answer(octets: Uint8Array): Promise<Uint8Array> {
    const actual = maskCommand(octets);
    const step = this.#steps[this.#at++];
    if (step?.command !== actual) {
      const expected = step ? `> ${step.command}` : 'the end';
      throw new TranscriptMismatch(
        `line ${step?.line ?? 'after the last'}:\n  expected  ${expected}\n  actual    > ${actual}`,
      );
    }
    const none = NO_ANSWER.exec(step.answer)?.groups?.code;
    if (none !== undefined) throw new CardError(none as ErrorCode, 'as in the transcript');
    const { masked, data, sw } = ANSWER.exec(step.answer)!.groups!;
    return concat(
      data === undefined ? await this.#unmasked(octets, Number(masked ?? 0), step) : fromHex(data),
      fromHex(sw!),
    );
  }

  async #unmasked(octets: Uint8Array, length: number, step: Step): Promise<Uint8Array> {
    // Asked even for nothing: a card that is asked follows the dialogue.
    const data = await this.#unmask(octets, length);
    if (length === 0) return EMPTY;
    if (data.length !== length) {
      throw new TranscriptMismatch(
        `line ${step.line}: answer of ${data.length} octets, ${length} in the transcript`,
      );
    }
    return data;
  }
}

function parseTranscript(text: string): Step[] {
  const lines = text.trimEnd().split('\n');
  if (lines[0] !== TRANSCRIPT_FORMAT) throw new TranscriptMismatch(`not a transcript: ${lines[0]}`);
  const steps: Step[] = [];
  let command: { line: number; text: string } | undefined;
  for (const [i, line] of lines.entries()) {
    if (i < 3 || line.startsWith('#') || line === '') continue;
    const body = line.slice(2);
    if (line.startsWith('> ') && !command) command = { line: i + 1, text: body };
    else if (line.startsWith('< ') && command && (ANSWER.test(body) || NO_ANSWER.test(body))) {
      steps.push({ line: command.line, command: command.text, answer: body });
      command = undefined;
    } else throw new TranscriptMismatch(`line ${i + 1} is not to be read: ${line}`);
  }
  if (command) throw new TranscriptMismatch(`line ${command.line} has no answer`);
  return steps;
}
