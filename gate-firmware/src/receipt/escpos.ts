import receiptline from 'receiptline';
import { type PrinterEncoding, toPrintable } from './encoding.ts';
import { COLUMNS } from './text.ts';

export interface EscPosOptions {
  readonly encoding: PrinterEncoding;
}

/**
 * The octets for an ESC/POS printer: cuts the paper, then asks for the paper's status (`GS r 1`), which
 * the printer answers when it has printed everything before.
 */
export function renderEscPos(document: string, { encoding }: EscPosOptions): Uint8Array {
  const commands = receiptline.transform(toPrintable(document, encoding).document, {
    cpl: COLUMNS,
    // Of UTF-8 receiptline knows nothing; widths are those of CP932.
    encoding: 'cp932',
    command: encoding === 'cp932' ? 'escpos' : UTF8,
    spacing: true,
  });
  return new Uint8Array(Buffer.from(commands, 'latin1'));
}

/** FS ( C 48: characters by UTF-8, or one octet each, which the ruled lines need. */
const BY_UTF8 = '\x1c(C\x02\x000\x02';
const BY_OCTET = '\x1c(C\x02\x000\x01';
/** FS ( C 60: the Japanese font first, so that ideographs have their Japanese form. */
const JAPANESE_FIRST = '\x1c(C\x03\x00<\x00\x0b';

const UTF8 = {
  ...receiptline.commands.escpos,
  text: (text: string) =>
    `${BY_UTF8}${JAPANESE_FIRST}${Buffer.from(text, 'utf8').toString('latin1')}${BY_OCTET}`,
};

/** The receipt as plain text of 42 columns, for terminals and tests. */
export function renderText(document: string): string {
  return receiptline
    .transform(document, { cpl: COLUMNS, encoding: 'cp932', command: 'text' })
    .replace(/[ \t]+$/gm, '');
}
