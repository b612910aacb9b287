import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tap } from '@pinless-gate/gate-firmware/lane/tap';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { beforeAll, describe, expect, test } from 'vitest';
import { TranscriptReplay } from '../../../fakes/transcript-replay.ts';
import { type NewCard, type NewCardOptions, newCard } from '../../../sandbox/jlis/new-card.ts';
import { onReader, STAGE_TIMEOUT_MS } from '../stage.ts';
import { forFile } from '../temporary.ts';
import { kazashiOnly, pinOf } from './linked.ts';
import { type Material, makeMaterial, makeRig, type Rig } from './rig.ts';
import { outcomeOf, pinned, rigFor } from './taps.ts';

const read = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../transcripts', `${name}.txt`), 'utf8');

let material: Material;
beforeAll(async () => {
  material = await makeMaterial(forFile());
}, STAGE_TIMEOUT_MS);

/** What is masked comes from a card of now, status words and lengths from the transcript. */
function replay(text: string, card: NewCard): TranscriptReplay {
  const { transmit } = onReader(card.file);
  return new TranscriptReplay(text, async (command) => {
    const [answer] = await transmit([command], 1000);
    return answer!.subarray(0, -2);
  });
}

const SERIAL = '0705d990';

async function tapOn(text: string, options: NewCardOptions & { keyPinned?: boolean } = {}) {
  const { keyPinned, ...more } = options;
  const card = await newCard(material.stage.jlis, { serial: SERIAL, ...more });
  const rig =
    card.serial === undefined
      ? await makeRig(material, [])
      : await rigFor(material, card, keyPinned ? pinned(card) : {});
  return replayOn(rig, text, card);
}

async function replayOn(rig: Rig, text: string, card: NewCard) {
  const replayed = replay(text, card);
  const result = await tap({
    ...rig.parts,
    transmit: replayed.transmit,
    onProgress: () => undefined,
  });
  return { result, replayed };
}

/** A linked card at a lane without an institution key. */
async function linkedTapOn(text: string, { triesLeft }: Pick<NewCardOptions, 'triesLeft'> = {}) {
  const { stage } = material;
  const card = await newCard(stage.jlis, { serial: SERIAL, birthDate: '19800217' });
  const record = { kazashi: await pinOf(stage, card) };
  const rig = await rigFor(material, card, record, { profiles: await kazashiOnly(stage) });
  if (card.file.profile !== 'jpki' || !card.file.surface) throw new Error('no surface');
  const surface = { ...card.file.surface, ...(triesLeft !== undefined && { triesLeft }) };
  return replayOn(rig, text, { ...card, file: { ...card.file, surface } });
}

describe('tap, as it was recorded', () => {
  test.each(['jpki', 'iso'] as const)('a card of profile %s is admitted', async (profile) => {
    const { result, replayed } = await tapOn(read(profile), { profile });
    expect([result.fault, outcomeOf(result)]).toEqual([undefined, 'admitted']);
    replayed.finish();
  });

  test.each([
    ['kazashi', {}, 'admitted'],
    ['kazashi-few-tries', { triesLeft: 2 }, 'birth-date-few-tries'],
  ] as const)('a linked card, "%s"', async (name, options, outcome) => {
    const { result, replayed } = await linkedTapOn(read(name), options);
    expect([result.fault, outcomeOf(result)]).toEqual([undefined, outcome]);
    replayed.finish();
  });

  test('shows nothing of the birth date', () => {
    expect(read('kazashi')).toContain('> 00200091 Lc 6 (6 octets)\n< SW 9000');
    expect(read('kazashi')).not.toMatch(/550217|353530323137/);
  });

  test.each([
    ['phone', 'phone'],
    ['no-certificate', 'no-certificate'],
    ['refuses-terminal', 'terminal-refused'],
  ] as const)('%s', async (scenario, reason) => {
    const { result, replayed } = await tapOn(read(scenario), { scenario });
    expect([result.fault, outcomeOf(result)]).toEqual([undefined, reason]);
    replayed.finish();
  });
});

describe('TranscriptReplay', () => {
  test('prints expected and actual command where they differ', async () => {
    const changed = read('jpki').replace('> 00B08A00', '> 00B08B00');
    const { result } = await tapOn(changed);
    expect(outcomeOf(result)).toBe('gate-fault');
    expect(String(result.fault)).toMatch(
      /line \d+:\n {2}expected {2}> 00B08B00 Ne 256\n {2}actual {4}> 00B08A00 Ne 256$/,
    );
  });

  test('fails on commands that were not sent', async () => {
    const { replayed } = await tapOn(read('jpki'), { keyPinned: true });
    expect(() => replayed.finish()).toThrow(/commands of the transcript were not sent/);
  });

  test('fails on a command after the last', async () => {
    const short = read('jpki').split('\n').slice(0, 9).join('\n');
    const { result } = await tapOn(short);
    expect(String(result.fault)).toMatch(/expected {2}the end\n {2}actual {4}> 00A4020C Lc 2 0016/);
  });

  test('fails where an answer has another length', async () => {
    const changed = read('jpki').replace('< (16 octets)', '< (15 octets)');
    const { result } = await tapOn(changed);
    expect(String(result.fault)).toMatch(/answer of 16 octets, 15 in the transcript/);
  });

  test.each([
    ['another format', 'pinless-gate/transcript/2\nreader "x"\nstarted x\n'],
    ['a command without an answer', '> 00840000 Ne 16'],
    ['two commands', '> 00840000 Ne 16\n> 00840000 Ne 16\n< SW 9000 (success)  1.0 ms'],
    ['an answer without a command', '< SW 9000 (success)  1.0 ms'],
    ['an answer of another form', '> 00840000 Ne 16\n< SW 9000'],
  ])('does not read %s', (_, body) => {
    const text = body.startsWith('pinless')
      ? body
      : `pinless-gate/transcript/1\nreader "x"\nstarted x\n${body}\n`;
    expect(() => new TranscriptReplay(text, () => fromHex(''))).toThrow();
  });
});
