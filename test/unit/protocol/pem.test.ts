import { concat, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { derBlocks, derOf } from '@pinless-gate/protocol/pem';
import { describe, expect, test } from 'vitest';

const block = (content: string, label = 'X') =>
  `-----BEGIN ${label}-----\n${content}\n-----END ${label}-----\n`;
const hexOf = (text: string) => derBlocks(utf8(text), 'X').map(toHex);

describe('derBlocks', () => {
  test.each<[string, string, string[]]>([
    ['one block', block('AQI='), ['0102']],
    ['lines, and blanks in them', block('A Q\r\nI=\t'), ['0102']],
    ['text around', `x\n${block('AQI=')}y`, ['0102']],
    ['two blocks', block('AQ==') + block('Ag=='), ['01', '02']],
    [
      'blocks of another label between',
      block('AQ==') + block('!', 'Y') + block('Ag=='),
      ['01', '02'],
    ],
    ['an empty block', block(''), ['']],
  ])('%s', (_, text, blocks) => {
    expect(hexOf(text)).toEqual(blocks);
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['another label', block('AQI=', 'Y')],
    ['no end', block('AQI=').slice(0, -3)],
    ['the end of another label', block('AQI=').replace('END X', 'END Y')],
    ['no base64', block('A?==')],
    ['base64 without padding', block('AQI')],
    ['base64 with bits left over', block('AQJ=')],
    ['one good block and one bad', block('AQI=') + block('!')],
    ['DER, whatever stands in it', `0${block('AQI=')}`],
  ])('comes back as it is: %s', (_, text) => {
    expect(hexOf(text)).toEqual([toHex(utf8(text))]);
  });
});

describe('derOf', () => {
  test.each<[string, Uint8Array, Uint8Array]>([
    ['one block', utf8(block('AQI=')), Uint8Array.of(1, 2)],
    ['DER', Uint8Array.of(0x30, 0), Uint8Array.of(0x30, 0)],
    ['two blocks', utf8(block('AQ==') + block('Ag==')), utf8(block('AQ==') + block('Ag=='))],
    ['a view', concat(utf8(block('AQI='))).subarray(0), Uint8Array.of(1, 2)],
  ])('%s', (_, bytes, der) => {
    expect(toHex(derOf(bytes, 'X'))).toBe(toHex(der));
  });
});
