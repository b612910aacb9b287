import receiptline from 'receiptline';
import { type PrinterEncoding, toCp932 } from './cp932.ts';
import { COLUMNS } from './layout.ts';

export interface EscPosOptions {
  readonly encoding: PrinterEncoding;
}

/**
 * The octets for an ESC/POS printer: cuts the paper, then asks for the paper's status (`GS r 1`), which
 * the printer answers when it has printed everything before.
 */
export function renderEscPos(document: string, { encoding }: EscPosOptions): Uint8Array {
  const commands = receiptline.transform(toCp932(document).document, {
    cpl: COLUMNS,
    encoding,
    command: 'escpos',
    spacing: true,
  });
  return new Uint8Array(Buffer.from(commands, 'latin1'));
}

/** The receipt as plain text of 42 columns, for terminals and tests. */
export function renderText(document: string): string {
  return receiptline
    .transform(document, { cpl: COLUMNS, encoding: 'cp932', command: 'text' })
    .replace(/[ \t]+$/gm, '');
}
