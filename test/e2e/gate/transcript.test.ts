import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import { CardDialogue, type Terminal } from '@pinless-gate/gate-firmware/card/dialogue';
import type { CardProfile } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { readGateConfig } from '@pinless-gate/gate-firmware/config';
import { openTerminals } from '@pinless-gate/gate-firmware/terminals';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { type CardFile, cardFromFile } from '@pinless-gate/test/sandbox/card/card-file';
import { CardSession } from '@pinless-gate/test/sandbox/card/session';
import { afterAll, describe, expect, test } from 'vitest';
import { TranscriptReplay } from '../../fakes/transcript-replay.ts';
import { GateProcess, makeLane, readerLines, tapCard } from './fixture.ts';
import { stand } from './stand.ts';

// `gate run --transcript`: what it wrote of real taps may be shown to anybody, and replays.

const LIMITS = { commandTimeoutMs: 1500, tapTimeoutMs: 3000 };
const TAPS = [
  ['tourist', 'admitted'],
  ['tourist', 'already-admitted'],
  ['stranger', 'not-listed'],
  ['phone', 'phone'],
] as const;

const { venue, reader, directory } = await stand();
const path = join(directory, 'transcript.txt');
let text: string;
let transcripts: string[];
let terminals: { profile: CardProfile; terminal: Terminal }[];
let closeStore: () => Promise<void>;

afterAll(() => closeStore?.());

/** The dialogue of a tap, against the transcript; data that it masks comes from the card as it is. */
async function replay(transcript: string, card: CardFile): Promise<void> {
  const session = new CardSession(cardFromFile(card), { faults: [] });
  const replayed = new TranscriptReplay(transcript, async (command) =>
    (await session.transmit(command))!.subarray(0, -2),
  );
  const channel = new CardChannel(replayed.transmit, LIMITS, () => 0);
  const dialogue = new CardDialogue(channel);
  const profile = await dialogue.identify(terminals.map((one) => one.profile));
  await dialogue.authenticateTerminal(terminals.find((one) => one.profile === profile)!.terminal);
  // Nobody who is not listed is read any further.
  if (transcript.includes('# not-listed')) return replayed.finish();
  await dialogue.readCertificate();
  await dialogue.prove(new Uint8Array(32));
  replayed.finish();
}

describe('gate run --transcript', () => {
  test('writes every tap, with its outcome, for nobody but its owner', async () => {
    const lane = await makeLane(venue, { reader: readerLines(reader) });
    const gate = new GateProcess(lane, undefined, ['--transcript', path]);
    await gate.started();
    for (const [name, outcome] of TAPS) {
      expect((await tapCard(gate, reader, venue.cards[name]!)).outcome).toBe(outcome);
    }
    await gate.stop();
    text = readFileSync(path, 'utf8');
    transcripts = text.trimEnd().split('\n\n');
    expect(transcripts.map((one) => one.split('\n').at(-1))).toEqual(
      TAPS.map(([, outcome]) => expect.stringMatching(`^# ${outcome}, journal entry \\d+$`)),
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const config = await readGateConfig(join(lane, 'gate.toml'));
    const store = await openKeyStore(config.hsm);
    closeStore = () => store.close();
    const { institution } = config.labels;
    terminals = await openTerminals(store, institution, config.terminals, Date.now());
  }, 60_000);

  test('masks: no octets but headers, what SELECT names, and the kind of card', () => {
    const body = text.split('\n').filter((line) => /^[<>]/.test(line));
    expect(body.length).toBeGreaterThan(40);
    for (const line of body) {
      expect(line).toMatch(
        /^> 00A4[0-9A-F]{4} Lc \d+ [0-9A-F]{4,20}$|^> [0-9A-F]{8}(?: Lc (\d+) \(\1 octets\))?(?: Ne \d+)?$|^< (?:(?:\(\d+ octets\)|4A504B49[0-9A-F]{56}|(?:00|8F){1,3}) )?SW [0-9A-F]{4} \([^)]+\) {2}[\d.]+ ms$/,
      );
    }
    for (const name of ['tourist', 'stranger'] as const) {
      const { raw, serialNumber } = new X509Certificate(venue.cards[name]!.certificatePem!);
      expect(text.toUpperCase()).not.toContain(serialNumber);
      const der = raw.toString('hex').toUpperCase();
      for (let at = 0; at + 16 <= der.length; at += 2) {
        expect(text).not.toContain(der.slice(at, at + 16));
      }
    }
  });

  test.each([0, 1, 2])('replays: tap %i', async (i) => {
    await expect(replay(transcripts[i]!, venue.cards[TAPS[i]![0]]!)).resolves.toBeUndefined();
  });

  test('of a phone, up to where it was turned away', async () => {
    await expect(replay(transcripts[3]!, venue.cards.phone!)).rejects.toMatchObject({
      reason: 'phone',
    });
  });

  test('prints expected and actual command where a replay differs', async () => {
    const changed = transcripts[0]!.replace('> 00840000 Ne 16', '> 00840000 Ne 8');
    await expect(replay(changed, venue.cards.tourist!)).rejects.toThrow(
      /^line \d+:\n {2}expected {2}> 00840000 Ne 8\n {2}actual {4}> 00840000 Ne 16$/,
    );
  });
});
