import type { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { Closers } from '../closers.ts';
import type { Visit } from '../display/visit.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { Journaling } from '../journaling.ts';
import type { Metrics } from '../metrics.ts';
import type { Devices } from './devices.ts';
import { Look } from './look.ts';
import { Modes } from './modes.ts';
import { codeOf } from './outcome.ts';
import { Passages } from './passages.ts';

export interface CrossingParts {
  readonly ledger: Ledger;
  readonly devices: Pick<Devices, 'turnstile' | 'passages' | 'evacuation'>;
  readonly visit: () => Visit;
  readonly journaling: Journaling;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly closers: Closers;
  /** Something could not be journalled: the gate must be started anew. */
  readonly onBroken: (error: unknown) => void;
  readonly lookTimeoutMs: number;
  readonly signal: AbortSignal;
}

const CONTACT = {
  operator: { id: 'evacuation-contact', role: 'device' },
  reason: 'the contact of the fire alarm closed',
} as const;

/** What stands between a decision and a person inside: the mode, staff who look, the barrier and its sensor. */
export class Crossing {
  readonly #parts: CrossingParts;
  readonly passages: Passages;
  readonly modes: Modes;
  readonly look: Look;

  constructor(parts: CrossingParts) {
    this.#parts = parts;
    this.passages = this.#openPassages();
    this.modes = this.#openModes();
    this.look = new Look({
      timeoutMs: parts.lookTimeoutMs,
      after,
      show: ({ code, why, language }) =>
        parts.visit().tell({ state: 'staff', language, code, why }),
      signal: parts.signal,
    });
  }

  /** Before the first card. */
  start(): void {
    const { devices, closers } = this.#parts;
    this.passages.settle();
    closers.push(() => this.passages.close());
    closers.push(devices.passages.subscribe(({ direction }) => this.passages.sensed(direction)));
    closers.push(devices.evacuation.subscribe((active) => active && this.#evacuate()));
    this.modes.resume();
  }

  #evacuate(): void {
    if (this.modes.current !== 'evacuate') this.modes.take('evacuate', CONTACT);
  }

  #openPassages(): Passages {
    const { ledger, devices, metrics } = this.#parts;
    return new Passages({
      ledger,
      present: devices.passages.present,
      after,
      onEntry: (outcome, direction, people) => metrics.passages.inc({ outcome, direction }, people),
      onTrouble: (error) => this.#blind(error),
      onBroken: this.#parts.onBroken,
    });
  }

  #blind(error: GateError | undefined): void {
    const { metrics, journaling, log } = this.#parts;
    if (!error) {
      log.info('passage sensor sees again');
      return;
    }
    metrics.faults.inc({ code: error.code });
    journaling.fault(error);
  }

  #openModes(): Modes {
    const { ledger, devices, log, metrics, visit } = this.#parts;
    return new Modes({
      ledger,
      turnstile: devices.turnstile,
      stand: (standing) => visit().stand(standing),
      onHold: (open) => this.passages.hold(open),
      onError: (what, error) => {
        log.error({ error: codeOf(error) }, `mode: ${what} did not take it`);
        if (what === 'turnstile') metrics.deviceErrors.inc({ device: what });
      },
    });
  }
}

function after(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
