import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Io } from '@pinless-gate/runtime/program';

/** Questions to a person. Only `y` and `yes` are yes: not silence, not the end of the input. */
export class Questions {
  readonly #io: Io;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor(input: Readable, io: Io) {
    this.#io = io;
    // Not a terminal of its own: Ctrl-C must stay a signal.
    this.#lines = createInterface({ input, terminal: false });
    this.#answers = this.#lines[Symbol.asyncIterator]();
    io.signal.addEventListener('abort', () => this.#lines.close());
  }

  async confirm(question: string): Promise<boolean> {
    return /^y(?:es)?$/i.test(await this.ask(`${question} [y/N]`));
  }

  /** One line; empty for silence. */
  async ask(question: string): Promise<string> {
    this.#io.err(question);
    const { value, done } = await this.#answers.next();
    return done ? '' : value.trim();
  }

  close(): void {
    this.#lines.close();
  }
}
