import type { Transmit } from '@pinless-gate/gate-firmware/card/channel';
import { CARD_CODES, CardError } from '@pinless-gate/gate-firmware/card/error';
import { Transcript } from '@pinless-gate/gate-firmware/card/transcript';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { Guard } from '@pinless-gate/test/hardware/guard';
import { beforeEach, describe, expect, test, vi } from 'vitest';

const SELECT = fromHex('00a4020c020016');
const CHALLENGE = fromHex('0084000010');
const EXTERNAL_AUTHENTICATE = fromHex('0082009604aabbccdd');
const refusal = expect.objectContaining({ code: 'ERR_HARDWARE_GUARD' });

const card = vi.fn<Transmit>();
let transcript: Transcript;
let guard: Guard;

beforeEach(() => {
  card.mockReset();
  card.mockResolvedValue([fromHex('9000')]);
  transcript = new Transcript('Reader X 00', new Date(0));
  guard = new Guard(card, transcript, () => 0);
});

describe('Guard', () => {
  test('sends commands one by one', async () => {
    await expect(guard.transmit([SELECT, CHALLENGE], 100)).resolves.toHaveLength(2);
    expect(card.mock.calls).toEqual([
      [[SELECT], 100],
      [[CHALLENGE], 100],
    ]);
  });

  test('stops at the first answer that is not 9000', async () => {
    card.mockResolvedValue([fromHex('6a82')]);
    await expect(guard.transmit([SELECT, CHALLENGE], 100)).resolves.toEqual([fromHex('6a82')]);
    expect(card).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['VERIFY with a PIN', '00200098043132333435'],
    ['VERIFY that only asks for the tries left', '00200098'],
    ['VERIFY of another class', '80200098'],
    ['CHANGE REFERENCE DATA', '00240080'],
    ['RESET RETRY COUNTER', '002c0080'],
    ['UPDATE BINARY', '00d6000001aa'],
  ])('never sends %s', async (_, command) => {
    await expect(guard.transmit([fromHex(command)], 100)).rejects.toEqual(refusal);
    expect(card).not.toHaveBeenCalled();
  });

  test('sends no EXTERNAL AUTHENTICATE that was not agreed to', async () => {
    await expect(guard.transmit([SELECT, EXTERNAL_AUTHENTICATE], 100)).rejects.toEqual(refusal);
    expect(card).toHaveBeenCalledTimes(1);
  });

  test('sends one that was agreed to, and no second one, whatever the card answers', async () => {
    card.mockResolvedValue([fromHex('6c00')]);
    guard.allowExternalAuthenticate();
    await guard.transmit([EXTERNAL_AUTHENTICATE], 100);
    await expect(guard.transmit([EXTERNAL_AUTHENTICATE], 100)).rejects.toEqual(refusal);
    expect(card).toHaveBeenCalledTimes(1);
  });

  test('asks how many tries the birth date has left', async () => {
    await guard.transmit([fromHex('00200091')], 100);
    expect(card).toHaveBeenCalledTimes(1);
  });

  test('presents no birth date that was not agreed to, and none twice', async () => {
    const birthDate = fromHex('0020009106353530323137');
    await expect(guard.transmit([birthDate], 100)).rejects.toEqual(refusal);
    card.mockResolvedValue([fromHex('63c9')]);
    guard.allowBirthDate();
    await guard.transmit([birthDate], 100);
    await expect(guard.transmit([birthDate], 100)).rejects.toEqual(refusal);
    expect(card).toHaveBeenCalledTimes(1);
  });

  test('presents no PIN where a birth date was agreed to', async () => {
    guard.allowBirthDate();
    for (const pin of ['002000980431323334', '00200091043132333435', '0020009206353530323137']) {
      await expect(guard.transmit([fromHex(pin)], 100)).rejects.toEqual(refusal);
    }
    expect(card).not.toHaveBeenCalled();
  });

  test('notes a command that had no answer', async () => {
    card.mockRejectedValue(new CardError(CARD_CODES.removed, 'gone'));
    await expect(guard.transmit([CHALLENGE], 100)).rejects.toMatchObject({
      code: 'ERR_CARD_REMOVED',
    });
    expect(transcript.text).toMatch(/> 00840000 Ne 16\n< none: ERR_CARD_REMOVED {2}0\.0 ms\n$/);
  });
});
