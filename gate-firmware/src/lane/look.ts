import type { Language } from '@pinless-gate/protocol/record';

/** Somebody stands at the lane whom staff are to look at. */
export interface LookAsked {
  readonly code: string;
  readonly why: 'face-check' | 'attention';
  readonly language: Language;
}

export interface LookParts {
  /** How long the lane waits before it refuses. */
  readonly timeoutMs: number;
  /** Calls once, later, unless taken back. */
  readonly after: (ms: number, action: () => void) => () => void;
  /** Shown until the card's answer is. */
  readonly show: (asked: LookAsked) => void;
  /** The gate ends: nobody is let in any more. */
  readonly signal: AbortSignal;
}

/** The one look at a time that the lane waits for. */
export class Look {
  readonly #parts: LookParts;
  #asked: LookAsked | undefined;
  #answer: ((right: boolean) => void) | undefined;

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  get asked(): LookAsked | undefined {
    return this.#asked;
  }

  /** False when staff said so, when nobody answered in time, and when the gate ends. */
  async wait(asked: LookAsked): Promise<boolean> {
    const { after, timeoutMs, show, signal } = this.#parts;
    if (signal.aborted) return false;
    this.#asked = asked;
    show(asked);
    const end = () => this.#answer?.(false);
    signal.addEventListener('abort', end);
    const cancel = after(timeoutMs, end);
    try {
      return await new Promise<boolean>((resolve) => {
        this.#answer = resolve;
      });
    } finally {
      cancel();
      signal.removeEventListener('abort', end);
      this.#asked = undefined;
      this.#answer = undefined;
    }
  }

  /** Nothing where nobody is waited for. */
  answer(right: boolean): void {
    this.#answer?.(right);
  }
}
