import type { Operator } from '@pinless-gate/protocol/journal/act';
import { refuse, StaffError } from './error.ts';
import type { OperatorRow } from './operators-file.ts';
import { hashPin, isPin } from './pin.ts';

export interface OperatorsParts {
  /** Read at every sign-in: who is disabled is out at once, also without this gate's starting anew. */
  readonly read: () => Promise<readonly OperatorRow[]>;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** A wrong PIN, or one that came too soon after others. */
  readonly onRefused: () => void;
}

interface Failures {
  count: number;
  until: number;
}

const FREE_FAILURES = 3;
const LONGEST_WAIT_MS = 60_000;
/** Names that nobody has are remembered too, so that asking tells nothing; but not without bound. */
const MAX_NAMES = 200;
/** Of 32 MiB and 0.1 s each, one after the other: a flood of PINs costs the lane one thread at most. */
const MAX_QUEUE = 4;

/** Who may act at this gate, proven by a PIN. Wrong ones slow down whoever they were typed for, and nobody else. */
export class Operators {
  readonly #parts: OperatorsParts;
  readonly #failures = new Map<string, Failures>();
  #queue: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #decoy: Promise<string> | undefined;

  constructor(parts: OperatorsParts) {
    this.#parts = parts;
  }

  /** Throws ERR_STAFF_SIGN_IN, ERR_STAFF_THROTTLED or ERR_STAFF_BUSY; it does not say which half was wrong. */
  async signIn(id: string, pin: string): Promise<Operator> {
    if (this.#queued >= MAX_QUEUE) refuse('ERR_STAFF_BUSY', 'too many sign-ins at once');
    this.#queued += 1;
    const turn = this.#queue.then(() => this.#signIn(id, pin));
    this.#queue = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      if (error instanceof StaffError) this.#parts.onRefused();
      throw error;
    } finally {
      this.#queued -= 1;
    }
  }

  /** As they are now; undefined where they were disabled since they signed in. */
  async current(id: string): Promise<Operator | undefined> {
    const row = (await this.#parts.read()).find((one) => one.id === id && !one.disabled);
    return row && { id: row.id, role: row.role };
  }

  async #signIn(id: string, pin: string): Promise<Operator> {
    const { read, monotonic } = this.#parts;
    const failures = this.#failures.get(id);
    if (failures && monotonic() < failures.until) {
      const seconds = Math.ceil((failures.until - monotonic()) / 1000);
      refuse('ERR_STAFF_THROTTLED', `too many wrong PINs: wait ${seconds} s`);
    }
    const row = (await read()).find((one) => one.id === id && !one.disabled);
    this.#decoy ??= hashPin('nobody-has-this-PIN');
    const right = await isPin(pin, row?.pin ?? (await this.#decoy));
    if (!row || !right) {
      this.#failed(id);
      refuse('ERR_STAFF_SIGN_IN', 'operator or PIN is wrong');
    }
    this.#failures.delete(id);
    return { id: row.id, role: row.role };
  }

  #failed(id: string): void {
    const count = (this.#failures.get(id)?.count ?? 0) + 1;
    const over = count - FREE_FAILURES;
    const wait = over <= 0 ? 0 : Math.min(1000 * 2 ** over, LONGEST_WAIT_MS);
    this.#failures.delete(id);
    this.#failures.set(id, { count, until: this.#parts.monotonic() + wait });
    if (this.#failures.size <= MAX_NAMES) return;
    this.#failures.delete(this.#failures.keys().next().value!);
  }
}
