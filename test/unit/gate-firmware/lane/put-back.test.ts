import { CARD_CODES, CardError } from '@pinless-gate/gate-firmware/card/error';
import { toHex } from '@pinless-gate/protocol/bytes';
import { beforeAll, expect, test } from 'vitest';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { type Material, makeMaterial } from './rig.ts';
import { outcomeOf, rigFor, tapOn } from './taps.ts';

let material: Material;
let card: NewCard;

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await newCard(material.stage.jlis);
}, STAGE_TIMEOUT_MS);

test('a card put back is asked everything anew: other challenges, another nonce, its own entry', async () => {
  const rig = await rigFor(material, card);
  const first: string[] = [];
  const again: string[] = [];
  const left = await tapOn(rig, card, {
    faults: [{ atStep: 'sign', answer: 'leave' }],
    silence: new CardError(CARD_CODES.removed, 'gone'),
    watch: (command) => first.push(toHex(command)),
  });
  expect(outcomeOf(left)).toBe('card-removed');
  const result = await tapOn(rig, card, { watch: (command) => again.push(toHex(command)) });
  expect(outcomeOf(result)).toBe('admitted');

  // Every step is taken again, and what is signed and what is authenticated is never the same.
  expect(again.map(header)).toEqual(first.map(header));
  const sign = first.findIndex((command) => command.startsWith('802a'));
  const authenticate = first.findIndex((command) => /^..82/.test(command));
  expect([sign, authenticate]).not.toContain(-1);
  for (const step of [sign, authenticate]) expect(again[step]).not.toBe(first[step]);
  expect(rig.decisions().map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['refused', 'card-removed'],
    ['admitted', undefined],
  ]);
  // One card, one code: staff find both by it.
  expect(result.code).toBe(left.code);
});

const header = (command: string) => command.slice(0, 8);
