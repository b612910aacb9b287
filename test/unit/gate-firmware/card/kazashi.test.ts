import { CardDialogue } from '@pinless-gate/gate-firmware/card/dialogue';
import { jpki } from '@pinless-gate/gate-firmware/card/profiles/jpki';
import { kazashi } from '@pinless-gate/gate-firmware/card/profiles/kazashi';
import { beforeAll, describe, expect, test } from 'vitest';
import { FakeKeyStore } from '../../../fakes/key-store.ts';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { answer, channelOf, makeStage, onReader, STAGE_TIMEOUT_MS, type Stage } from '../stage.ts';
import { forFile } from '../temporary.ts';

const HASH = new Uint8Array(32).fill(1);
let stage: Stage;
let card: NewCard;

beforeAll(async () => {
  stage = await makeStage(forFile(), new FakeKeyStore());
  card = await newCard(stage.jlis, { birthDate: '19800217' });
}, STAGE_TIMEOUT_MS);

type Step = (dialogue: CardDialogue) => Promise<unknown>;
const identify: Step = (dialogue) => dialogue.identify([kazashi]);
const identifyJpki: Step = (dialogue) => dialogue.identify([jpki]);
const authenticate: Step = (dialogue) => dialogue.authenticateTerminal(stage.jpki.terminal);
const head: Step = (dialogue) => dialogue.readHead();
const read: Step = (dialogue) => dialogue.readCertificate();
const select: Step = (dialogue) => dialogue.selectSurface();
const present: Step = (dialogue) => dialogue.presentBirthDate('550217');
const prove: Step = (dialogue) => dialogue.prove(HASH);

describe('CardDialogue by kazashi, out of turn', () => {
  test.each<[string, Step[], Step]>([
    ['a birth date before anything', [], present],
    ['a birth date before the certificate', [identify], present],
    ['a birth date twice', [identify, head, present], present],
    ['a birth date after an empty selection', [identify, head, select], present],
    ['a birth date after the proof', [identify, head, present, prove], present],
    ['a proof before the birth date', [identify, head], prove],
    ['a proof twice', [identify, head, present, prove], prove],
    ['the rest of the certificate from the other application', [identify, head, present], read],
    ['terminal authentication where the card asks for none', [identify], authenticate],
    ['the head unauthenticated where the card asks for it', [identifyJpki], head],
    ['a birth date where the profile knows none', [identifyJpki, authenticate], present],
    ['the surface application where the profile has none', [identifyJpki, authenticate], select],
  ])('%s', async (_, before, step) => {
    const reader = onReader(card.file);
    const dialogue = new CardDialogue(channelOf(reader));
    for (const one of before) await one(dialogue);
    const { commands } = reader.report();
    await expect(step(dialogue)).rejects.toThrow(TypeError);
    expect(reader.report().commands).toBe(commands);
  });

  test('nothing after a birth date that was refused', async () => {
    const reader = onReader(card.file, { faults: [answer('verify-birth-date', '63c9')] });
    const dialogue = new CardDialogue(channelOf(reader));
    for (const one of [identify, head]) await one(dialogue);
    await expect(present(dialogue)).rejects.toMatchObject({ reason: 'birth-date-refused' });
    const { commands } = reader.report();
    for (const step of [present, prove, select, read]) {
      await expect(step(dialogue)).rejects.toThrow(TypeError);
    }
    expect(reader.report().commands).toBe(commands);
  });
});
