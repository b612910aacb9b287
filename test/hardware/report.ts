import { GateError } from '@pinless-gate/protocol/errors';

export interface Step {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'declined';
  readonly what: string;
  readonly code?: string;
}

/** A person said no, or said nothing. */
export class DeclinedError extends GateError {
  constructor() {
    super('ERR_HARDWARE_DECLINED', 'not agreed to: nothing of this step was sent');
  }
}

const SIGNS = { passed: 'ok        ', failed: 'FAILED    ', declined: 'declined  ' } as const;
const NAME_WIDTH = 32;

/** Steps in order, each told when it is over. What is thrown belongs to the step that was begun last. */
export class Report {
  readonly steps: Step[] = [];
  readonly #line: (text: string) => void;
  #current = 'start';

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  get passed(): boolean {
    return this.steps.length > 0 && this.steps.every(({ outcome }) => outcome === 'passed');
  }

  begin(name: string): void {
    this.#current = name;
  }

  pass(what: string): void {
    this.#end({ name: this.#current, outcome: 'passed', what });
  }

  fail(what: string, code?: string): void {
    const step = { name: this.#current, outcome: 'failed', what } as const;
    this.#end(code === undefined ? step : { ...step, code });
  }

  /** `answered` is the card's last status word, where that explains it. */
  stop(error: GateError, answered?: string): void {
    const { code, message } = error;
    if (error instanceof DeclinedError) {
      this.#end({ name: this.#current, outcome: 'declined', what: message, code });
      return;
    }
    this.fail(answered === undefined ? message : `${message}; last answer ${answered}`, code);
    if (error.hint !== undefined) this.#line(`          -> ${error.hint}`);
  }

  #end(step: Step): void {
    this.steps.push(step);
    const code = step.code === undefined ? '' : ` [${step.code}]`;
    this.#line(`${SIGNS[step.outcome]}${step.name.padEnd(NAME_WIDTH)}${step.what}${code}`);
  }
}
