import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import { CardDialogue } from '@pinless-gate/gate-firmware/card/dialogue';
import { Transcript, transcribed } from '@pinless-gate/gate-firmware/card/transcript';
import { FakeKeyStore } from '../fakes/key-store.ts';
import { newCard, type Scenario } from '../sandbox/jlis/new-card.ts';
import { LIMITS, makeStage, onReader, type Stage } from '../unit/gate-firmware/stage.ts';

// Writes test/transcripts/*.txt anew, from virtual cards: when a dialogue is meant to change, and only then.

/** Of which the certificate has the same length every time. */
const SERIAL = '0705d990';
const FOLDER = join(import.meta.dirname, '..', '..', 'transcripts');

const RECORDED: readonly (readonly [string, 'jpki' | 'iso', Scenario])[] = [
  ['jpki', 'jpki', 'normal'],
  ['iso', 'iso', 'normal'],
  ['phone', 'jpki', 'phone'],
  ['no-certificate', 'jpki', 'no-certificate'],
  ['refuses-terminal', 'jpki', 'refuses-terminal'],
];

async function record(
  stage: Stage,
  name: string,
  profile: 'jpki' | 'iso',
  scenario: Scenario,
): Promise<void> {
  const card = await newCard(stage.jlis, { profile, scenario, serial: SERIAL });
  const transcript = new Transcript(`virtual card "${scenario}"`, new Date());
  const now = () => performance.now();
  const transmit = transcribed(onReader(card.file).transmit, transcript, now);
  const dialogue = new CardDialogue(new CardChannel(transmit, LIMITS, now));
  try {
    const found = await dialogue.identify([stage.jpki.profile, stage.iso.profile]);
    await dialogue.authenticateTerminal(stage[found.name as 'jpki' | 'iso'].terminal);
    await dialogue.readCertificate();
    await dialogue.prove(new Uint8Array(32));
  } catch (error) {
    if (scenario === 'normal') throw error;
    transcript.note((error as Error).message);
  }
  writeFileSync(join(FOLDER, `${name}.txt`), transcript.text);
}

const directory = mkdtempSync(join(tmpdir(), 'transcripts-'));
try {
  const stage = await makeStage(directory, new FakeKeyStore());
  for (const [name, profile, scenario] of RECORDED) await record(stage, name, profile, scenario);
} finally {
  rmSync(directory, { recursive: true });
}
