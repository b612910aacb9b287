import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { CardSession } from '@pinless-gate/test/sandbox/card/session';
import { parseTiming } from '@pinless-gate/test/sandbox/card/timing';
import type { VirtualCard } from '@pinless-gate/test/sandbox/card/virtual-card';
import { describe, expect, test, vi } from 'vitest';

const SIGN = fromHex('802a0297');
const OTHER = fromHex('00200080');

function fakeCard() {
  const exchange = vi.fn(() => ({ response: fromHex('aabb9000'), work: 'rsa' as const }));
  const card: VirtualCard = {
    atr: fromHex('3b80'),
    reset: vi.fn(),
    stepOf: (command) => (command[1] === 0x2a ? 'sign' : undefined),
    exchange,
  };
  return { card, exchange };
}

describe('transmit', () => {
  test('answers as the card does and counts', async () => {
    const session = new CardSession(fakeCard().card);
    expect(toHex((await session.transmit(SIGN))!)).toBe('aabb9000');
    await session.transmit(OTHER);
    const report = session.report();
    expect(report).toMatchObject({
      commands: 2,
      modelledMs: 0,
      instructions: { '2a': 1, '20': 1 },
    });
    expect(report.steps).toEqual({ sign: expect.objectContaining({ commands: 1 }) });
  });

  test('takes the time of the model and says how much', async () => {
    const timing = parseTiming('rsa=12ms,rate=100k');
    const session = new CardSession(fakeCard().card, { timing });
    const before = performance.now();
    await session.transmit(SIGN);
    expect(performance.now() - before).toBeGreaterThanOrEqual(12.8);
    const { modelledMs, busyMs, steps } = session.report();
    expect(modelledMs).toBeCloseTo(12.8);
    expect(busyMs).toBeGreaterThanOrEqual(12.8);
    expect(steps.sign?.modelledMs).toBeCloseTo(12.8);
  });

  test('a reader that passes no long commands answers 6700 itself', async () => {
    const { card, exchange } = fakeCard();
    const session = new CardSession(card, { maxCommandLength: 261 });
    expect(await session.transmit(new Uint8Array(261))).toEqual(fromHex('aabb9000'));
    expect(await session.transmit(new Uint8Array(262))).toEqual(fromHex('6700'));
    expect(exchange).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['6f00', '6f00'],
    ['', ''],
  ])('the fault "%s" is sent in place of the card', async (answer, response) => {
    const { card, exchange } = fakeCard();
    const session = new CardSession(card, { faults: [{ atStep: 'sign', answer }] });
    expect(toHex((await session.transmit(SIGN))!)).toBe(response);
    expect(exchange).not.toHaveBeenCalled();
  });

  test('a mute card does not answer', async () => {
    const session = new CardSession(fakeCard().card, {
      faults: [{ atStep: 'sign', answer: 'mute' }],
    });
    expect(await session.transmit(SIGN)).toBeUndefined();
    expect(await session.transmit(OTHER)).toBeDefined();
  });

  test('a leaving card leaves before it answers', async () => {
    const { card, exchange } = fakeCard();
    const session = new CardSession(card, { faults: [{ atStep: 'sign', answer: 'leave' }] });
    session.onLeave = vi.fn();
    expect(await session.transmit(SIGN)).toBeUndefined();
    expect(session.onLeave).toHaveBeenCalledOnce();
    expect(exchange).not.toHaveBeenCalled();
  });

  test('a card removed after a step answers it first', async () => {
    const session = new CardSession(fakeCard().card, { removeAfterStep: 'sign' });
    const left = new Promise<string>((resolve) => {
      session.onLeave = () => resolve('left');
    });
    const answered = session.transmit(SIGN).then(() => 'answered');
    expect(await Promise.race([answered, left])).toBe('answered');
    expect(await left).toBe('left');
  });

  test('a delay counts as the time of the card', async () => {
    const session = new CardSession(fakeCard().card, { faults: [{ atStep: 'sign', answer: 15 }] });
    await session.transmit(SIGN);
    expect(session.report().modelledMs).toBe(15);
  });
});
