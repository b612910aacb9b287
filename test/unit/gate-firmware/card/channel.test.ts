import { CardChannel, expectData } from '@pinless-gate/gate-firmware/card/channel';
import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { beforeEach, describe, expect, test } from 'vitest';
import { withCode } from '../fixture.ts';

const LIMITS = { commandTimeoutMs: 1500, tapTimeoutMs: 3000 };
const READ: CommandApdu = { cla: 0x00, ins: 0xb0, p1: 0x8a, p2: 0x00, ne: 0x100 };
const SELECT: CommandApdu = { cla: 0x00, ins: 0xa4, p1: 0x02, p2: 0x0c, data: fromHex('0016') };

let now: number;
let sent: string[][];
let deadlines: number[];

beforeEach(() => {
  now = 1000;
  sent = [];
  deadlines = [];
});

/** Each answer is one crossing: responses as hex; the last one serves for all that follow. */
function channel(...answers: string[][]): CardChannel {
  const transmit = async (commands: readonly Uint8Array[], timeoutMs: number) => {
    sent.push(commands.map(toHex));
    deadlines.push(timeoutMs);
    return (answers[sent.length - 1] ?? answers.at(-1)!).map(fromHex);
  };
  return new CardChannel(transmit, LIMITS, () => now);
}

const words = async (one: CardChannel, ...commands: CommandApdu[]) =>
  (await one.exchange(commands)).map(({ data, sw }) => `${toHex(data)}:${sw.toString(16)}`);

describe('CardChannel.exchange', () => {
  test('all commands go in one crossing', async () => {
    const one = channel(['9000', '01029000']);
    expect(await words(one, SELECT, READ)).toEqual([':9000', '0102:9000']);
    expect(sent).toEqual([['00a4020c020016', '00b08a0000']]);
    expect(one.commands).toBe(2);
  });

  test('nothing to send is no crossing', async () => {
    expect(await words(channel([]))).toEqual([]);
    expect(sent).toEqual([]);
  });

  test('ends at the first answer that is not 9000', async () => {
    expect(await words(channel(['9000', '6a82']), SELECT, READ, READ)).toEqual([':9000', ':6a82']);
    expect(sent).toHaveLength(1);
  });

  test('61xx: the rest is fetched, then the commands go on', async () => {
    const one = channel(['aa6102'], ['bbcc9000'], ['9000']);
    expect(await words(one, READ, SELECT)).toEqual(['aabbcc:9000', ':9000']);
    expect(sent).toEqual([['00b08a0000', '00a4020c020016'], ['00c0000002'], ['00a4020c020016']]);
  });

  test('6100 means 256 octets are waiting', async () => {
    await words(channel(['6100'], ['9000']), READ);
    expect(sent[1]).toEqual(['00c0000000']);
  });

  test('GET RESPONSE keeps the logical channel, not the class of the command', async () => {
    await words(channel(['6101'], ['019000']), { ...READ, cla: 0x82 });
    expect(sent[1]).toEqual(['02c0000001']);
  });

  test('6Cxx: sent once more with the right Le', async () => {
    expect(await words(channel(['6c10'], ['aa9000']), READ)).toEqual(['aa:9000']);
    expect(sent[1]).toEqual(['00b08a0010']);
  });

  test('6Cxx again is an answer, not a reason to go on', async () => {
    expect(await words(channel(['6c10']), READ)).toEqual([':6c10']);
    expect(sent).toHaveLength(2);
  });

  test('6Cxx, then 61xx', async () => {
    expect(await words(channel(['6c04'], ['aa6101'], ['bb9000']), READ)).toEqual(['aabb:9000']);
  });

  test('an error instead of the rest', async () => {
    expect(await words(channel(['aa6102'], ['6f00']), READ, SELECT)).toEqual(['aa:6f00']);
    expect(sent).toHaveLength(2);
  });

  test('parts without end', async () => {
    const one = channel(['aa61ff']);
    await expect(one.exchange([READ])).rejects.toThrow(withCode('ERR_CARD_FAULT'));
    expect(sent).toHaveLength(33);
  });

  test('as many parts as are allowed', async () => {
    const parts = Array.from({ length: 32 }, () => ['aa61ff']);
    expect(await words(channel(...parts, ['bb9000']), READ)).toEqual([`${'aa'.repeat(32)}bb:9000`]);
  });

  test.each([
    ['no answers', []],
    ['more answers than commands', ['9000', '9000']],
  ])('%s', async (_, answers) => {
    await expect(channel(answers).exchange([READ])).rejects.toThrow(withCode('ERR_CARD_FAULT'));
  });

  test.each(['', '90'])('an answer of "%s"', async (answer) => {
    await expect(channel([answer]).exchange([READ])).rejects.toThrow(withCode('ERR_APDU_RESPONSE'));
  });
});

describe('CardChannel deadlines', () => {
  test('a command has its own, a batch the sum, never more than is left of the tap', async () => {
    const one = channel(['9000', '9000', '9000']);
    await one.exchange([SELECT, SELECT, SELECT]);
    await channel(['9000']).exchange([SELECT]);
    expect(deadlines).toEqual([3000, 1500]);
  });

  test('what is left gets less as time passes', async () => {
    const one = channel(['9000']);
    now += 2999.5;
    await one.exchange([SELECT]);
    expect(deadlines).toEqual([1]);
  });

  test('a tap that is over sends nothing', async () => {
    const one = channel(['9000']);
    now += 3000;
    await expect(one.exchange([SELECT])).rejects.toThrow(withCode('ERR_CARD_SLOW'));
    expect(sent).toEqual([]);
  });

  test('a card that feeds parts one at a time runs out of time', async () => {
    const transmit = async () => {
      now += 200;
      return [fromHex('aa61ff')];
    };
    const one = new CardChannel(transmit, LIMITS, () => now);
    await expect(one.exchange([READ])).rejects.toThrow(withCode('ERR_CARD_SLOW'));
    expect(one.commands).toBe(15);
  });
});

describe('expectData', () => {
  test('names the step and the status word, and none of the data', () => {
    const response = { data: fromHex('0705d990'), sw: 0x6982 };
    expect(() => expectData('READ BINARY', response)).toThrow(
      expect.objectContaining({
        code: 'ERR_CARD_FAULT',
        message: 'READ BINARY: card answered 6982 (security status not satisfied)',
      }),
    );
  });

  test('a command that was never reached', () => {
    expect(() => expectData('READ BINARY', undefined)).toThrow(withCode('ERR_CARD_FAULT'));
  });
});
