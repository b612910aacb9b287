import { csvRecord } from '@pinless-gate/gate-firmware/journal/csv';
import { CSV_HEADER, csvEntry, isoTime } from '@pinless-gate/gate-firmware/journal/shown';
import { describe, expect, test } from 'vitest';
import { GATE_ID } from '../fixture.ts';
import { entryAt } from './written.ts';

describe('csvRecord', () => {
  test.each([
    ['plain', 'T-1', 'T-1'],
    ['with a comma', 'a,b', '"a,b"'],
    ['with a quote', 'a"b', '"a""b"'],
    ['with a line end', 'a\r\nb', '"a\r\nb"'],
    ['=', '=1+1', "'=1+1"],
    ['+', '+1', "'+1"],
    ['-', '-1', "'-1"],
    ['@', '@SUM(A1)', "'@SUM(A1)"],
    ['a tab', '\t=1', "'\t=1"],
    ['a carriage return', '\r=1', '"\'\r=1"'],
    ['a line feed', '\n=1', '"\'\n=1"'],
    ['a wide =', '＝1', "'＝1"],
    ['= and a comma', '=1,2', '"\'=1,2"'],
    ['= later', 'a=1', 'a=1'],
  ])('%s', (_, value, expected) => {
    expect(csvRecord([value, undefined, -1])).toBe(`${expected},,-1`);
  });
});

describe('an entry as CSV', () => {
  const shown = (i: number) => csvEntry({ ...entryAt(i), sequence: i, gateId: GATE_ID });

  test('as many cells as the header, no conversion value, no formula', () => {
    expect(shown(4).split(',')).toHaveLength(CSV_HEADER.split(',').length);
    expect(shown(2)).not.toContain('c7c7');
    expect(shown(2)).toContain('"\'-T,1 (entry 1)"');
    expect(shown(3)).toContain('"\'=cmd|""ERR_TEST"""');
  });
});

describe('isoTime', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [2_147_483_648_000, '2038-01-19T03:14:08.000Z'],
    [2_524_608_000_000, '2050-01-01T00:00:00.000Z'],
    [253_402_300_799_999, '9999-12-31T23:59:59.999Z'],
    [253_402_300_800_000, '+010000-01-01T00:00:00.000Z'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991 ms'],
  ])('%i is %s', (ms, expected) => {
    expect(isoTime(ms)).toBe(expected);
  });
});
