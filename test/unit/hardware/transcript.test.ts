import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { Transcript } from '@pinless-gate/test/hardware/transcript';
import { describe, expect, test } from 'vitest';

const secret = Uint8Array.from({ length: 256 }, (_, i) => (i * 7 + 3) & 0xff);
const started = new Date('2026-11-01T00:00:00Z');

const linesOf = (use: (transcript: Transcript) => void): string[] => {
  const transcript = new Transcript('Reader X 00', started);
  use(transcript);
  return transcript.text.split('\n').slice(3, -1);
};

describe('Transcript', () => {
  test('names format, reader and time', () => {
    expect(new Transcript('Reader X 00', started).text).toBe(
      'pinless-gate/transcript/1\nreader "Reader X 00"\nstarted 2026-11-01T00:00:00.000Z\n',
    );
  });

  test.each([
    ['00a4040c0ad392f000260100000001', '> 00A4040C Lc 10 D392F000260100000001'],
    ['00a4020c020016', '> 00A4020C Lc 2 0016'],
    ['0084000010', '> 00840000 Ne 16'],
    ['00b08a0000', '> 00B08A00 Ne 256'],
    ['00200080', '> 00200080'],
    ['002281b6038301aa', '> 002281B6 Lc 3 (3 octets)'],
    ['80a406c10401020304', '> 80A406C1 Lc 4 (4 octets)'],
  ])('shows %s as %s', (command, line) => {
    expect(linesOf((transcript) => transcript.command(fromHex(command)))).toEqual([line]);
  });

  test('shows of a response its length, its status word and its time', () => {
    const lines = linesOf((transcript) => {
      transcript.response(fromHex('01029000'), 12.34);
      transcript.response(fromHex('6a82'), 0.04);
    });
    expect(lines).toEqual([
      '< (2 octets) SW 9000 (success)  12.3 ms',
      '< SW 6A82 (file or application not found)  0.0 ms',
    ]);
  });

  test('keeps the newest status word, and none from a command without an answer', () => {
    const transcript = new Transcript('Reader X 00', started);
    expect(transcript.lastStatus).toBeUndefined();
    transcript.response(fromHex('63c9'), 1);
    transcript.failure('ERR_CARD_REMOVED', 1);
    expect(transcript.lastStatus).toBe('63C9 (9 tries left)');
  });

  test.each([
    ['a signature in EXTERNAL AUTHENTICATE', { cla: 0, ins: 0x82, p1: 0, p2: 0x96 }],
    ['a CV certificate', { cla: 0x80, ins: 0xa2, p1: 6, p2: 0xc1 }],
    ['a hash to sign', { cla: 0x80, ins: 0x2a, p1: 2, p2: 0x97 }],
    ['a SELECT of another class', { cla: 0x80, ins: 0xa4, p1: 0, p2: 0 }],
  ])('masks %s', (_, header) => {
    const command = encodeCommandApdu({ ...header, data: secret.subarray(0, 64) });
    const [line] = linesOf((transcript) => transcript.command(command));
    expect(line!.toLowerCase()).not.toContain(toHex(secret.subarray(0, 4)));
    expect(line).toMatch(/ Lc 64 \(64 octets\)$/);
  });

  test('masks what a card answers', () => {
    const [line] = linesOf((transcript) =>
      transcript.response(Uint8Array.of(...secret, 0x90, 0x00), 1),
    );
    expect(line).toBe('< (256 octets) SW 9000 (success)  1.0 ms');
  });
});
