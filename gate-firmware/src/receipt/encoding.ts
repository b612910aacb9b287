import { MISSING, toCp932 } from './cp932.ts';

/** Every printer sold in Japan has CP932 in its ROM; newer ones take UTF-8 besides (Epson's `FS ( C`). */
export const PRINTER_ENCODINGS = ['cp932', 'utf-8'] as const;
export type PrinterEncoding = (typeof PRINTER_ENCODINGS)[number];

/** The document in characters that a printer of that encoding has, and how many it lacks: each is 〓 on paper. */
export function toPrintable(
  document: string,
  encoding: PrinterEncoding,
): { readonly document: string; readonly missing: number } {
  if (encoding === 'cp932') return toCp932(document);
  let missing = 0;
  const printable = document.normalize('NFC').replace(BEYOND_FONTS, () => {
    missing++;
    return MISSING;
  });
  return { document: printable, missing };
}

/** Printers' fonts end with the basic plane and have no pictures and no joined or right-to-left scripts. */
const BEYOND_FONTS =
  /[\u{10000}-\u{10ffff}]|\p{Emoji_Presentation}|[\p{Script=Arabic}\p{Script=Hebrew}\p{M}]/gu;
