import { MISSING, toCp932 } from '@pinless-gate/gate-firmware/receipt/cp932';
import { renderEscPos } from '@pinless-gate/gate-firmware/receipt/escpos';
import { receiptDocument } from '@pinless-gate/gate-firmware/receipt/layout';
import { describe, expect, test } from 'vitest';
import { CONTENT } from './content.ts';

describe('toCp932', () => {
  test.each([
    ['what CP932 has, NEC and IBM extensions too', '髙﨑①ｱ～', '髙﨑①ｱ～', 0],
    ['a letter with an accent', 'café Žižek', 'cafe Zizek', 0],
    ['the other minus, dash and wave', '1−2—3–4〜5', '1－2―3-4～5', 0],
    ['currency', '¥£¢', '￥￡￠', 0],
    ['a compatibility form', 'ﬁ㎠', 'ficm2', 0],
    ['a character that Japan does not print', '👍한글', MISSING.repeat(3), 3],
    ['an ideograph of four octets', '𠮷野家', '〓野家', 1],
  ])('%s', (_, text, expected, missing) => {
    expect(toCp932(text)).toEqual({ document: expected, missing });
  });

  test('a compatibility form of a markup character brings in no markup', () => {
    for (const character of ['﹛', '﹜', '︴', '﹨']) {
      expect(toCp932(character).document).not.toMatch(/[{}|_\\]/);
    }
  });
});

describe('renderEscPos', () => {
  test('no character becomes a silent question mark', () => {
    // One of every block that has letters: whatever the table lets through must be in the printer.
    let all = '';
    for (let code = 0xa0; code < 0xfffe; code += 1) {
      const character = String.fromCodePoint(code);
      if (!/[\p{C}\p{Z}\p{M}]/u.test(character)) all += character;
    }
    const document = toCp932(all).document.replace(/[ -~]/g, '');
    const lines = document.match(/.{1,20}/gu) ?? [];
    const commands = Buffer.from(renderEscPos(lines.join('\n'), { encoding: 'cp932' }));
    expect(lines.length).toBeGreaterThan(300);
    expect(commands.includes('?')).toBe(false);
  });

  test('asks for the status last, after the cut', () => {
    const octets = renderEscPos(receiptDocument(CONTENT), { encoding: 'cp932' });
    expect(Buffer.from(octets.subarray(-7)).toString('hex')).toBe('1d5642001d7231');
  });

  test('to a printer that takes UTF-8, in UTF-8, but for ruled lines', () => {
    const octets = Buffer.from(renderEscPos('横浜 café 𠮷👍\n-', { encoding: 'utf-8' }));
    const [byUtf8, byOctet] = ['\x1c(C\x02\x000\x02', '\x1c(C\x02\x000\x01'];
    expect(octets.includes(Buffer.from(`横浜 café ${MISSING}${MISSING}`))).toBe(true);
    const text = octets.toString('latin1');
    expect(text.indexOf(byUtf8)).toBeLessThan(octets.indexOf('横浜'));
    expect(text.lastIndexOf(byOctet)).toBeGreaterThan(octets.indexOf('横浜'));
    expect(text.lastIndexOf('\x95'.repeat(42))).toBeGreaterThan(text.lastIndexOf(byOctet));
  });
});
