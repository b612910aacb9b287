import { receiptDocument } from '@pinless-gate/gate-firmware/receipt/layout';
import {
  DEFAULT_TEMPLATE,
  DEFAULT_TEMPLATE_TEXT,
  readTemplate,
  Template,
} from '@pinless-gate/gate-firmware/receipt/template';
import { describe, expect, test } from 'vitest';
import { CONTENT, TICKET } from './content.ts';

const filled = (text: string, content = CONTENT) =>
  receiptDocument(content, new Template(text, 'receipt.txt'));

describe('Template', () => {
  test('the one that is given to start from is the one in use', () => {
    const own = readTemplate(Buffer.from(DEFAULT_TEMPLATE_TEXT), 'receipt.txt');
    expect(receiptDocument(CONTENT, own)).toBe(receiptDocument(CONTENT, DEFAULT_TEMPLATE));
  });

  test('a line with something that a ticket does not have is left out', () => {
    const text = 'A\n{{label.party}} {{party}}\n\n\nB {{ticket}}\n';
    expect(filled(text)).toBe('A\nご一行 2 / 4 名さま\n\nB T-000123-2');
    expect(filled(text, { ...CONTENT, partySize: 1 })).toBe('A\n\nB T-000123-2');
  });

  test('a placeholder in a value stays what it is: text', () => {
    const ticket = { ...TICKET, ticketNo: '{{seat}}' };
    expect(filled('{{ticket}}', { ...CONTENT, ticket })).toBe('\\x7b\\x7bseat\\x7d\\x7d');
  });

  test("receiptline's own markup stays", () => {
    expect(filled('{image:iVBORw0KGgo=}\n{{ code }}')).toBe('{image:iVBORw0KGgo=}\nK7-42');
  });

  test.each([
    ['A\n{{seet}}', 'ERR_TEMPLATE_NAME', 'receipt.txt:2: {{seet}} is unknown'],
    ['{{}}', 'ERR_TEMPLATE_NAME', 'receipt.txt:1'],
    ['A\r\nB\r\n{{seat', 'ERR_TEMPLATE_BRACES', 'receipt.txt:3'],
    ['ticket}}', 'ERR_TEMPLATE_BRACES', 'receipt.txt:1'],
    ['{{{seat}}}', 'ERR_TEMPLATE_LINE', 'receipt.txt:1'],
    ['Seat: {{seat}}', 'ERR_TEMPLATE_LINE', 'receipt.txt:1: {{seat}} stands alone'],
  ])('%j is refused by its line', (text, code, message) => {
    expect(() => new Template(text, 'receipt.txt')).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
