import type { Language, Seat, Ticket } from '@pinless-gate/protocol/record';
import { columnsOf, escapeProperty, escapeText, plainLine } from './text.ts';

/** Characters a line of 80 mm paper holds. */
export const COLUMNS = 42;

export interface ReceiptContent {
  /** `startsAt` in Unix seconds. */
  readonly event: { readonly name: string; readonly place: string; readonly startsAt: number };
  readonly ticket: Ticket;
  readonly partySize: number;
  /** Short code that leads staff to the admission; also in the QR. */
  readonly code: string;
  readonly language: Language;
  /** Unix milliseconds. */
  readonly enteredAt: number;
  /** Printed once before. */
  readonly copy: boolean;
  /** IANA name, for instance `Asia/Tokyo`. */
  readonly timeZone: string;
}

interface Words {
  readonly gate: string;
  readonly block: string;
  readonly row: string;
  readonly number: string;
  readonly starts: (date: string, time: string) => string;
  readonly entered: string;
  readonly ticket: string;
  readonly party: string;
  readonly partyOf: (place: number, size: number) => string;
  readonly copy: string;
  readonly keep: string;
  readonly locale: string;
}

/** A printer's own font, JIS, has neither simplified Chinese nor Korean: their tickets print in English. */
const WORDS: Readonly<Record<'ja' | 'en', Words>> = {
  ja: {
    gate: 'ゲート',
    block: 'ブロック',
    row: '列',
    number: '番',
    starts: (date, time) => `${date} ${time} 開始`,
    entered: '入場',
    ticket: '券番号',
    party: 'ご一行',
    partyOf: (place, size) => `${place} / ${size} 名さま`,
    // Both languages: the staff who check a copy may not read the guest's.
    copy: '再発行',
    keep: 'お席の控えです。退場までお持ちください',
    locale: 'ja-JP',
  },
  en: {
    gate: 'GATE',
    block: 'BLOCK',
    row: 'ROW',
    number: 'SEAT',
    starts: (date, time) => `${date}, ${time}`,
    entered: 'Entered',
    ticket: 'Ticket',
    party: 'Party',
    partyOf: (place, size) => `${place} / ${size}`,
    copy: '再発行 COPY',
    keep: 'Your seat. Please keep until you leave',
    locale: 'en-GB',
  },
};

/**
 * The receipt of one ticket in receiptline's markup, 42 columns. Names nobody. Every text from outside is
 * escaped, so the markup can hold no command that is not ours.
 */
export function receiptDocument(content: ReceiptContent): string {
  const words = WORDS[content.language === 'ja' ? 'ja' : 'en'];
  const { event, ticket, partySize } = content;
  const starts = new Date(event.startsAt * 1000);
  const day = dayIn(words.locale, content.timeZone, starts);
  const lines = [
    '{width:auto}',
    ...(content.copy ? [`\`^^^ ${escapeText(words.copy)} ^^^\``, ''] : []),
    title(event.name),
    '',
    escapeText(words.starts(day, timeIn(content.timeZone, starts))),
    escapeText(event.place),
    '-',
    ...seatLines(ticket.seat, words),
    '-',
    '{width:12 *}',
    ...(partySize > 1 ? [pair(words.party, words.partyOf(ticket.place, partySize), true), ''] : []),
    pair(words.ticket, ticket.ticketNo),
    pair(words.entered, stampIn(content.timeZone, new Date(content.enteredAt))),
    '{width:auto}',
    '',
    `{option:qrcode,5,m; code:${escapeProperty(content.code)}}`,
    '',
    `"^^^${escapeText(content.code)}^^^"`,
    '',
    escapeText(words.keep),
  ];
  return lines.filter((line, i) => line !== '' || lines[i - 1] !== '').join('\n');
}

interface Field {
  readonly label: string;
  readonly value: string;
}

/** Gate on its own, then block, row and number side by side, each as large as the paper allows. */
function seatLines(seat: Seat, words: Words): string[] {
  const field = (label: string, value: string | undefined): Field[] =>
    value === undefined || plainLine(value) === '' ? [] : [{ label, value: plainLine(value) }];
  const place = [
    ...field(words.block, seat.block),
    ...field(words.row, seat.row),
    ...field(words.number, seat.number),
  ];
  const rows = [
    ...field(words.gate, seat.gate).map((gate) => [gate]),
    ...(scaleOf(place) >= SMALLEST_BESIDE ? [place] : place.map((one) => [one])),
  ];
  return rows.filter((row) => row.length > 0).flatMap((row) => [...fieldRow(row), '']);
}

/** Largest scale of the printer's font, in both directions. */
const LARGEST = 6;
/** Below this, fields side by side are harder to read in a dark hall than one below the other. */
const SMALLEST_BESIDE = 3;

/** The largest scale at which the values stand side by side; 0 where none does. */
function scaleOf(fields: readonly Field[]): number {
  for (let scale = LARGEST; scale >= 2; scale--) {
    if (widthsAt(fields, scale).reduce((sum, width) => sum + width + 1, -1) <= COLUMNS)
      return scale;
  }
  return 0;
}

function widthsAt(fields: readonly Field[], scale: number): number[] {
  return fields.map(({ label, value }) => Math.max(columnsOf(label), columnsOf(value) * scale));
}

function fieldRow(fields: readonly Field[]): string[] {
  // What fits at no scale is wrapped by receiptline at twice the size.
  const scale = Math.max(scaleOf(fields), 2);
  const widths = spread(widthsAt(fields, scale));
  const carets = '^'.repeat(scale + 1);
  const cells = (texts: readonly string[]) =>
    texts.length === 1 ? texts[0]! : `| ${texts.join(' | ')} |`;
  return [
    `{width:${fields.length === 1 ? '*' : widths.join(' ')}}`,
    cells(fields.map(({ label }) => escapeText(label))),
    cells(fields.map(({ value }) => `${carets}${escapeText(value)}${carets}`)),
    '{width:auto}',
  ];
}

/** Shares out the columns left over, so that the fields stand evenly across the paper. */
function spread(widths: readonly number[]): number[] {
  const free = COLUMNS - (widths.length - 1) - widths.reduce((sum, width) => sum + width, 0);
  const share = Math.max(Math.floor(free / widths.length), 0);
  return widths.map((width) => width + share);
}

/** Twice as large, or only twice as high where the line is too short for that. */
function title(text: string): string {
  const escaped = escapeText(text);
  return columnsOf(plainLine(text)) * 2 <= COLUMNS ? `"^^^${escaped}^^^"` : `^^${escaped}^^`;
}

function pair(label: string, value: string, strong = false): string {
  const text = strong ? `"^^^${escapeText(value)}^^^"` : escapeText(value);
  return `|${escapeText(label)} |${text} |`;
}

function dayIn(locale: string, timeZone: string, date: Date): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone,
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    weekday: 'short',
  }).format(date);
}

function timeIn(timeZone: string, date: Date): string {
  return date.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
}

/** ISO 8601 order: for staff, who compare it with the journal. */
function stampIn(timeZone: string, date: Date): string {
  return `${date.toLocaleDateString('sv-SE', { timeZone })} ${timeIn(timeZone, date)}`;
}
