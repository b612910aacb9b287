import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import { CardDialogue } from '@pinless-gate/gate-firmware/card/dialogue';
import { kazashi } from '@pinless-gate/gate-firmware/card/profiles/kazashi';
import type { ProfileName } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { Transcript, transcribed } from '@pinless-gate/gate-firmware/card/transcript';
import { FakeKeyStore } from '../fakes/key-store.ts';
import { type NewCardOptions, newCard } from '../sandbox/jlis/new-card.ts';
import { printedReference } from '../sandbox/jlis/surface-ca.ts';
import { LIMITS, makeStage, onReader, type Stage } from '../unit/gate-firmware/stage.ts';

// Writes test/transcripts/*.txt anew, from virtual cards: when a dialogue is meant to change, and only then. Its
// arguments are which, all without any.

/** Of which the certificate has the same length every time. */
const SERIAL = '0705d990';
const FOLDER = join(import.meta.dirname, '..', '..', 'transcripts');

const BIRTH_DATE = '19800217';

const RECORDED: readonly (readonly [string, ProfileName, NewCardOptions])[] = [
  ['jpki', 'jpki', {}],
  ['iso', 'iso', {}],
  ['kazashi', 'kazashi', {}],
  ['kazashi-few-tries', 'kazashi', { triesLeft: 2 }],
  ['phone', 'jpki', { scenario: 'phone' }],
  ['no-certificate', 'jpki', { scenario: 'no-certificate' }],
  ['refuses-terminal', 'jpki', { scenario: 'refuses-terminal' }],
];

async function record(
  stage: Stage,
  name: string,
  profile: ProfileName,
  options: NewCardOptions,
): Promise<void> {
  const card = await newCard(stage.jlis, {
    ...(profile === 'kazashi' ? { birthDate: BIRTH_DATE } : { profile }),
    serial: SERIAL,
    ...options,
  });
  const transcript = new Transcript(`virtual card "${name}"`, new Date());
  const now = () => performance.now();
  const transmit = transcribed(onReader(card.file).transmit, transcript, now);
  const dialogue = new CardDialogue(new CardChannel(transmit, LIMITS, now));
  try {
    if (profile === 'kazashi') await kazashiDialogue(dialogue);
    else await terminalDialogue(dialogue, stage);
    await dialogue.prove(new Uint8Array(32));
  } catch (error) {
    if (Object.keys(options).length === 0) throw error;
    transcript.note((error as Error).message);
  }
  writeFileSync(join(FOLDER, `${name}.txt`), transcript.text);
}

async function terminalDialogue(dialogue: CardDialogue, stage: Stage): Promise<void> {
  const found = await dialogue.identify([stage.jpki.profile, stage.iso.profile]);
  await dialogue.authenticateTerminal(stage[found.name as 'jpki' | 'iso'].terminal);
  await dialogue.readCertificate();
}

async function kazashiDialogue(dialogue: CardDialogue): Promise<void> {
  await dialogue.identify([kazashi]);
  await dialogue.readHead();
  await dialogue.readCertificate();
  await dialogue.presentBirthDate(printedReference(BIRTH_DATE));
}

const directory = mkdtempSync(join(tmpdir(), 'transcripts-'));
try {
  const stage = await makeStage(directory, new FakeKeyStore());
  const wanted = process.argv.slice(2);
  for (const [name, profile, options] of RECORDED) {
    if (wanted.length === 0 || wanted.includes(name)) await record(stage, name, profile, options);
  }
} finally {
  rmSync(directory, { recursive: true });
}
