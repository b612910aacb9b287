/** Geta mark: what Japanese print shops set for a character they do not have. */
export const MISSING = '〓';

/** Same character, other code point: CP932 has the one on the right. */
const TWINS: Readonly<Record<string, string>> = {
  '\u2212': '\uff0d', // minus
  '\u301c': '\uff5e', // wave dash
  '\u2014': '\u2015', // em dash
  '\u2013': '-', // en dash
  '\u2016': '\u2225', // parallel
  '\u00a2': '\uffe0', // cent
  '\u00a3': '\uffe1', // pound
  '\u00ac': '\uffe2', // not
  '\u00a5': '\uffe5', // yen
  '\u00a0': ' ',
  '\u00b7': '・',
  '\u2022': '・',
};

/**
 * A receipt document in characters that the printer has. What it lacks becomes its twin, its letter
 * without the accent, or the geta mark, and is counted: never a silent `?`.
 */
export function toCp932(document: string): { readonly document: string; readonly missing: number } {
  let missing = 0;
  let result = '';
  for (const character of document.normalize('NFC')) {
    const printable = printableForm(character);
    if (printable === undefined) missing++;
    result += printable ?? MISSING;
  }
  return { document: result, missing };
}

function printableForm(character: string): string | undefined {
  if (character < '\x80') return character;
  const known = characters();
  if (known.has(character)) return character;
  const twin = TWINS[character];
  if (twin !== undefined) return twin;
  const bare = character.normalize('NFKD').replace(/\p{M}/gu, '');
  const printable = [...bare].every((part) => PLAIN.test(part) || known.has(part));
  return bare !== '' && printable ? bare : undefined;
}

/** A compatibility form must not bring in markup characters. */
const PLAIN = /^[0-9A-Za-z .,:/()-]$/;

let known: Set<string> | undefined;

/** Every character beyond ASCII that CP932 has, from the platform's own decoder. */
function characters(): Set<string> {
  if (known) return known;
  known = new Set();
  const decoder = new TextDecoder('shift_jis');
  for (let octet = 0xa1; octet <= 0xdf; octet++) add(known, decoder.decode(Uint8Array.of(octet)));
  for (let lead = 0x81; lead <= 0xfc; lead++) {
    for (let trail = 0x40; trail <= 0xfc; trail++) {
      add(known, decoder.decode(Uint8Array.of(lead, trail)));
    }
  }
  return known;
}

function add(set: Set<string>, decoded: string): void {
  // One character, defined, not from the area that users define: anything else is no CP932 character.
  if ([...decoded].length === 1 && !/[\ufffd\p{Co}]/u.test(decoded)) set.add(decoded);
}
