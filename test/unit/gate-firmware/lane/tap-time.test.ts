import { ClockWatch } from '@pinless-gate/gate-firmware/lane/clock-watch';
import { beforeAll, describe, expect, test } from 'vitest';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { type Material, makeMaterial } from './rig.ts';
import { outcomeOf, pinned, rigFor, tapOn } from './taps.ts';

// What happens to the clocks while a card is in the field (faults.md K4, P8).

let material: Material;
let card: NewCard;

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await newCard(material.stage.jlis);
}, STAGE_TIMEOUT_MS);

const SIGN = 0x2a;

/** Taps a card that is on the list; while it signs, the clocks are turned. */
async function tapWhile(turn: (time: { wall: number; monotonic: number }) => void) {
  const time = { wall: Date.now(), monotonic: 0 };
  const clock = new ClockWatch({
    wall: () => time.wall,
    monotonic: () => time.monotonic,
    floor: undefined,
    list: () => undefined,
    onStep: () => undefined,
  });
  const rig = await rigFor(material, card, pinned(card), { clock });
  let turned = false;
  const watch = (command: Uint8Array) => {
    if (turned || command[1] !== SIGN) return;
    turned = true;
    turn(time);
  };
  const result = await tapOn(rig, card, { watch });
  expect(turned).toBe(true);
  const [entry] = rig.decisions();
  expect(entry!.outcome).toBe(result.decision.admitted ? 'admitted' : 'refused');
  return result;
}

describe('while a card signs', () => {
  test('nothing happens to the clocks: admitted', async () => {
    const result = await tapWhile(() => undefined);
    expect(outcomeOf(result)).toBe('admitted');
  });

  test('the process is stopped for a minute: the tap is over, and its nonce with it', async () => {
    const result = await tapWhile((time) => {
      time.wall += 60_000;
      time.monotonic += 60_000;
    });
    expect(outcomeOf(result)).toBe('card-too-slow');
    expect(result.fault).toBeUndefined();
  });

  test.each([
    ['sleeps for an hour', 3_600_000],
    ['has its clock set back', -3_600_000],
  ])('the machine %s: nobody is admitted, and the lane closes', async (_, by) => {
    const result = await tapWhile((time) => {
      time.wall += by;
    });
    expect(outcomeOf(result)).toBe('clock-fault');
    expect(result.fault).toMatchObject({ code: expect.stringMatching(/^ERR_CLOCK_/) });
    expect(result.tapMs).toBe(0);
  });

  test('a leap second: admitted', async () => {
    const result = await tapWhile((time) => {
      time.wall -= 1000;
    });
    expect(outcomeOf(result)).toBe('admitted');
  });
});
