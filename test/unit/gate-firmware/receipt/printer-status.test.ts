import { isWell } from '@pinless-gate/gate-firmware/receipt/print-queue';
import { decodeStatus } from '@pinless-gate/gate-firmware/receipt/printer-status';
import { describe, expect, test } from 'vitest';

describe('decodeStatus', () => {
  // ESC/POS command reference, GS r n = 1 and DLE EOT n = 2.
  test.each([
    ['paper there', 0x00, { kind: 'paper', state: 'ok' }],
    ['paper near its end', 0x03, { kind: 'paper', state: 'paper-low' }],
    ['paper out', 0x0c, { kind: 'paper', state: 'paper-out' }],
    ['paper out and near its end', 0x0f, { kind: 'paper', state: 'paper-out' }],
    ['on line', 0x12, { kind: 'offline-cause', state: 'ok' }],
    ['cover open', 0x16, { kind: 'offline-cause', state: 'cover-open' }],
    ['stopped by the end of the paper', 0x32, { kind: 'offline-cause', state: 'paper-out' }],
    ['an error', 0x52, { kind: 'offline-cause', state: 'offline' }],
  ])('%s', (_, octet, expected) => expect(decodeStatus(octet)).toEqual(expected));

  test('of all 256 octets, only those with the fixed and paired bits say that all is well', () => {
    const well = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => {
      const answer = decodeStatus(octet);
      return answer.kind !== 'garbage' && isWell(answer.state);
    });
    const paper = [0x00, 0x03, 0x20, 0x23, 0x40, 0x43, 0x60, 0x63];
    expect(well).toEqual([...paper, 0x12, 0x1a].sort((a, b) => a - b));
  });
});
