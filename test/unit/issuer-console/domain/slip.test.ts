import {
  checkDigit,
  formatSlipNumber,
  newSlipNumber,
  parseSlipNumber,
  slipBarcode,
} from '@pinless-gate/issuer-console/domain/slip';
import { describe, expect, test } from 'vitest';

describe('a slip number', () => {
  // EAN-13 4901234567894 and GTIN-14 14901234567891 (JAN code examples): the same rule.
  test.each([
    ['490123456789', '4'],
    ['1490123456789', '1'],
    ['', '0'],
  ])('%s has the check digit %s', (digits, digit) => {
    expect(checkDigit(digits)).toBe(digit);
  });

  test('is read as it was typed, and with any digit wrong it is none', () => {
    const number = newSlipNumber((length) => new Uint8Array(length).fill(0x5a));
    expect(number).toMatch(/^\d{12}$/);
    expect(formatSlipNumber(number)).toMatch(/^\d{4}-\d{4}-\d{4}$/);
    expect(parseSlipNumber(` ${formatSlipNumber(number)}`)).toBe(number);
    const wide = number.replaceAll(/\d/g, (d) => String.fromCodePoint(d.charCodeAt(0) + 0xfee0));
    expect(parseSlipNumber(wide)).toBe(number);
    for (let at = 0; at < number.length; at++) {
      const wrong = `${number.slice(0, at)}${(Number(number[at]) + 1) % 10}${number.slice(at + 1)}`;
      expect(parseSlipNumber(wrong)).toBeUndefined();
    }
    for (const text of ['', '123', `${number}0`, 'abcdefghijkl']) {
      expect(parseSlipNumber(text)).toBeUndefined();
    }
  });
});

test.each([
  [16_000, '0', '016000'],
  [50_000, '1', '050000'],
])(
  'the barcode for %d yen has 44 digits, and says whether a stamp is due',
  (yen, stamp, amount) => {
    const code = slipBarcode({ number: '123456789012', amountYen: yen, dueDay: '261218' });
    const digits = code.replaceAll(/[()]/g, '');
    expect(digits).toHaveLength(44);
    expect(code).toContain('(91)999999000000000123456789012');
    expect(digits.slice(29, 43)).toBe(`0261218${stamp}${amount}`);
    expect(checkDigit(digits.slice(0, -1))).toBe(digits.at(-1));
    const bad = () => slipBarcode({ number: '1', amountYen: 1, dueDay: '2612' });
    expect(bad).toThrow(RangeError);
  },
);
