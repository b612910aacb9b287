import { GateError } from '@pinless-gate/protocol/errors';
import {
  encodeJournalUpload,
  JOURNAL_UPLOAD_TYPE,
  MAX_UPLOAD_ENTRIES,
} from '@pinless-gate/protocol/fleet';
import type { Journal } from '../journal/journal.ts';
import { askAsGate, type ConsoleAddress, type GateIdentity } from './console-client.ts';

export interface UploadParts {
  readonly console: ConsoleAddress;
  readonly journal: Journal;
  readonly identity: GateIdentity;
  /** Told when the console's answer changes: undefined is well. */
  readonly onState: (error: GateError | undefined) => void;
}

const CLOSE_MS = 1000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** A gate without news says so: the console takes silence for trouble. */
const HEARTBEAT_MS = 60_000;

/**
 * Sends the journal to the console: at least once, in order, from where the console says it is. The
 * journal is the outbox, so nothing is lost while the console is away, and no tap ever waits for it.
 */
export class Uploader {
  readonly #parts: UploadParts;
  #wake: (() => void) | undefined;
  #poked = false;
  #closed = false;
  #retryMs = 0;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;

  constructor(parts: UploadParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  /** There is something new. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  /** Ends after the upload under way, unless the console takes its time. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    const timer = setTimeout(() => this.#abort.abort(), CLOSE_MS);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      this.#poked = false;
      const { journal } = this.#parts;
      try {
        await this.#send();
        this.#retryMs = 0;
        this.#parts.onState(undefined);
      } catch (error) {
        if (!(error instanceof GateError)) throw error;
        this.#retryMs = Math.min(LONGEST_RETRY_MS, 2 * this.#retryMs || FIRST_RETRY_MS);
        this.#parts.onState(error);
      }
      if (this.#retryMs > 0 || journal.uploaded >= journal.sequence) await this.#wait();
    }
  }

  async #send(): Promise<void> {
    const { journal } = this.#parts;
    const entries = journal.read(journal.uploaded + 1, MAX_UPLOAD_ENTRIES);
    const sequence = await this.#post(encodeJournalUpload({ gateId: journal.gateId, entries }));
    if (sequence > journal.sequence) {
      throw new GateError(
        'ERR_UPLOAD_AHEAD',
        `the console holds ${sequence} entries of this gate, the journal ${journal.sequence}`,
        { hint: 'the journal was replaced or cut: keep both and tell the person in charge' },
      );
    }
    if (sequence === journal.uploaded && entries.length > 0) {
      throw new GateError('ERR_UPLOAD_STUCK', `the console takes nothing after entry ${sequence}`, {
        hint: "the console's log says why",
      });
    }
    if (sequence !== journal.uploaded) journal.uploaded = sequence;
  }

  /** The last sequence number that the console holds of this gate. */
  async #post(body: Uint8Array): Promise<number> {
    const { console, identity } = this.#parts;
    const response = await askAsGate(console, identity, {
      method: 'POST',
      path: '/api/journal',
      type: JOURNAL_UPLOAD_TYPE,
      body,
      signal: this.#abort.signal,
    });
    const { status } = response;
    const sequence = sequenceOf(Buffer.from(response.body).toString());
    if ((status === 200 || status === 409) && sequence !== undefined) return sequence;
    if (status === 409) {
      throw new GateError('ERR_UPLOAD_CONFLICT', 'the console holds other entries of this gate', {
        hint: 'the journal was replaced or edited: keep both and tell the person in charge',
      });
    }
    throw new GateError('ERR_UPLOAD_REFUSED', `the console answered HTTP ${status}`, {
      hint: "the console's log says why",
    });
  }

  async #wait(): Promise<void> {
    if (this.#closed || (this.#poked && this.#retryMs === 0)) return;
    await new Promise<void>((resolve) => {
      const retrying = this.#retryMs > 0;
      const timer = setTimeout(resolve, retrying ? this.#retryMs : HEARTBEAT_MS);
      timer.unref();
      this.#wake = () => {
        // A poke does not shorten the wait for a console that is away; the end does.
        if (retrying && !this.#closed) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

function sequenceOf(text: string): number | undefined {
  try {
    const { sequence } = JSON.parse(text) as { sequence?: unknown };
    return Number.isSafeInteger(sequence) && (sequence as number) >= 0
      ? (sequence as number)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
