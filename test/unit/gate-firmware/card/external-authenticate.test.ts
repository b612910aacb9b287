import { createSign, generateKeyPairSync } from 'node:crypto';
import { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import { CardDialogue, type Terminal } from '@pinless-gate/gate-firmware/card/dialogue';
import { jpki } from '@pinless-gate/gate-firmware/card/profiles/jpki';
import type { CardProfile } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { beforeEach, describe, expect, test } from 'vitest';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spki = publicKey.export({ type: 'spki', format: 'der' });
const sign = (challenge: Uint8Array) => createSign('sha256').update(challenge).sign(privateKey);
const terminal: Terminal = {
  certificates: [],
  publicKey: readPublicKey(spki) as RsaPublicKey,
  sign: async (challenge) => sign(challenge),
};
/** The jpki card, without CV certificates to load. */
const profile: CardProfile = { ...jpki, identify: async () => 'identified' };

const INS_GET_CHALLENGE = 0x84;
const INS_EXTERNAL_AUTHENTICATE = 0x82;
const CHALLENGE = fromHex(`${'5a'.repeat(16)}9000`);

let sent: number[];

/** A card that answers EXTERNAL AUTHENTICATE, and what comes after it, with this status word. */
function dialogueWith(sw: string): CardDialogue {
  const answers: Record<number, Uint8Array> = {
    [INS_GET_CHALLENGE]: CHALLENGE,
    [INS_EXTERNAL_AUTHENTICATE]: fromHex(sw),
    192: fromHex('6f00'), // GET RESPONSE
  };
  const channel = new CardChannel(
    async ([command]) => {
      sent.push(command![1]!);
      return [answers[command![1]!] ?? fromHex('9000')];
    },
    { commandTimeoutMs: 1000, tapTimeoutMs: 1000 },
    () => 0,
  );
  return new CardDialogue(channel);
}

const authentications = () => sent.filter((ins) => ins === INS_EXTERNAL_AUTHENTICATE).length;

beforeEach(() => {
  sent = [];
});

describe('CardDialogue.authenticateTerminal', () => {
  test.each([
    '6300',
    '63c9',
    '63c0',
    '6700',
    '6982',
    '6983',
    '6984',
    '6985',
    '6a80',
    '6b00',
    '6f00',
  ])('takes %s for a refusal', async (sw) => {
    const dialogue = dialogueWith(sw);
    await dialogue.identify([profile]);
    await expect(dialogue.authenticateTerminal(terminal)).rejects.toMatchObject({
      reason: 'terminal-refused',
    });
    expect(authentications()).toBe(1);
  });

  test.each(['6c00', '6c10', '6100', '6110'])(
    'does not send EXTERNAL AUTHENTICATE again after %s',
    async (sw) => {
      const dialogue = dialogueWith(sw);
      await dialogue.identify([profile]);
      await expect(dialogue.authenticateTerminal(terminal)).rejects.toMatchObject({
        reason: 'terminal-refused',
      });
      expect(authentications()).toBe(1);
    },
  );

  test.each<[string, (challenge: Uint8Array) => Uint8Array]>([
    ['of another challenge', () => sign(new Uint8Array(16))],
    [
      'with a flipped bit',
      (challenge) => sign(challenge).map((octet, i) => octet ^ (i === 99 ? 1 : 0)),
    ],
    ['that is too short', (challenge) => sign(challenge).subarray(1)],
    ['without octets', () => new Uint8Array(0)],
  ])('shows the card no signature %s', async (_, bad) => {
    const dialogue = dialogueWith('9000');
    await dialogue.identify([profile]);
    const broken = { ...terminal, sign: async (challenge: Uint8Array) => bad(challenge) };
    await expect(dialogue.authenticateTerminal(broken)).rejects.toMatchObject({
      code: 'ERR_TERMINAL_SIGNATURE',
    });
    expect(authentications()).toBe(0);
  });

  test('does not authenticate twice on one card', async () => {
    const dialogue = dialogueWith('63c9');
    await dialogue.identify([profile]);
    await expect(dialogue.authenticateTerminal(terminal)).rejects.toThrow();
    await expect(dialogue.authenticateTerminal(terminal)).rejects.toBeInstanceOf(TypeError);
    expect(authentications()).toBe(1);
  });
});
