import { generateKeyPairSync } from 'node:crypto';
import { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import { iso } from '@pinless-gate/gate-firmware/card/profiles/iso';
import { jpki } from '@pinless-gate/gate-firmware/card/profiles/jpki';
import type { CardProfile } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import { beforeAll, describe, expect, test } from 'vitest';
import { FakeKeyStore } from '../../../fakes/key-store.ts';
import { withCode } from '../fixture.ts';
import { LIMITS, makeStage, octets, STAGE_TIMEOUT_MS, type Stage } from '../stage.ts';
import { forFile } from '../temporary.ts';

const DAY_S = 86_400;
const NOW = Date.now() / 1000;
let stage: Stage;

beforeAll(async () => {
  stage = await makeStage(forFile(), new FakeKeyStore());
}, STAGE_TIMEOUT_MS);

/** Runs `identify` against answers in hex, one for each command, and gives what it came to and was sent. */
async function identify(profile: CardProfile, ...answers: string[]) {
  const sent: string[] = [];
  const transmit = async (commands: readonly Uint8Array[]) => {
    const given: Uint8Array[] = [];
    for (const command of commands) {
      sent.push(toHex(command));
      given.push(octets(answers[sent.length - 1] ?? '6f00'));
      if (!answers[sent.length - 1]?.endsWith('9000')) break;
    }
    return given;
  };
  const channel = new CardChannel(transmit, LIMITS, () => 0);
  return { result: await profile.identify(channel).catch((e: unknown) => e), sent };
}

const label = (text: string) => `${toHex(utf8(text.padEnd(32)))}9000`;
const PLASTIC = label('JPKIAPICCTOKEN2');

describe('jpki (protocol.md 1.1)', () => {
  test('identify: SELECT, token info, availability', async () => {
    const { result, sent } = await identify(jpki, '9000', PLASTIC, '8f8f9000');
    expect(result).toBe('identified');
    expect(sent).toEqual(['00a4040c0ad392f000260100000001', '00b0860020', '00b0880003']);
  });

  test.each([
    [
      'a label filled up with zeros is not that of a card',
      '9000',
      `${toHex(utf8('JPKIAPICCTOKEN2'))}${'00'.repeat(17)}9000`,
      '8f8f9000',
      'unknown-card',
    ],
    ['an Android phone', '9000', label('JPKIAPGPSETOKEN'), '8f8f9000', 'phone'],
    ['an iPhone', '9000', label('JPKIAPIOSTOKEN'), '8f8f9000', 'phone'],
    ['the juki card', '9000', label('JPKIAPICCTOKEN'), '8f8f9000', 'old-card'],
    [
      'a label of the next generation',
      '9000',
      label('JPKIAPICCTOKEN3'),
      '8f8f9000',
      'unknown-card',
    ],
    [
      'a label that is the name of a property',
      '9000',
      label('constructor'),
      '8f8f9000',
      'unknown-card',
    ],
    ['an empty label', '9000', '9000', '8f8f9000', 'unknown-card'],
    ['no certificate', '9000', PLASTIC, '8f009000', 'no-certificate'],
    ['only the signature certificate', '9000', PLASTIC, '8f009000', 'no-certificate'],
    ['the authentication certificate alone', '9000', PLASTIC, '008f9000', 'identified'],
    ['one octet of availability', '9000', PLASTIC, '8f9000', 'no-certificate'],
    ['no EF of availability', '9000', PLASTIC, '6a82', 'no-certificate'],
    ['no such application', '6a82', '', '', 'other'],
    ['instruction not known', '6d00', '', '', 'other'],
    ['class not known', '6e00', '', '', 'other'],
  ])('identify: %s', async (_, select, info, availability, expected) => {
    const { result } = await identify(jpki, select, info, availability);
    expect(result).toBe(expected);
  });

  test.each([
    ['SELECT', ['6985']],
    ['SELECT', ['6f00']],
    ['token info', ['9000', '6982']],
    ['availability', ['9000', PLASTIC, '6f00']],
  ])('identify: %s fails', async (_, answers) => {
    const { result } = await identify(jpki, ...answers);
    expect(result).toMatchObject({ code: 'ERR_CARD_FAULT' });
  });

  test('terminal: key, both certificates in two blocks each, challenge', () => {
    const { intermediate, institution } = stage.certificates;
    const sent = jpki.terminal.commands(stage.jpki.terminal).map(encodeCommandApdu).map(toHex);
    const load = (encoded: Uint8Array) => [
      `80a206c1000133${toHex(encoded.subarray(0, 307))}`,
      `80a200c1000105${toHex(encoded.subarray(307))}`,
    ];
    expect(sent).toEqual([
      '00a4020c020016',
      ...load(intermediate!),
      ...load(institution!),
      '0084000010',
    ]);
  });

  test('external authentication: key reference 80 | SFI of EF 0016, no Le', () => {
    const signature = new Uint8Array(256).fill(0xab);
    const command = encodeCommandApdu(jpki.terminal.authenticate(signature));
    expect(toHex(command)).toBe(`00820096000100${'ab'.repeat(256)}`);
  });

  test('certificate and signature', () => {
    expect(toHex(encodeCommandApdu(jpki.readHead))).toBe('00b08a0000');
    const hash = new Uint8Array(32).fill(0xcd);
    expect(toHex(encodeCommandApdu(jpki.prove(hash)))).toBe(`802a029720${'cd'.repeat(32)}00`);
  });

  test('never asks for a PIN', () => {
    const commands = [
      ...jpki.terminal.commands(stage.jpki.terminal),
      jpki.terminal.authenticate(new Uint8Array(256)),
      jpki.readHead,
      jpki.prove(new Uint8Array(32)),
      ...jpki.readRest(256, 4096),
    ];
    expect(commands.map(({ ins }) => ins)).not.toContain(0x20);
  });
});

describe('jpki.terminal.check', () => {
  const check = (...certificates: Uint8Array[]) =>
    jpki.terminal.check({ certificates, publicKey: stage.jpki.terminal.publicKey }, NOW);

  test('the chain that ends in the key', () => {
    const { intermediate, institution } = stage.certificates;
    expect(() => check(intermediate!, institution!)).not.toThrow();
  });

  test.each<[string, () => Uint8Array[], string]>([
    [
      'in the wrong order',
      () => [stage.certificates.institution!, stage.certificates.intermediate!],
      'ERR_CVC_ORDER',
    ],
    ['the intermediate alone', () => [stage.certificates.intermediate!], 'ERR_CVC_KEY'],
    ['none', () => [], 'ERR_CVC_KEY'],
    [
      'twice the same',
      () => [stage.certificates.intermediate!, stage.certificates.intermediate!],
      'ERR_CVC_ORDER',
    ],
    ['cut short', () => [stage.certificates.intermediate!.subarray(0, 567)], 'ERR_TLV_TRUNCATED'],
    ['of the other profile', () => [stage.certificates.dv], 'ERR_CVC_LAYOUT'],
    [
      'with a flipped signature',
      () => [stage.certificates.intermediate!, flipped(stage.certificates.institution!, -1)],
      'ERR_CVC_SIGNATURE',
    ],
  ])('%s', (_, chain, code) => {
    expect(() => check(...chain())).toThrow(withCode(code));
  });

  test('a key of another gate', async () => {
    const spki = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const publicKey = readPublicKey(spki.export({ type: 'spki', format: 'der' })) as never;
    const credentials = { ...stage.jpki.terminal, publicKey };
    expect(() => jpki.terminal.check(credentials, NOW)).toThrow(withCode('ERR_CVC_KEY'));
  });
});

describe('iso (protocol.md 1.2)', () => {
  test.each([
    ['9000', 'identified'],
    ['6a82', 'other'],
    ['6a86', 'other'],
  ])('identify: %s is %s', async (select, expected) => {
    const { result, sent } = await identify(iso, select);
    expect(result).toBe(expected);
    expect(sent).toEqual(['00a4040c09f050494e4c45535301']);
  });

  test('terminal: MSE:Set DST and PSO for each certificate, MSE:Set AT, challenge of 8', () => {
    const sent = iso.terminal.commands(stage.iso.terminal).map(encodeCommandApdu).map(toHex);
    const set = (p2: string, reference: string) => {
      const length = (octets: number) => octets.toString(16).padStart(2, '0');
      const name = toHex(utf8(reference));
      return `002281${p2}${length(reference.length + 2)}83${length(reference.length)}${name}`;
    };
    expect(sent[0]).toBe(set('b6', 'JPSANDBOXCA00001'));
    expect(sent[1]).toMatch(/^002a00be00[0-9a-f]{4}7f4e/);
    expect(sent[2]).toBe(set('b6', 'JPSANDBOXDV00001'));
    expect(sent[3]).toMatch(/^002a00be00[0-9a-f]{4}7f4e/);
    expect(sent[4]).toBe(set('a4', 'JPGATE00001'));
    expect(sent[5]).toBe('0084000008');
    expect(sent).toHaveLength(6);
  });

  test('external and internal authentication', () => {
    const signature = iso.terminal.authenticate(new Uint8Array(256).fill(1));
    expect(toHex(encodeCommandApdu(signature))).toBe(`00820000000100${'01'.repeat(256)}`);
    const prove = encodeCommandApdu(iso.prove(new Uint8Array(32).fill(2)));
    expect(toHex(prove)).toBe(`0088000020${'02'.repeat(32)}00`);
    expect(toHex(encodeCommandApdu(iso.readHead))).toBe('00b08a0000');
  });

  test.each([
    ['now', 0, undefined],
    ['before they are effective', -3 * DAY_S, 'ERR_CVC_NOT_YET_EFFECTIVE'],
    ['after they expired', 400 * DAY_S, 'ERR_CVC_EXPIRED'],
  ])('check: %s', (_, offset, code) => {
    const check = () => iso.terminal.check(stage.iso.terminal, NOW + offset);
    if (code === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(withCode(code));
  });

  test.each<[string, () => Uint8Array[], string]>([
    [
      'in the wrong order',
      () => [stage.certificates.terminal, stage.certificates.dv],
      'ERR_CVC_ORDER',
    ],
    ['the DV alone', () => [stage.certificates.dv], 'ERR_CVC_KEY'],
    ['none', () => [], 'ERR_CVC_KEY'],
    [
      'with a flipped signature',
      () => [stage.certificates.dv, flipped(stage.certificates.terminal, -1)],
      'ERR_CVC_SIGNATURE',
    ],
  ])('check: %s', (_, chain, code) => {
    const credentials = { ...stage.iso.terminal, certificates: chain() };
    expect(() => iso.terminal.check(credentials, NOW)).toThrow(withCode(code));
  });
});

function flipped(octetsOf: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(octetsOf);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = copy[index]! ^ 1;
  return copy;
}
