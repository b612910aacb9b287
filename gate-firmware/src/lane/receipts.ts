import {
  formatReceiptCode,
  type ReceiptStatement,
  receiptMessage,
} from '@pinless-gate/protocol/receipt-code';
import { LANGUAGES, type Language } from '@pinless-gate/protocol/record';
import type { Logger } from '@pinless-gate/runtime/log';
import type { PrinterEncoding } from '../receipt/encoding.ts';
import { renderEscPos } from '../receipt/escpos.ts';
import { type ReceiptContent, receiptDocument } from '../receipt/layout.ts';
import { cannotPrint, type Printer } from '../receipt/printer.ts';
import { renderSvg } from '../receipt/svg.ts';
import type { Template } from '../receipt/template.ts';
import type { TapResult } from './tap.ts';

export interface ReceiptsParts {
  readonly eventId: Uint8Array;
  readonly gateId: Uint8Array;
  readonly timeZone: string;
  readonly printer: Printer;
  readonly encoding: PrinterEncoding;
  /** That the printer can print. */
  readonly languages: readonly Language[];
  readonly template: Template;
  /** Receipts as pictures, where they are wanted. */
  readonly pictures: Printer | undefined;
  /** By the gate's device key: r‖s over the message's SHA-256. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  readonly log: Pick<Logger, 'warn'>;
  /** Nothing was printed of a receipt of that admission. */
  readonly onLost: (id: string) => void;
}

/** An admission that is on the disk. */
export interface Printed extends Pick<TapResult, 'sequence' | 'record' | 'list' | 'code' | 'at'> {
  /** Names it among all gates. */
  readonly id: string;
  readonly tickets: readonly {
    readonly ticket: ReceiptContent['ticket'];
    /** Comes back: the receipt of the entry that it belongs to is still good. */
    readonly returns?: true | undefined;
  }[];
}

interface Kept {
  readonly id: string;
  readonly receipts: readonly Receipt[];
  copies: number;
}

interface Receipt {
  readonly content: Omit<ReceiptContent, 'copy'>;
  readonly statement: Omit<ReceiptStatement, 'copy'>;
}

/** How many admissions can be printed again: those of the last few minutes, in memory alone. */
const KEPT = 64;
/** A receipt waits no longer for its signature: without, its QR holds the short code. */
const SIGN_MS = 500;

/**
 * Receipts from the decision to the printer. Nothing of it is awaited by a tap: signing, rendering and printing follow
 * the turnstile's order, and each receipt is handed to the printer once.
 */
export class Receipts {
  readonly #parts: ReceiptsParts;
  readonly #kept = new Map<number, Kept>();
  #last: Promise<void> = Promise.resolve();

  constructor(parts: ReceiptsParts) {
    this.#parts = parts;
    parts.printer.onReport(({ id, outcome }) => {
      if (outcome === 'not-printed') parts.onLost(id.slice(0, id.lastIndexOf('-')));
    });
  }

  /** True where the printer would print nothing now: the seat has to be read from the display. */
  get unable(): boolean {
    return cannotPrint(this.#parts.printer.state);
  }

  /** Prints a receipt for each ticket that enters, cut apart. */
  print(admission: Printed): void {
    // Nothing would come of the signatures.
    if (this.#parts.printer.state === 'none' && !this.#parts.pictures) return;
    const receipts = this.#receipts(admission);
    const kept = { id: admission.id, receipts, copies: 0 };
    this.#kept.set(admission.sequence, kept);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    const entering = receipts.filter((_, i) => !admission.tickets[i]!.returns);
    if (entering.length > 0) this.#queue({ ...kept, receipts: entering }, 0);
  }

  /** Once more, marked as copies. How many receipts; 0 where the admission is forgotten. */
  reprint(sequence: number): number {
    const kept = this.#kept.get(sequence);
    if (!kept) return 0;
    kept.copies++;
    this.#queue(kept, kept.copies);
    return kept.receipts.length;
  }

  /** Resolves when everything taken is with the printer. */
  async close(): Promise<void> {
    await this.#last;
  }

  #receipts({ sequence, tickets, record, list, code, at }: Printed): Receipt[] {
    if (!record || !list) return [];
    const { eventId, gateId, timeZone } = this.#parts;
    const partySize = record.party.size;
    return tickets.map(({ ticket }) => ({
      content: {
        event: list.manifest.event,
        ticket,
        partySize,
        code,
        language: record.language,
        enteredAt: at,
        timeZone,
      },
      statement: {
        event: eventId,
        gate: gateId,
        sequence,
        at: Math.floor(at / 1000),
        listVersion: list.passport.version,
        place: ticket.place,
        partySize,
        code,
        ticketNo: ticket.ticketNo,
        seat: ticket.seat,
      },
    }));
  }

  #queue(kept: Kept, copy: number): void {
    // Rendering takes milliseconds: after everything that the tap still does.
    const turn = new Promise<void>((resolve) => setImmediate(resolve));
    this.#last = this.#last
      .then(() => turn)
      .then(() => this.#send(kept, copy))
      .catch((error: Error) => {
        // A defect in one receipt takes no other with it.
        this.#parts.log.warn({ receipt: kept.id, error: error.name }, 'receipt is not printed');
        this.#parts.onLost(kept.id);
      });
  }

  async #send({ id, receipts }: Kept, copy: number): Promise<void> {
    const { printer, pictures, encoding, languages, template } = this.#parts;
    const codes = await Promise.all(
      receipts.map(({ statement }) => this.#signed({ ...statement, copy })),
    );
    for (const [index, { content }] of receipts.entries()) {
      const printed = { ...content, signed: codes[index], copy: copy > 0 };
      const document = receiptDocument(printed, template, languages);
      const job = `${id}-${content.ticket.place}${copy > 0 ? `.copy${copy}` : ''}`;
      printer.print({ id: job, bytes: renderEscPos(document, { encoding }) });
      const picture = () => renderSvg(receiptDocument(printed, template, LANGUAGES));
      pictures?.print({ id: job, bytes: Buffer.from(picture(), 'utf8') });
    }
  }

  /** Undefined where it cannot be had in time: an unsigned receipt is better than none. */
  async #signed(statement: ReceiptStatement): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = Object.assign(new Error('too late'), { code: 'ERR_RECEIPT_SIGN_LATE' });
      timer = setTimeout(() => reject(error), SIGN_MS);
    });
    try {
      const message = receiptMessage(statement);
      const signature = await Promise.race([this.#parts.sign(message), late]);
      return formatReceiptCode(statement, signature);
    } catch (error) {
      const code = (error as { code?: string }).code ?? (error as Error).name;
      this.#parts.log.warn({ sequence: statement.sequence, code }, 'receipt is not signed');
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}
