import { toHex } from '@pinless-gate/protocol/bytes';
import type { Language } from '@pinless-gate/protocol/record';
import type { Logger } from '@pinless-gate/runtime/log';
import type { DisplayBus } from '../display/state.ts';
import { Visit } from '../display/visit.ts';
import type { Turnstile } from '../hardware/turnstile.ts';
import type { Metrics } from '../metrics.ts';
import type { PrinterEncoding } from '../receipt/cp932.ts';
import { renderEscPos } from '../receipt/escpos.ts';
import { receiptDocument } from '../receipt/layout.ts';
import type { Printer } from '../receipt/printer.ts';
import { renderSvg } from '../receipt/svg.ts';
import type { TapResult } from './tap.ts';

export interface OutcomeParts {
  readonly gateId: Uint8Array;
  readonly timeZone: string;
  readonly display: DisplayBus;
  readonly turnstile: Turnstile;
  readonly printer: Printer;
  readonly encoding: PrinterEncoding;
  /** Receipts as pictures, where they are wanted. */
  readonly pictures: Printer | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly defaultLanguage: Language;
}

/** Open, print, show, in parallel, for a decision that is on the disk. Nothing here can hold up the next card. */
export class Outcome {
  readonly #parts: OutcomeParts;
  /** What the attendee reads of it. */
  readonly visit: Visit;

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
    this.#show(result);
    metrics.tap(result);
    log.info(logLine(id, result));
    // Rendering takes milliseconds: after the turnstile's order is out.
    if (result.decision.admitted) setImmediate(() => this.#print(id, result));
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
    });
  }

  #print(id: string, { decision, record, list, code, at }: TapResult): void {
    if (!decision.admitted || !record || !list) return;
    const { printer, pictures, encoding, timeZone } = this.#parts;
    for (const { ticket, entry } of decision.tickets) {
      const document = receiptDocument({
        event: list.manifest.event,
        ticket,
        partySize: record.party.size,
        code,
        language: record.language,
        enteredAt: at,
        copy: entry > 1,
        timeZone,
      });
      const job = `${id}-${ticket.place}`;
      printer.print({ id: job, bytes: renderEscPos(document, { encoding }) });
      pictures?.print({ id: job, bytes: Buffer.from(renderSvg(document), 'utf8') });
    }
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
