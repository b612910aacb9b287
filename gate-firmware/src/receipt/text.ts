/** Characters a line of 80 mm paper holds. */
export const COLUMNS = 42;

/**
 * Text as a receipt may hold it: one line, no control, format or private-use characters, so that nothing
 * in it can be a printer command, break the markup or turn the direction of writing.
 */
export function plainLine(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{C}\p{Variation_Selector}]/gu, '')
    .trim();
}

/**
 * One line of text, such that receiptline prints it as it is. Backslash and tilde become full-width: in
 * the Japanese set of a printer their octets are ¥ and an overline.
 */
export function escapeText(text: string): string {
  return plainLine(text)
    .replaceAll('\\', '＼')
    .replaceAll('~', '～')
    .replace(/[|{}_"`^]|^[-=]/g, hexadecimal);
}

/** Data of a receiptline property, where also `;` and `:` have a meaning. */
export function escapeProperty(text: string): string {
  return plainLine(text).replace(/[^0-9A-Za-z]/g, (character) =>
    character < '\x80' ? hexadecimal(character) : character,
  );
}

function hexadecimal(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** Columns on paper: characters beyond ASCII and half-width kana take two. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    columns += code < 0x80 || (code > 0xff60 && code < 0xffa0) ? 1 : 2;
  }
  return columns;
}
