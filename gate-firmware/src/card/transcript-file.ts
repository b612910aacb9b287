import { appendFileSync, closeSync, fstatSync, openSync } from 'node:fs';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Transmit } from './channel.ts';
import { Transcript, transcribed } from './transcript.ts';

/** Enough for some ten thousand taps; the disk is the journal's. */
const MAX_FILE_LENGTH = 16 * 1024 * 1024;

/** One tap on its way into the file. */
export interface RecordedTap {
  readonly transmit: Transmit;
  /** `outcome` is written below the dialogue: outcome and journal number, nothing of the card. */
  end(outcome: string): void;
}

/** `gate run --transcript`: one masked transcript after the other. It gives up before it hinders a tap. */
export class TranscriptFile {
  readonly #file: number;
  readonly #onStop: (why: GateError) => void;
  #stopped = false;

  /** `onStop` is told once where nothing more is written. */
  constructor(path: string, onStop: (why: GateError) => void) {
    try {
      this.#file = openSync(path, 'a', 0o600);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      throw new GateError('ERR_TRANSCRIPT_FILE', `cannot write the transcript (${code})`, {
        cause,
        hint: 'name a file in a directory that is there and may be written',
      });
    }
    this.#onStop = onStop;
  }

  begin(transmit: Transmit, reader: string, now: () => number): RecordedTap {
    const transcript = new Transcript(reader, new Date());
    return {
      transmit: this.#stopped ? transmit : transcribed(transmit, transcript, now),
      end: (outcome) => {
        transcript.note(outcome);
        this.#append(`${transcript.text}\n`);
      },
    };
  }

  close(): void {
    this.#stopped = true;
    closeSync(this.#file);
  }

  #append(text: string): void {
    if (this.#stopped) return;
    try {
      if (fstatSync(this.#file).size + text.length > MAX_FILE_LENGTH) {
        throw new GateError('ERR_TRANSCRIPT_FULL', 'the transcript is as long as it may become');
      }
      appendFileSync(this.#file, text);
    } catch (cause) {
      this.#stopped = true;
      const why = new GateError('ERR_TRANSCRIPT_FILE', 'the transcript cannot be written', {
        cause,
      });
      this.#onStop(cause instanceof GateError ? cause : why);
    }
  }
}
