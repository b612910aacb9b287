import { toHex } from '@pinless-gate/protocol/bytes';
import type { Entered } from '@pinless-gate/protocol/journal/entered';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';
import type { Language } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { Logger } from '@pinless-gate/runtime/log';
import { type Admitted, refused } from '../admission/decide.ts';
import type { DisplayBus } from '../display/state.ts';
import { Visit } from '../display/visit.ts';
import type { Turnstile } from '../hardware/turnstile.ts';
import type { Metrics } from '../metrics.ts';
import type { Passages } from './passages.ts';
import type { Receipts } from './receipts.ts';
import { type TapResult, toldOutcome } from './tap.ts';

export interface OutcomeParts {
  readonly gateId: Uint8Array;
  readonly display: DisplayBus;
  readonly turnstile: Turnstile;
  readonly receipts: Pick<Receipts, 'print' | 'unable'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly defaultLanguage: Language;
  readonly passages: Pick<Passages, 'opened'>;
  readonly mode: () => LaneMode;
}

/** An admission that is on the disk: a tap's, or one that staff gave. */
export interface LetIn
  extends Pick<TapResult, 'sequence' | 'decision' | 'record' | 'list' | 'code' | 'at'> {
  readonly decision: Admitted;
  readonly entered: readonly Entered[];
  /** More than tickets where somebody has none. */
  readonly people: number;
}

/** Looks like a short code, and is that of no tap: theirs begin with no Z. */
const REHEARSED_CODE = 'Z0-00';

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
    const { log, metrics, mode } = this.#parts;
    const id = this.#id(result.sequence);
    const { decision } = result;
    const rehearsed = mode() === 'rehearsal';
    if (decision.admitted && !rehearsed) {
      const entered = decision.tickets.map(({ ticket: { ticketNo }, entry }) => ({
        ticketNo,
        entry,
      }));
      this.#open({ ...result, decision, entered, people: entered.length });
    }
    this.#newest = id;
    this.#show(result);
    if (!rehearsed) metrics.tap(result);
    log.info({ ...logLine(id, result), ...(rehearsed && { mode: 'rehearsal' }) });
    this.#print(id, result);
  }

  /** The same card once more: shown again, and that is all. */
  repeat(result: TapResult): void {
    const { log, metrics } = this.#parts;
    this.#show(result);
    metrics.tap(result);
    log.info(logLine(this.#id(result.sequence), result));
  }

  /** By an act of staff: opens, shows and prints as a tap does. */
  letIn(admission: LetIn): void {
    const id = this.#id(admission.sequence);
    this.#newest = id;
    this.#open(admission);
    this.#show(admission);
    this.#print(id, admission);
  }

  /** What no card brings about in a rehearsal: shown as after a tap. */
  showRefusal(reason: RefusalReason): void {
    this.#show({ decision: refused(reason), record: undefined, code: REHEARSED_CODE });
  }

  /** Nothing of that admission's receipt was printed. */
  lost(id: string): void {
    if (id === this.#newest) this.visit.withoutReceipt();
  }

  #open({ sequence, decision, entered: tickets, people, list }: LetIn): void {
    const { turnstile, passages, log, metrics } = this.#parts;
    const { direction } = decision;
    const id = this.#id(sequence);
    turnstile.open({ id, direction, people }).catch((error: unknown) => {
      log.error({ tap: id, error: codeOf(error) }, 'turnstile did not open');
      metrics.deviceErrors.inc({ device: 'turnstile' });
    });
    const annulAfterS = list?.manifest.policy.passage?.annulAfterS;
    passages.opened({ sequence, direction, tickets, people }, annulAfterS);
  }

  close(): void {
    this.visit.close();
  }

  #show({ decision, record, code }: Pick<TapResult, 'decision' | 'record' | 'code'>): void {
    const { visit } = this;
    const language = record?.language ?? visit.language;
    if (!decision.admitted) {
      const { reason } = decision;
      const refused = { state: 'refused', language, reason, code } as const;
      if (reason === 'already-open') visit.tell({ state: 'already-open', language });
      else if (reason === 'card-removed') visit.putBack(refused);
      else visit.tell(refused);
      return;
    }
    const tickets = decision.tickets.map(({ ticket }) => ticket);
    const [first] = tickets;
    // Whoever has no ticket here stands beside the staff that let them in.
    if (!first) return;
    const zone = tickets.every((one) => one.zone === first.zone) ? first.zone : undefined;
    visit.tell({
      state: 'admitted',
      language,
      tickets: tickets.map(({ seat, category, place }) => ({ seat, category, place })),
      partySize: record?.party.size ?? 1,
      ...(decision.direction === 'out' && { direction: 'out' }),
      ...(decision.attention.length > 0 && { attention: decision.attention }),
      ...(zone !== undefined && { zone }),
      ...(this.#parts.receipts.unable && { noReceipt: true }),
    });
  }

  #print(id: string, { decision, ...rest }: TapResult | LetIn): void {
    if (!decision.admitted || decision.direction === 'out') return;
    this.#parts.receipts.print({ id, tickets: decision.tickets, ...rest });
  }

  #id(sequence: number): string {
    return admissionId(this.#parts.gateId, sequence);
  }
}

/** Names an admission among all gates: unique, and it tells nothing. */
export function admissionId(gateId: Uint8Array, sequence: number): string {
  return `${toHex(gateId).slice(0, 8)}-${sequence}`;
}

function logLine(id: string, result: TapResult): object {
  const { decision, profile, code, steps, tapMs, list } = result;
  return {
    tap: id,
    outcome: toldOutcome(result),
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
