import { generateKeyPairSync, sign } from 'node:crypto';
import {
  CardDialogue,
  CardRefusal,
  type Terminal,
} from '@pinless-gate/gate-firmware/card/dialogue';
import { iso } from '@pinless-gate/gate-firmware/card/profiles/iso';
import { jpki } from '@pinless-gate/gate-firmware/card/profiles/jpki';
import { toHex } from '@pinless-gate/protocol/bytes';
import { beforeAll, describe, expect, test } from 'vitest';
import { FakeKeyStore } from '../../../fakes/key-store.ts';
import type { CardFile } from '../../../sandbox/card/card-file.ts';
import type { Fault } from '../../../sandbox/card/fault.ts';
import { type NewCard, newCard } from '../../../sandbox/jlis/new-card.ts';
import { withCode } from '../fixture.ts';
import { answer, channelOf, makeStage, onReader, STAGE_TIMEOUT_MS, type Stage } from '../stage.ts';
import { forFile } from '../temporary.ts';

const HASH = new Uint8Array(32).fill(1);
let stage: Stage;
let card: NewCard;

beforeAll(async () => {
  stage = await makeStage(forFile(), new FakeKeyStore());
  card = await newCard(stage.jlis);
}, STAGE_TIMEOUT_MS);

function dialogueWith(file: CardFile, faults: readonly Fault[] = [], maxCommandLength?: number) {
  const limit = maxCommandLength === undefined ? {} : { maxCommandLength };
  const reader = onReader(file, { faults, ...limit });
  return { dialogue: new CardDialogue(channelOf(reader)), reader };
}

async function authenticated(faults: readonly Fault[] = []) {
  const both = dialogueWith(card.file, faults);
  await both.dialogue.identify([jpki]);
  await both.dialogue.authenticateTerminal(stage.jpki.terminal);
  return both;
}

describe('CardDialogue, from beginning to end', () => {
  test('jpki: head, certificate and signature of the card', async () => {
    const { dialogue, reader } = dialogueWith(card.file);
    expect(await dialogue.identify([jpki, iso])).toBe(jpki);
    const head = await dialogue.authenticateTerminal(stage.jpki.terminal);
    expect(toHex(head.serial)).toBe(card.serial!.replace(/^(00)+/, ''));
    const der = await dialogue.readCertificate();
    const pem = card.file.certificatePem!.replace(/-----[^-]+-----|\s/g, '');
    expect(Buffer.from(der).toString('base64')).toBe(pem);
    expect(await dialogue.prove(HASH)).toHaveLength(256);
    expect(reader.report().instructions).not.toHaveProperty('20'); // VERIFY
  });

  test('iso: found behind jpki', async () => {
    const { file } = await newCard(stage.jlis, { profile: 'iso', key: 'p256' });
    const { dialogue } = dialogueWith(file);
    expect(await dialogue.identify([jpki, iso])).toBe(iso);
    expect(dialogue.profile).toBe('iso');
    await dialogue.authenticateTerminal(stage.iso.terminal);
    expect(await dialogue.prove(HASH)).toHaveLength(64);
  });

  test('a card that no profile knows', async () => {
    const { file } = await newCard(stage.jlis, { scenario: 'foreign' });
    const { dialogue } = dialogueWith(file);
    await expect(dialogue.identify([jpki, iso])).rejects.toMatchObject({ reason: 'unknown-card' });
  });
});

type Step = (dialogue: CardDialogue) => Promise<unknown>;
const identify: Step = (dialogue) => dialogue.identify([jpki]);
const authenticate: Step = (dialogue) => dialogue.authenticateTerminal(stage.jpki.terminal);
const read: Step = (dialogue) => dialogue.readCertificate();
const prove: Step = (dialogue) => dialogue.prove(HASH);

describe('CardDialogue, out of turn', () => {
  test.each<[string, Step[], Step]>([
    ['authenticate before identify', [], authenticate],
    ['read before identify', [], read],
    ['prove before identify', [], prove],
    ['identify twice', [identify], identify],
    ['read before authenticate', [identify], read],
    ['prove before authenticate', [identify], prove],
    ['authenticate twice', [identify, authenticate], authenticate],
    ['identify after authenticate', [identify, authenticate], identify],
    ['prove twice', [identify, authenticate, prove], prove],
    ['read after prove', [identify, authenticate, prove], read],
    ['authenticate after prove', [identify, authenticate, prove], authenticate],
  ])('%s', async (_, before, step) => {
    const { dialogue, reader } = dialogueWith(card.file);
    for (const one of before) await one(dialogue);
    const { commands } = reader.report();
    await expect(step(dialogue)).rejects.toThrow(TypeError);
    expect(reader.report().commands).toBe(commands);
  });

  test.each<[string, Fault, Step[], Step[]]>([
    ['identify', answer('select', '6f00'), [], [identify, authenticate, read, prove]],
    [
      'authenticate',
      answer('external-authenticate', '6300'),
      [identify],
      [authenticate, read, prove],
    ],
    ['the head', answer('read-certificate', '6f00'), [identify], [authenticate, read, prove]],
    ['prove', answer('sign', '6f00'), [identify, authenticate], [prove, read, authenticate]],
  ])('nothing after %s failed', async (_, fault, before, after) => {
    const { dialogue, reader } = dialogueWith(card.file, [fault]);
    for (const one of before) await one(dialogue);
    const failing = [identify, authenticate, prove][before.length]!;
    await expect(failing(dialogue)).rejects.toThrow();
    const { commands } = reader.report();
    for (const step of after) await expect(step(dialogue)).rejects.toThrow(TypeError);
    expect(reader.report().commands).toBe(commands);
  });
});

