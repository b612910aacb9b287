import { utf8 } from '@pinless-gate/protocol/bytes';
import { parseLine } from '@pinless-gate/whitelist-builder/purchase/line';
import { describe, expect, test } from 'vitest';
import { purchase } from '../fixture.ts';

const parse = (value: unknown) => parseLine(utf8(JSON.stringify(value)));
const ticket = purchase(1).tickets[0]!;

/** interfaces.md, with its placeholders filled in. */
const DOCUMENTED = `{"purchaseId":"P-000123","status":"paid",
 "holder":{"serial":"0705d990","issuer":"jpki-auth"},
 "enrolment":{"evidenceId":"E-77","method":"pin","at":"2026-11-01T09:00:00+09:00"},
 "language":"ja",
 "tickets":[{"ticketNo":"T-000123-1","seat":{"gate":"B","block":"112","row":"7","number":"15"},"category":"adult",
             "admission":{"from":"2026-12-20T15:00:00+09:00","until":"2026-12-20T21:00:00+09:00"},"entries":1,"reentry":false},
            {"ticketNo":"T-000123-2","seat":{"gate":"B","block":"112","row":"7","number":"16"},"category":"child","with":"T-000123-1"}],
 "companions":[{"ticketNo":"T-000123-3","holder":{"serial":"0705d991","issuer":"jpki-auth"}}]}`;

