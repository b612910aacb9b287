import { CardError, ReaderError } from '@pinless-gate/gate-firmware/card/error';
import { tap } from '@pinless-gate/gate-firmware/lane/tap';
import { HsmError } from '@pinless-gate/hsm/key-store';
import type { KazashiPin } from '@pinless-gate/protocol/kazashi/surface';
import { beforeAll, describe, expect, test } from 'vitest';
import { STEPS, type Step, SURFACE_STEPS } from '../../../sandbox/card/virtual-card.ts';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { EVENT_ID, withCode } from '../fixture.ts';
import { answer, onReader, STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { kazashiOnly, pinOf } from './linked.ts';
import { type Material, makeMaterial } from './rig.ts';
import { outcomeOf, pinned, rigFor, tapOn } from './taps.ts';

let material: Material;
let card: NewCard;
let kazashi: KazashiPin;

beforeAll(async () => {
  material = await makeMaterial(forFile());
  card = await newCard(material.stage.jlis, { birthDate: '19800217' });
  kazashi = await pinOf(material.stage, card);
}, STAGE_TIMEOUT_MS);

/** A lane whose taps come to the step. */
async function laneAt(step: Step) {
  if (!SURFACE_STEPS.has(step)) return rigFor(material, card);
  const profiles = await kazashiOnly(material.stage);
  return rigFor(material, card, { kazashi }, { profiles });
}

/** Status words at each step: every one a refusal with a name. */
const WORDS = ['6a82', '6982', '6983', '6300', '6700', '6f00', '6c00', '6c10', '61ff', '0000', ''];

describe('tap, with a status word at a step', () => {
  test.each(STEPS.flatMap((step) => WORDS.map((word) => [step, word] as const)))(
    '%s answers "%s"',
    async (step, word) => {
      const rig = await laneAt(step);
      const result = await tapOn(rig, card, { faults: [answer(step, word)] });
      const expected =
        step === 'load-certificate' && word === '6700'
          ? 'gate-fault'
          : /^(unknown-card|no-certificate|terminal-refused|birth-date-refused|card-blocked|card-fault|card-not-authentic)$/;
      expect(outcomeOf(result)).toMatch(expected);
      expect(rig.decisions()).toHaveLength(1);
      expect(rig.decisions()[0]!.reason).toBe(outcomeOf(result));
    },
  );

  test.each([
    ['select', '6a82', 'unknown-card'],
    ['select', '6f00', 'card-fault'],
    ['token-info', '6982', 'card-fault'],
    ['select-terminal-key', '6a82', 'terminal-refused'],
    ['load-certificate', '6300', 'terminal-refused'],
    ['get-challenge', '6f00', 'card-fault'],
    ['external-authenticate', '6983', 'terminal-refused'],
    ['read-certificate', '6a82', 'no-certificate'],
    ['read-certificate', '6982', 'card-fault'],
    ['sign', '6982', 'card-fault'],
    ['sign', '9000', 'card-not-authentic'],
  ] as const)('%s answers %s: %s', async (step, word, reason) => {
    const rig = await rigFor(material, card);
    expect(outcomeOf(await tapOn(rig, card, { faults: [answer(step, word)] }))).toBe(reason);
  });
});

const FAILURES: [string, Error, string, boolean][] = [
  ['leaves', new CardError('ERR_CARD_REMOVED', 'gone'), 'card-removed', false],
  ['is mute', new CardError('ERR_CARD_SLOW', 'mute'), 'card-too-slow', false],
  ['is held by another program', new ReaderError('ERR_READER_IN_USE', 'held'), 'gate-fault', true],
  ['takes the reader with it', new ReaderError('ERR_READER', 'away'), 'gate-fault', true],
];

describe('tap, when the card', () => {
  test.each(
    FAILURES.flatMap(([what, error, reason, fault]) =>
      STEPS.map((step) => [what, step, error, reason, fault] as const),
    ),
  )('%s at %s', async (_, step, silence, reason, fault) => {
    const rig = await laneAt(step);
    const faults = [{ atStep: step, answer: 'mute' as const }];
    const result = await tapOn(rig, card, { faults, silence });
    expect(outcomeOf(result)).toBe(reason);
    expect(result.fault).toBe(fault ? silence : undefined);
    expect(rig.decisions()).toMatchObject([{ reason, tickets: [] }]);
  });
});

describe('tap, when the gate is broken', () => {
  test('no HSM: a fault, and the card is refused', async () => {
    const rig = await rigFor(material, card);
    material.store.failure = new HsmError('ERR_HSM_DEVICE', 'down');
    const result = await tapOn(rig, card).finally(() => {
      material.store.failure = undefined;
    });
    expect(outcomeOf(result)).toBe('gate-fault');
    expect(result.fault).toEqual(withCode('ERR_HSM_DEVICE'));
  });

  test('nonces repeat: the card signs nothing', async () => {
    const nonces = {
      next: () => {
        throw Object.assign(new HsmError('ERR_NONCE', 'again'));
      },
    };
    const rig = await rigFor(material, card, {}, { nonces: nonces as never });
    const reader = onReader(card.file);
    const result = await tap({
      ...rig.parts,
      transmit: reader.transmit,
      onProgress: () => undefined,
    });
    expect(result.fault).toEqual(withCode('ERR_NONCE'));
    expect(reader.report().steps).not.toHaveProperty('sign');
  });

  test('a defect is kept for whoever runs the lane', async () => {
    const defect = new TypeError('defect');
    const broken = { convert: () => Promise.reject(defect) };
    const rig = await rigFor(material, card, {}, { converterOf: () => broken as never });
    const result = await tapOn(rig, card);
    expect([outcomeOf(result), result.fault]).toEqual(['gate-fault', defect]);
    expect(rig.decisions()).toHaveLength(1);
  });

  test('the journal cannot be written: it throws, and there is no result to open by', async () => {
    const rig = await rigFor(material, card);
    const journal = new Proxy(rig.journal, {
      get: (target, key) => {
        if (key === 'append')
          return () => {
            throw new HsmError('ERR_JOURNAL_BROKEN', 'full');
          };
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const broken = { ...rig, parts: { ...rig.parts, journal } };
    await expect(tapOn(broken, card)).rejects.toThrow(withCode('ERR_JOURNAL_BROKEN'));
  });

  test('the ticket entered while the card computed: decided on what is true then', async () => {
    const rig = await rigFor(material, card, pinned(card));
    const meanwhile = (command: Uint8Array) => {
      if (command[1] !== 0x2a) return;
      const after = { revision: 1, entries: 1, inside: true, lastEntryAt: 1 };
      const note = { kind: 'fault', at: 1, monotonicMs: 1, detail: 'x' } as const;
      setTimeout(() =>
        rig.journal.append(note, [
          { eventId: EVENT_ID, ticketNo: 'T-1', before: undefined, after },
        ]),
      );
    };
    const faults = [{ atStep: 'sign' as const, answer: 30 }];
    const { decision } = await tapOn(rig, card, { watch: meanwhile, faults });
    expect(decision).toEqual({ admitted: false, reason: 'already-admitted' });
    expect(rig.decisions()).toMatchObject([{ outcome: 'refused', reason: 'already-admitted' }]);
  });
});