const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const WRONG: Readonly<Record<string, (challenge: Uint8Array) => Uint8Array>> = {
  'of another key': (challenge) => sign('sha256', challenge, other),
  'over another hash': (challenge) => sign('sha384', challenge, other),
  'of zeros': () => new Uint8Array(256),
  'too short': () => new Uint8Array(255),
  empty: () => new Uint8Array(0),
};

describe('authenticateTerminal, what the HSM signs', () => {
  test.each(Object.entries(WRONG))('%s never reaches the card', async (_, wrong) => {
    const { dialogue, reader } = dialogueWith(card.file);
    await dialogue.identify([jpki]);
    const terminal: Terminal = { ...stage.jpki.terminal, sign: async (one) => wrong(one) };
    await expect(dialogue.authenticateTerminal(terminal)).rejects.toThrow(
      withCode('ERR_TERMINAL_SIGNATURE'),
    );
    expect(reader.report().instructions).not.toHaveProperty('82');
    expect(reader.report().instructions['84']).toBe(1);
  });

  test('over the challenge of another card', async () => {
    const { dialogue, reader } = dialogueWith(card.file);
    await dialogue.identify([jpki]);
    const terminal = {
      ...stage.jpki.terminal,
      sign: () => stage.jpki.terminal.sign(new Uint8Array(16)),
    };
    await expect(dialogue.authenticateTerminal(terminal)).rejects.toThrow(
      withCode('ERR_TERMINAL_SIGNATURE'),
    );
    expect(reader.report().instructions).not.toHaveProperty('82');
  });

  test('an HSM that fails is the gate’s fault, and the card is left alone', async () => {
    const { dialogue, reader } = dialogueWith(card.file);
    await dialogue.identify([jpki]);
    const failure = new Error('down');
    const terminal = { ...stage.jpki.terminal, sign: () => Promise.reject(failure) };
    await expect(dialogue.authenticateTerminal(terminal)).rejects.toBe(failure);
    expect(reader.report().instructions).not.toHaveProperty('82');
  });
});

describe('authenticateTerminal, EXTERNAL AUTHENTICATE', () => {
  test.each(['6300', '63c2', '6982', '6983', '6985', '6700', '6a80', '6f00', '6c00', '6100'])(
    '%s: once, then never again',
    async (sw) => {
      const { dialogue, reader } = dialogueWith(card.file, [answer('external-authenticate', sw)]);
      await dialogue.identify([jpki]);
      const failed = await authenticate(dialogue).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CardRefusal);
      expect(failed).toMatchObject({ reason: 'terminal-refused' });
      expect(reader.report().instructions['82']).toBe(1);
    },
  );

  test.each(['', 'aa', '00'.repeat(15), '00'.repeat(17)])(
    'a challenge of %s is not signed',
    async (challenge) => {
      const fault = answer('get-challenge', `${challenge}9000`);
      const { dialogue, reader } = dialogueWith(card.file, [fault]);
      await dialogue.identify([jpki]);
      await expect(authenticate(dialogue)).rejects.toThrow(withCode('ERR_CARD_FAULT'));
      expect(reader.report().instructions).not.toHaveProperty('82');
    },
  );
});

describe('authenticateTerminal, a reader without extended length', () => {
  test.each([261, 300])('of %i octets a command', async (maxCommandLength) => {
    const { dialogue, reader } = dialogueWith(card.file, [], maxCommandLength);
    await dialogue.identify([jpki]);
    await expect(authenticate(dialogue)).rejects.toThrow(withCode('ERR_READER_EXTENDED_LENGTH'));
    expect(reader.report().instructions).not.toHaveProperty('84');
  });

  test('6700 on a short command is the card’s own', async () => {
    const { dialogue } = dialogueWith(card.file, [answer('select-terminal-key', '6700')]);
    await dialogue.identify([jpki]);
    await expect(authenticate(dialogue)).rejects.toMatchObject({ reason: 'terminal-refused' });
  });
});

/** Beginnings of certificates, as the card may give them. */
const HEADS: Readonly<Record<string, string>> = {
  empty: '',
  'one octet': '30',
  zeros: '00'.repeat(256),
  'ff all over': 'ff'.repeat(256),
  'no certificate': `04820500${'00'.repeat(252)}`,
  'of 4 GiB': `3084ffffffff${'00'.repeat(250)}`,
  'of 4097 octets': `30820ffd${'00'.repeat(252)}`,
  'of 256 octets': `308200fc${'00'.repeat(252)}`,
};

describe('the certificate', () => {
  test.each(Object.entries(HEADS))('head: %s', async (_, hex) => {
    const { dialogue } = dialogueWith(card.file, [answer('read-certificate', `${hex}9000`)]);
    await dialogue.identify([jpki]);
    await expect(authenticate(dialogue)).rejects.toThrow(withCode('ERR_CARD_FAULT'));
  });

  test('none on the card', async () => {
    const { dialogue } = dialogueWith(card.file, [answer('read-certificate', '6a82')]);
    await dialogue.identify([jpki]);
    await expect(authenticate(dialogue)).rejects.toMatchObject({ reason: 'no-certificate' });
  });

  test.each([
    ['a part is empty', '9000'],
    ['a part is too short', `${'00'.repeat(100)}9000`],
    ['a part is too long', `${'00'.repeat(257)}9000`],
    ['a part is refused', '6982'],
    ['a part is beyond the file', '6b00'],
  ])('rest: %s', async (_, hex) => {
    const { dialogue } = await authenticated([answer('read-certificate', hex, 2)]);
    await expect(dialogue.readCertificate()).rejects.toThrow(withCode('ERR_CARD_FAULT'));
  });
});
