import { toHex } from '@pinless-gate/protocol/bytes';
import type { Language } from '@pinless-gate/protocol/record';
import type { Logger } from '@pinless-gate/runtime/log';
import type { DisplayBus, DisplayState } from '../display/state.ts';
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

const RESULT_SHOWN_MS = 4000;

/** Open, print, show, in parallel, for a decision that is on the disk. Nothing here can hold up the next card. */
export class Outcome {
  readonly #parts: OutcomeParts;
  #idle: NodeJS.Timeout | undefined;
  /** What the last card was told, while it is to be read. */
  #told: DisplayState | undefined;
  #fault: string | undefined;

  constructor(parts: OutcomeParts) {
    this.#parts = parts;
  }

  /** A card came: what the last one left on the display is over. */
  hold(progress: number): void {
    clearTimeout(this.#idle);
    this.#told = undefined;
    this.#parts.display.show({ state: 'hold', progress });
  }

  /** Between cards. Undefined: it is over, and what the last card was told stands again for the rest of its time. */
  outOfService(code: string | undefined): void {
    this.#fault = code;
    this.#rest();
  }

  #rest(): void {
    const code = this.#fault;
    const closed = code !== undefined && ({ state: 'out-of-service', code } as const);
    this.#parts.display.show(closed || (this.#told ?? { state: 'idle' }));
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
    clearTimeout(this.#idle);
  }

  #show({ decision, record, code }: TapResult): void {
    const { display, defaultLanguage } = this.#parts;
    const language = record?.language ?? defaultLanguage;
    this.#told = decision.admitted
      ? {
          state: 'admitted',
          language,
          tickets: decision.tickets.map(({ ticket }) => ({
            seat: ticket.seat,
            category: ticket.category,
            place: ticket.place,
          })),
          partySize: record!.party.size,
        }
      : { state: 'refused', language, reason: decision.reason, code };
    display.show(this.#told);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#told = undefined;
      this.#rest();
    }, RESULT_SHOWN_MS);
    this.#idle.unref();
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
