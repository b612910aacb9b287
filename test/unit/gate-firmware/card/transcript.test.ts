import type { Transmit } from '@pinless-gate/gate-firmware/card/channel';
import { CARD_CODES, CardError } from '@pinless-gate/gate-firmware/card/error';
import { Transcript, transcribed } from '@pinless-gate/gate-firmware/card/transcript';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { describe, expect, test, vi } from 'vitest';

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

  const label = (text: string) => Buffer.from(text.padEnd(32)).toString('hex').toUpperCase();
  const answered = (command: string, answer: string) =>
    linesOf((transcript) => {
      transcript.command(fromHex(command));
      transcript.response(fromHex(`${answer}9000`), 1);
    })[1];

  test.each([
    ['the token label of a card', '00b0860020', label('JPKIAPICCTOKEN2')],
    ['the token label of a phone', '00b0860020', label('JPKIAPGPSETOKEN')],
    ['which certificates there are', '00b0880003', '008F00'],
  ])('shows %s', (_, command, answer) => {
    expect(answered(command, answer)).toBe(`< ${answer} SW 9000 (success)  1.0 ms`);
  });

  test.each([
    ['a label that is something else', '00b0860020', label('0705D990')],
    ['a label with more behind it', '00b0860020', `${label('JPKIAPICCTOKEN2')}0705D990`],
    ['a label read in another way', '00b08600a0', label('JPKIAPICCTOKEN2')],
    ['an availability that is something else', '00b0880003', '0705D9'],
    ['the certificate', '00b08a0000', '3082060D'],
    ['a challenge', '0084000010', '008F00'],
    ['a record of the card surface', '00b0810000', '313233'],
  ])('masks %s', (_, command, answer) => {
    expect(answered(command, answer)).toBe(
      `< (${answer.length / 2} octets) SW 9000 (success)  1.0 ms`,
    );
  });

  test.each([
    ['a PIN', '002000800431323334', '> 00200080 Lc 4 (4 octets)'],
    ['a birth date', '0020009106393031323234', '> 00200091 Lc 6 (6 octets)'],
    ['a new PIN', '00240180083132333431323334', '> 00240180 Lc 8 (8 octets)'],
  ])('masks %s', (_, command, line) => {
    expect(linesOf((transcript) => transcript.command(fromHex(command)))).toEqual([line]);
  });
});

describe('transcribed', () => {
  const CHALLENGE = fromHex('0084000010');
  const lines = async (card: Transmit, ...commands: Uint8Array[]) => {
    const transcript = new Transcript('Reader X 00', started);
    const answers = await transcribed(card, transcript, () => 0)(commands, 100).catch((e) => e);
    return { answers, lines: transcript.text.split('\n').slice(3, -1) };
  };

  test('sends one at a time, up to the first that is not 9000', async () => {
    const card = vi.fn<Transmit>(async () => [fromHex('6a82')]);
    const { answers } = await lines(card, CHALLENGE, CHALLENGE);
    expect(answers).toEqual([fromHex('6a82')]);
    expect(card.mock.calls).toEqual([[[CHALLENGE], 100]]);
  });

  test('shares the time among the commands', async () => {
    let now = 0;
    const card = vi.fn<Transmit>(async () => {
      now += 60;
      return [fromHex('9000')];
    });
    const transcript = new Transcript('Reader X 00', started);
    await transcribed(card, transcript, () => now)([CHALLENGE, CHALLENGE, CHALLENGE], 100);
    expect(card.mock.calls.map(([, timeoutMs]) => timeoutMs)).toEqual([100, 40, 1]);
  });

  test.each<[string, Uint8Array[], Uint8Array[]]>([
    ['no answer', [], []],
    ['an answer of one octet', [fromHex('90')], [fromHex('90')]],
  ])('gives %s to whoever asked', async (_, given, expected) => {
    const { answers, lines: written } = await lines(async () => given, CHALLENGE, CHALLENGE);
    expect(answers).toEqual(expected);
    expect(written).toEqual(['> 00840000 Ne 16', '< none: ERR_APDU_RESPONSE  0.0 ms']);
  });

  test.each([
    ['an error of the card', new CardError(CARD_CODES.removed, 'gone'), 'ERR_CARD_REMOVED'],
    ['a defect', new TypeError('x'), 'defect'],
  ])('notes %s and passes it on', async (_, error, code) => {
    const { answers, lines: written } = await lines(() => Promise.reject(error), CHALLENGE);
    expect(answers).toBe(error);
    expect(written.at(-1)).toBe(`< none: ${code}  0.0 ms`);
  });
});
