import { toHex } from '@pinless-gate/protocol/bytes';
import type { Language } from '@pinless-gate/protocol/record';
import type { Logger } from '@pinless-gate/runtime/log';
import type { DisplayBus } from '../display/state.ts';
import { Visit } from '../display/visit.ts';
import type { Turnstile } from '../hardware/turnstile.ts';
import type { Metrics } from '../metrics.ts';
import type { Receipts } from './receipts.ts';
import type { TapResult } from './tap.ts';

export interface OutcomeParts {
  readonly gateId: Uint8Array;
  readonly display: DisplayBus;
  readonly turnstile: Turnstile;
  readonly receipts: Pick<Receipts, 'print' | 'unable'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly defaultLanguage: Language;
}

/** Open, print, show, in parallel, for a decision that is on the disk. Nothing here can hold up the next card. */
export class Outcome {
  readonly #parts: OutcomeParts;
  /** What the attendee reads of it. */
  readonly visit: Visit;
  /** The admission that is told now, or was last. */
  #newest: string | undefined;

  constructor(parts: OutcomeParts) {
    this.#parts = parts;
    this.visit = new Visit(parts);
  }

  apply(result: TapResult): void {
    const { log, metrics } = this.#parts;
    const id = this.#id(result.sequence);
    if (result.decision.admitted) {
      const people = result.decision.tickets.length;
      this.#parts.turnstile.open({ id, direction: 'in', people }).catch((error: unknown) => {
        log.error({ tap: id, error: codeOf(error) }, 'turnstile did not open');
        metrics.deviceErrors.inc({ device: 'turnstile' });
      });
    }
    this.#newest = id;
    this.#show(result);
    metrics.tap(result);
    log.info(logLine(id, result));
    this.#print(id, result);
  }

  /** Nothing of that admission's receipt was printed. */
  lost(id: string): void {
    if (id === this.#newest) this.visit.withoutReceipt();
  }

  close(): void {
    this.visit.close();
  }

  #show({ decision, record, code }: TapResult): void {
    const { visit } = this;
    const language = record?.language ?? visit.language;
    if (!decision.admitted) {
      const { reason } = decision;
      const refused = { state: 'refused', language, reason, code } as const;
      if (reason === 'card-removed') visit.putBack(refused);
      else visit.tell(refused);
      return;
    }
    const tickets = decision.tickets.map(({ ticket }) => ticket);
    const [first] = tickets;
    const zone = tickets.every((one) => one.zone === first?.zone) ? first?.zone : undefined;
    visit.tell({
      state: 'admitted',
      language,
      tickets: tickets.map(({ seat, category, place }) => ({ seat, category, place })),
      partySize: record!.party.size,
      ...(zone !== undefined && { zone }),
      ...(this.#parts.receipts.unable && { noReceipt: true }),
    });
  }

  #print(id: string, { decision, ...rest }: TapResult): void {
    if (decision.admitted) this.#parts.receipts.print({ id, tickets: decision.tickets, ...rest });
  }

  /** Names an admission among all gates: unique, and it tells nothing. */
  #id(sequence: number): string {
    return `${toHex(this.#parts.gateId).slice(0, 8)}-${sequence}`;
  }
}

function logLine(id: string, { decision, profile, code, steps, tapMs, list }: TapResult): object {
  return {
    tap: id,
    outcome: decision.admitted ? 'admitted' : 'refused',
    ...(!decision.admitted && { reason: decision.reason }),
    profile,
    code,
    list: list?.passport.version,
    tapMs: Math.round(100 * tapMs) / 100,
    steps,
  };
}

export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? (error instanceof Error ? error.name : 'unknown');
}
