import type { Language, Ticket } from '@pinless-gate/protocol/record';
import { seatLines } from './seat-lines.ts';
import { DEFAULT_TEMPLATE, type Template, type Values } from './template.ts';
import { COLUMNS, columnsOf, escapeProperty, escapeText, plainLine } from './text.ts';
import { EVERYWHERE, type ReceiptWords, receiptWords } from './words.ts';

export interface ReceiptContent {
  /** `startsAt` in Unix seconds. */
  readonly event: { readonly name: string; readonly place: string; readonly startsAt: number };
  readonly ticket: Ticket;
  readonly partySize: number;
  /** Short code that leads staff to the admission. */
  readonly code: string;
  /** For the QR: the gate's signed statement. Absent: the short code. */
  readonly signed?: string | undefined;
  readonly language: Language;
  /** Unix milliseconds. */
  readonly enteredAt: number;
  /** Printed once before. */
  readonly copy: boolean;
  /** IANA name, for instance `Asia/Tokyo`. */
  readonly timeZone: string;
}

/**
 * The receipt of one ticket in receiptline's markup, 42 columns. Names nobody. Every text from outside is
 * escaped, so the markup can hold no command that the template does not. In the ticket's language where that is
 * `printable`, in English otherwise.
 */
export function receiptDocument(
  content: ReceiptContent,
  template: Template = DEFAULT_TEMPLATE,
  printable: readonly Language[] = EVERYWHERE,
): string {
  return template.fill(receiptValues(content, receiptWords(content.language, printable)));
}

function receiptValues(content: ReceiptContent, words: ReceiptWords): Values {
  const { event, ticket, partySize, timeZone } = content;
  const { seat } = ticket;
  const starts = new Date(event.startsAt * 1000);
  const day = dayIn(words, timeZone, starts);
  const clock = timeIn(timeZone, starts);
  const inline = {
    event: event.name,
    venue: event.place,
    starts: words.starts(day, clock),
    date: day,
    time: clock,
    gate: seat.gate,
    block: seat.block ?? '',
    row: seat.row ?? '',
    number: seat.number ?? '',
    party: partySize > 1 ? words.partyOf(ticket.place, partySize) : '',
    ticket: ticket.ticketNo,
    entered: stampIn(timeZone, new Date(content.enteredAt)),
    code: content.code,
    copy: content.copy ? words.copy : '',
    keep: words.keep,
    'label.gate': words.gate,
    'label.block': words.block,
    'label.row': words.row,
    'label.number': words.number,
    'label.party': words.party,
    'label.ticket': words.ticket,
    'label.entered': words.entered,
  };
  const escaped = Object.entries(inline).map(([name, text]) => [name, escapeText(text)]);
  return {
    ...(Object.fromEntries(escaped) as Record<keyof typeof inline, string>),
    title: title(event.name),
    seat: seatLines(seat, words).join('\n'),
    qr: qr(content.signed ?? content.code),
  };
}

/** Large enough for a phone in a dark hall; a long statement gets smaller squares, so that it stays on the paper. */
function qr(data: string): string {
  const cell = data.length > 200 ? 4 : 5;
  const level = data.length > 100 ? 'l' : 'm';
  return `{option:qrcode,${cell},${level}; code:${escapeProperty(data)}}`;
}

/** Twice as large, or only bold where the line is too short for that. */
function title(text: string): string {
  const escaped = escapeText(text);
  return columnsOf(plainLine(text)) * 2 <= COLUMNS ? `"^^^${escaped}^^^"` : `"${escaped}"`;
}

function dayIn({ locale, day }: ReceiptWords, timeZone: string, date: Date): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone, ...options }).format(date);
  const inFull = { year: 'numeric', month: 'long', day: 'numeric' } as const;
  return day(format(inFull), format({ weekday: 'short' }));
}

function timeIn(timeZone: string, date: Date): string {
  return date.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
}

/** ISO 8601 order: for staff, who compare it with the journal. */
function stampIn(timeZone: string, date: Date): string {
  return `${date.toLocaleDateString('sv-SE', { timeZone })} ${timeIn(timeZone, date)}`;
}
