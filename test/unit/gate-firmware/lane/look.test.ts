import { Look, type LookAsked } from '@pinless-gate/gate-firmware/lane/look';
import { expect, test } from 'vitest';

const asked: LookAsked = { code: 'K7-42', why: 'face-check', language: 'ja' };

function makeLook() {
  const abort = new AbortController();
  const shown: LookAsked[] = [];
  let due: (() => void) | undefined;
  const look = new Look({
    timeoutMs: 60_000,
    after: (_ms, action) => {
      due = action;
      return () => {
        due = undefined;
      };
    },
    show: (one) => shown.push(one),
    signal: abort.signal,
  });
  return { look, abort, shown, timeOut: () => due?.() };
}

test.each([true, false])('the lane waits until staff say %s', async (right) => {
  const { look, shown, timeOut } = makeLook();
  const answer = look.wait(asked);
  expect([shown, look.asked]).toEqual([[asked], asked]);
  look.answer(right);
  expect(await answer).toBe(right);
  expect(look.asked).toBeUndefined();
  timeOut();
  look.answer(true); // nobody waits any more
});

test('nobody answers: nobody is let in', async () => {
  const { look, timeOut } = makeLook();
  const answer = look.wait(asked);
  timeOut();
  expect(await answer).toBe(false);
});

test('nor while the gate ends, nor after', async () => {
  const { look, abort, shown } = makeLook();
  const answer = look.wait(asked);
  abort.abort();
  expect(await answer).toBe(false);
  expect(await look.wait(asked)).toBe(false);
  expect(shown).toHaveLength(1);
});
