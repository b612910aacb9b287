import { toPrintable } from '@pinless-gate/gate-firmware/receipt/encoding';
import { renderEscPos, renderText } from '@pinless-gate/gate-firmware/receipt/escpos';
import { receiptDocument } from '@pinless-gate/gate-firmware/receipt/layout';
import { renderSvg } from '@pinless-gate/gate-firmware/receipt/svg';
import { DEFAULT_TEMPLATE } from '@pinless-gate/gate-firmware/receipt/template';
import { COLUMNS, columnsOf } from '@pinless-gate/gate-firmware/receipt/text';
import { LANGUAGES, type Seat } from '@pinless-gate/protocol/record';
import { describe, expect, test } from 'vitest';
import { CONTENT, TICKET } from './content.ts';

const withSeat = (seat: Seat) => ({ ...CONTENT, ticket: { ...TICKET, seat } });
/** As printed, without the gaps that large letters leave in plain text. */
const squeezed = (document: string) => renderText(document).replace(/ +/g, '');

describe('receiptDocument', () => {
  test('Japanese: event, seat, party, ticket number, times of the venue, code', () => {
    const text = squeezed(receiptDocument(CONTENT));
    for (const part of [
      '冬の音楽祭2026',
      '横浜アリーナ',
      '2026年12月20日(日)18:00開始',
      'ゲート\nB',
      '112715',
      '2/4名さま',
      'T-000123-2',
      '2026-12-2017:42',
      'K7-42',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('再発行');
  });

  test.each([
    ['zh', '2026年12月20日(周日)18:00', '区 排 号', '座位凭条'],
    ['ko', '2026년 12월 20일(일) 18:00', '구역 열 번', '좌석 확인증입니다'],
  ] as const)('%s: in its own words where they can be printed', (language, day, labels, keep) => {
    const document = receiptDocument({ ...CONTENT, language }, DEFAULT_TEMPLATE, LANGUAGES);
    const text = squeezed(document);
    for (const part of [day, labels, keep]) expect(text).toContain(part.replaceAll(' ', ''));
    expect(text).not.toMatch(/BLOCK|ブロック|undefined/);
    expect(toPrintable(document, 'utf-8').missing).toBe(0);
    for (const line of renderText(document).split('\n')) {
      expect(columnsOf(line)).toBeLessThanOrEqual(COLUMNS);
    }
  });

  test.each(['en', 'zh', 'ko'] as const)('%s: English words', (language) => {
    const text = squeezed(receiptDocument({ ...CONTENT, language }));
    expect(text).toContain('Sun,20December2026,18:00');
    expect(text).toContain('BLOCKROWSEAT');
    expect(text).not.toContain('ブロック');
  });

  test.each(['ja', 'en'] as const)('%s: a copy says so, first of all', (language) => {
    const [first = ''] = squeezed(receiptDocument({ ...CONTENT, language, copy: true }))
      .trim()
      .split('\n');
    expect(first).toMatch(/^再発行/);
  });

  test('a party of one is not counted', () => {
    expect(squeezed(receiptDocument({ ...CONTENT, partySize: 1 }))).not.toContain('名さま');
  });

  test.each([
    ['one letter alone: the largest letters', { gate: 'B' }, '"^^^^^^^B^^^^^^^"'],
    ['seven letters still fit', { gate: 'ABCDEFG' }, '"^^^^^^^ABCDEFG^^^^^^^"'],
    ['eight do not', { gate: 'ABCDEFGH' }, '"^^^^^^ABCDEFGH^^^^^^"'],
    ['three ideographs', { gate: '北入口' }, '"^^^^^^^北入口^^^^^^^"'],
    [
      'wide fields go below each other',
      { gate: 'B', block: 'アリーナA', row: '12', number: '105' },
      '"^^^^^アリーナA^^^^^"',
    ],
  ])('%s', (_, seat, expected) => {
    expect(receiptDocument(withSeat(seat)).split('\n')).toContain(expected);
  });

  test('free seating: fields that a seat lacks leave no label', () => {
    const text = squeezed(receiptDocument(withSeat({ gate: 'B', row: '', number: ' ' })));
    expect(text).not.toMatch(/ブロック|列|番\n/);
  });

  test.each([
    { gate: 'B', block: '112', row: '7', number: '15' },
    { gate: '中央', block: '1階アリーナ北東A', row: '立見', number: '10234' },
    { gate: 'あ'.repeat(60), block: 'w'.repeat(90) },
  ])('no line is wider than the paper: $gate', (seat) => {
    for (const line of renderText(receiptDocument(withSeat(seat))).split('\n')) {
      expect(columnsOf(line)).toBeLessThanOrEqual(COLUMNS);
    }
  });
});

/** Everything a text may do to a receipt if nobody stops it. */
const HOSTILE: [string, string][] = [
  ['ESC/POS drawer kick', '\x1bp\x00\x19\xfa'],
  ['receiptline command', '{x:\\x1bp\\x00}'],
  ['receiptline image', '{i:iVBORw0KGgo=}'],
  ['column', 'a|b|c'],
  ['rule', '-----'],
  ['cut', '====='],
  ['new line and cut', 'a\n=\nb'],
  ['line separators', 'a\u2028=\u2029b\u0085c\rd'],
  ['decoration', '_a_ "b" `c` ^^^d^^^ ~e~'],
  ['escapes', 'a\\nb\\x1bc\\'],
  ['direction of writing', '\u202egnihton\u202c'],
  ['C1 controls, DEL, NUL', '\x9bA\x7fB\x00'],
  ['a lone surrogate and a non-character', '\ud800\uffff\ufffe'],
];

describe('hostile text', () => {
  const plain = receiptDocument(CONTENT);

  test.each(HOSTILE)('%s: prints as it is, or not at all', (_, text) => {
    const { event } = CONTENT;
    const document = receiptDocument({
      ...CONTENT,
      event: { ...event, place: text },
      code: text,
      ticket: {
        ...TICKET,
        ticketNo: text,
        seat: { gate: 'B', block: '112', row: text, number: '15' },
      },
    });
    const commands = Buffer.from(renderEscPos(document, { encoding: 'cp932' })).toString('latin1');
    // Drawer, real-time requests, buzzer.
    for (const command of ['\x1bp', '\x10\x04', '\x10\x05', '\x10\x14', '\x1d(A']) {
      expect(commands).not.toContain(command);
    }
    expect(commands.split('\x1dVB\x00')).toHaveLength(2);
    expect(document.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  });

  test.each([
    ['a|b', 'a|b'],
    ['{x:1}', '{x:1}'],
    ['a_b"c`d^e', 'a_b"c`d^e'],
    // Their octets are ¥ and an overline in the Japanese set.
    ['back\\slash~', 'back＼slash～'],
    ['---', '---'],
    ['==', '=='],
  ])('%s stays readable', (name, printed) => {
    const document = receiptDocument({ ...CONTENT, event: { ...CONTENT.event, place: name } });
    expect(renderText(document)).toContain(printed);
    expect(document.split('\n')).toHaveLength(plain.split('\n').length);
  });
});

describe('renderSvg', () => {
  test('the same twice, with nothing fetched from anywhere', () => {
    const svg = renderSvg(receiptDocument({ ...CONTENT, copy: true }));
    expect(svg).toBe(renderSvg(receiptDocument({ ...CONTENT, copy: true })));
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|@import|<style|<script/,
    );
  });

  test('text from outside is text', () => {
    const svg = renderSvg(
      receiptDocument({ ...CONTENT, event: { ...CONTENT.event, place: '<script>&' } }),
    );
    expect(svg).not.toContain('<script>');
    expect(svg).toContain('&lt;');
  });
});