describe('parseLine', () => {
  test('the documented purchase', () => {
    const { purchase: parsed } = parseLine(utf8(DOCUMENTED.replaceAll('\n', ' ')));
    expect(parsed?.tickets).toHaveLength(2);
    expect(parsed?.companions?.[0]?.ticketNo).toBe('T-000123-3');
  });

  test('columns that begin with x_ are dropped wherever they stand', () => {
    const { purchase: parsed } = parse({
      ...purchase(1),
      x_channel: 'web',
      tickets: [{ ...ticket, x_price: 1200, seat: { gate: 'B', x_colour: { deep: ['red'] } } }],
    });
    expect(JSON.stringify(parsed)).not.toMatch(/x_|web|1200|red/);
  });

  test('a line end of Windows', () => {
    expect(parseLine(utf8(`${JSON.stringify(purchase(1))}\r`)).problem).toBeUndefined();
  });

  test.each([
    ['not JSON', utf8('{"purchaseId":"P-1"'), 'not JSON'],
    ['a number alone', utf8('7'), 'must be an object'],
    ['an array', utf8('[]'), 'must be an object'],
    ['nothing', utf8(''), 'empty line'],
    ['spaces', utf8('  \t\r'), 'empty line'],
    ['Latin-1', Uint8Array.of(0x7b, 0xe9, 0x7d), 'not UTF-8'],
    ['a surrogate in UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'not UTF-8'],
    ['an overlong form', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), 'not UTF-8'],
    ['a byte order mark', utf8('\ufeff{}'), 'begins with a byte order mark'],
  ])('the whole line is refused: %s', (_, bytes, reason) => {
    expect(parseLine(bytes).problem).toEqual({ field: '', reason });
  });

  const without = (key: string) =>
    Object.fromEntries(Object.entries(purchase(1)).filter(([k]) => k !== key));
  const withTicket = (changes: object) => purchase(1, { tickets: [{ ...ticket, ...changes }] });
  test.each([
    ['no purchaseId', without('purchaseId'), 'purchaseId', 'must be text'],
    ['no status', without('status'), 'status', /paid/],
    ['another status', purchase(1, { status: 'refunded' }), 'status', /paid/],
    ['no holder', without('holder'), 'holder', 'must be an object'],
    ['no enrolment', without('enrolment'), 'enrolment', 'must be an object'],
    ['no tickets', without('tickets'), 'tickets', 'must be an array'],
    ['empty tickets', purchase(1, { tickets: [] }), 'tickets', /1/],
    ['51 tickets', purchase(1, { tickets: Array(51).fill(ticket) }), 'tickets', /50/],
    ['an unknown column', purchase(1, { name: 'Yamada' }), 'name', 'unknown column'],
    [
      'an unknown column of a ticket',
      withTicket({ buyer: 'Yamada' }),
      'tickets[0].buyer',
      'unknown column',
    ],
    [
      'a prototype as a column',
      JSON.parse(JSON.stringify(purchase(1)).replace('{', '{"__proto__":{"a":1},')),
      '__proto__',
      'unknown column',
    ],
    [
      'a date of birth of the holder',
      purchase(1, { holder: { serial: '07', issuer: 'a', born: '1990' } }),
      'holder.born',
      'unknown column',
    ],
    [
      'a name with spaces as an id',
      purchase(1, { purchaseId: 'Yamada Taro' }),
      'purchaseId',
      /ASCII/,
    ],
    ['a name in kanji as an id', purchase(1, { purchaseId: '山田太郎' }), 'purchaseId', /ASCII/],
    ['an id of 65 characters', purchase(1, { purchaseId: 'P'.repeat(65) }), 'purchaseId', /64/],
    [
      'a ticket number that is a number',
      withTicket({ ticketNo: 7 }),
      'tickets[0].ticketNo',
      'must be text',
    ],
    [
      'a seat without gate',
      withTicket({ seat: { row: '7' } }),
      'tickets[0].seat.gate',
      'must be text',
    ],
    [
      'an escape sequence in a seat',
      withTicket({ seat: { gate: 'B', row: '\u001b[2J' } }),
      'tickets[0].seat.row',
      /control/,
    ],
    [
      'a right-to-left override',
      withTicket({ seat: { gate: 'B', row: '\u202e7' } }),
      'tickets[0].seat.row',
      /control/,
    ],
    [
      'half a surrogate pair',
      withTicket({ seat: { gate: 'B', row: '\ud800' } }),
      'tickets[0].seat.row',
      /control/,
    ],
    ['33 characters', withTicket({ category: 'x'.repeat(33) }), 'tickets[0].category', /32/],
    ['an empty category', withTicket({ category: '' }), 'tickets[0].category', /empty/],
    ['no entries', withTicket({ entries: 0 }), 'tickets[0].entries', />=1/],
    ['half an entry', withTicket({ entries: 1.5 }), 'tickets[0].entries', 'must be a whole number'],
    ['100 entries', withTicket({ entries: 100 }), 'tickets[0].entries', /99/],
    [
      'reentry as text',
      withTicket({ reentry: 'no' }),
      'tickets[0].reentry',
      'must be true or false',
    ],
    [
      'a time without offset',
      withTicket({
        admission: { from: '2026-12-20T15:00:00', until: '2026-12-20T21:00:00+09:00' },
      }),
      'tickets[0].admission.from',
      /offset/,
    ],
    [
      'a day that is not',
      withTicket({ admission: { from: '2026-02-30T15:00:00Z', until: '2026-12-20T21:00:00Z' } }),
      'tickets[0].admission.from',
      /offset/,
    ],
    ['an unknown language', purchase(1, { language: 'fr' }), 'language', /ja/],
    ['holder: neither form', purchase(1, { holder: {} }), 'holder.serial', 'must be text'],
    [
      'holder: both forms',
      purchase(1, { holder: { certificate: 'AA==', serial: '07' } }),
      'holder.serial',
      'unknown column',
    ],
    [
      'holder: not hex',
      purchase(1, { holder: { serial: '0x07', issuer: 'a' } }),
      'holder.serial',
      /hex/,
    ],
    [
      'holder: 41 digits',
      purchase(1, { holder: { serial: '7'.repeat(41), issuer: 'a' } }),
      'holder.serial',
      /hex/,
    ],
    [
      'holder: no issuer',
      purchase(1, { holder: { serial: '07' } }),
      'holder.issuer',
      'must be text',
    ],
    ['holder: text', purchase(1, { holder: '07' }), 'holder', 'must be an object'],
    [
      'companion: no holder',
      purchase(1, { companions: [{ ticketNo: 'T' }] }),
      'companions[0].holder',
      'must be an object',
    ],
    [
      'companion: no number',
      purchase(1, { companions: [{ holder: { serial: '07', issuer: 'a' } }] }),
      'companions[0].ticketNo',
      'must be text',
    ],
  ])('refused with its field: %s', (_, value, field, reason) => {
    const { problem } = parse(value);
    expect(problem).toEqual({
      field,
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    });
  });

  test('no reason repeats the value', () => {
    const secrets = ['Yamada Taro', '1990-01-01T00:00', 'SECRET'];
    for (const secret of secrets) {
      for (const changes of [
        { purchaseId: `${secret} ` },
        { status: secret },
        { language: secret },
        { holder: { serial: secret, issuer: secret } },
        { holder: { certificate: '', x: secret } },
      ]) {
        expect(JSON.stringify(parse(purchase(1, changes)).problem)).not.toContain(secret);
      }
    }
    expect(parseLine(utf8('{"purchaseId": SECRET}')).problem?.reason).toBe('not JSON');
  });

  test('a very long unknown column is cut', () => {
    const { problem } = parse({ ...purchase(1), ['n'.repeat(10_000)]: 1 });
    expect(problem?.field).toHaveLength(40);
  });
});
