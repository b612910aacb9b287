/** Payment slips (払込票) as they are paid at counters of convenience stores. docs/buying.md says what of it is invented. */

export const SLIP_LENGTH = 12;
/** Of no real company: such codes are given out by GS1 Japan. */
export const SANDBOX_COMPANY = '999999';
/** A slip for more is paid at no counter. */
export const MAX_SLIP_YEN = 300_000;
/** From here on a receipt carries a revenue stamp. */
const STAMP_YEN = 50_000;

/** Eleven random digits and the check digit. */
export function newSlipNumber(random: (length: number) => Uint8Array): string {
  const value = Buffer.from(random(6)).readUIntBE(0, 6) % 10 ** (SLIP_LENGTH - 1);
  const digits = String(value).padStart(SLIP_LENGTH - 1, '0');
  return digits + checkDigit(digits);
}

/** As it was typed; undefined for what is no such number: one wrong digit is always found. */
export function parseSlipNumber(text: string): string | undefined {
  const digits = text.normalize('NFKC').replaceAll(/[\s-]/g, '');
  if (!/^[0-9]{12}$/.test(digits)) return undefined;
  return checkDigit(digits.slice(0, -1)) === digits.at(-1) ? digits : undefined;
}

/** Groups of four. */
export const formatSlipNumber = (number: string) => number.replaceAll(/(\d{4})(?=\d)/g, '$1-');

export interface Slip {
  readonly number: string;
  readonly amountYen: number;
  /** The last day on which it is paid, `YYMMDD`. */
  readonly dueDay: string;
}

/**
 * The 44 digits of the barcode: application identifier 91, company, 21 digits of its own, a mark of re-issue, last
 * day, revenue stamp, amount, check digit. In parentheses as barcode programs want identifiers.
 */
export function slipBarcode({ number, amountYen, dueDay }: Slip): string {
  if (!/^\d{6}$/.test(dueDay)) throw new RangeError('a day is six digits');
  const stamp = amountYen >= STAMP_YEN ? '1' : '0';
  const own = number.padStart(21, '0');
  const amount = String(amountYen).padStart(6, '0');
  const body = `91${SANDBOX_COMPANY}${own}0${dueDay}${stamp}${amount}`;
  return `(91)${body.slice(2)}${checkDigit(body)}`;
}

/** Modulus 10 with weights 3 and 1 from the right, as of EAN numbers. */
export function checkDigit(digits: string): string {
  const sum = [...digits]
    .reverse()
    .reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 3 : 1), 0);
  return String((10 - (sum % 10)) % 10);
}
