import { verify, X509Certificate } from 'node:crypto';
import { CARD_CODES, CardError } from '@pinless-gate/gate-firmware/card/error';
import { PinDialogue } from '@pinless-gate/gate-firmware/card/pin-dialogue';
import { PIN_KEYS } from '@pinless-gate/gate-firmware/card/profiles/jpki-keys';
import { stateWithCard, type Wanted } from '@pinless-gate/gate-firmware/present/statement';
import {
  formatCardStatement,
  parseCardStatement,
  statementMessage,
  surfaceMessage,
} from '@pinless-gate/protocol/card-statement';
import { decodeSurfaceRecord, modulusHash } from '@pinless-gate/protocol/kazashi/surface-record';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JpkiCardFile } from '../../../sandbox/card/card-file.ts';
import type { Fault } from '../../../sandbox/card/fault.ts';
import { Jlis } from '../../../sandbox/jlis/jlis.ts';
import { type NewCardOptions, newCard } from '../../../sandbox/jlis/new-card.ts';
import { withCode } from '../fixture.ts';
import { channelOf, onReader } from '../stage.ts';
import { forFile } from '../temporary.ts';

const PASSWORD = 'ABC12345';
const PIN = '1234';
const REFERENCE = '550217';
const request = new Uint8Array(300).fill(7);
let jlis: Jlis;
let card: JpkiCardFile;

async function plastic(options: NewCardOptions = {}): Promise<JpkiCardFile> {
  const all = { birthDate: '19800217', signaturePassword: PASSWORD, ...options };
  const { file } = await newCard(jlis, all);
  if (file.profile !== 'jpki') throw new Error('not a plastic card');
  return file;
}

beforeAll(async () => {
  jlis = await Jlis.create(forFile());
  card = await plastic();
}, 60_000);

interface Attempt {
  readonly file?: JpkiCardFile;
  readonly pin?: string;
  readonly reference?: string;
  readonly lastTry?: boolean;
  readonly faults?: readonly Fault[];
}

/** A person with a card at a desk, and what the card was sent. */
function attempt(wanted: Partial<Wanted>, more: Attempt = {}) {
  const { file = card, reference = REFERENCE, lastTry = false, faults = [] } = more;
  const asked: (readonly [string, number])[] = [];
  const silence = new CardError(CARD_CODES.removed, 'gone');
  const reader = onReader(file, { faults, silence });
  const pins = { signature: PASSWORD, authentication: PIN };
  const person = {
    reference: async () => reference,
    pin: async (key: 'signature' | 'authentication', tries: number) => {
      asked.push([key, tries]);
      return more.pin ?? pins[key];
    },
  };
  const stating = { transmit: reader.transmit, lastTry, now: () => 0 };
  const whole = { request, method: 'signature', kazashi: false, ...wanted } as const;
  const statement = stateWithCard(whole, person, stating);
  return { statement, asked, verified: () => reader.report().instructions['20'] ?? 0 };
}

const derOf = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

describe('what a card states', () => {
  test('with its signature key: both certificates, one signature', async () => {
    const { statement, asked } = attempt({});
    const stated = await statement;
    expect(asked).toEqual([['signature', 5]]);
    expect(stated.certificate).toEqual(derOf(card.signature!.certificatePem));
    expect(stated.authenticationCertificate).toEqual(derOf(card.certificatePem!));
    const { publicKey } = new X509Certificate(card.signature!.certificatePem);
    const message = statementMessage(request, 'signature');
    expect(verify('sha256', message, publicKey, stated.signature!)).toBe(true);
    expect(parseCardStatement(JSON.parse(formatCardStatement(stated)))).toEqual({
      kazashi: undefined,
      ...stated,
    });
  });

  test('with its authentication key', async () => {
    const { statement, asked } = attempt({ method: 'authentication' });
    const stated = await statement;
    expect(asked).toEqual([['authentication', 3]]);
    expect(Object.keys(stated)).not.toContain('authenticationCertificate');
    const { publicKey } = new X509Certificate(card.certificatePem!);
    const message = statementMessage(request, 'authentication');
    expect(verify('sha256', message, publicKey, stated.signature!)).toBe(true);
  });

  test('without a PIN: its certificate, and nothing is verified', async () => {
    const { statement, asked, verified } = attempt({ method: 'read' });
    expect(await statement).toEqual({
      request,
      method: 'read',
      certificate: derOf(card.certificatePem!),
    });
    expect({ asked, verified: verified() }).toEqual({ asked: [], verified: 0 });
  });

  test.each(['signature', 'authentication'] as const)('with its chip: %s', async (method) => {
    const { kazashi, certificate, signature } = await attempt({ method, kazashi: true }).statement;
    const { publicKey } = decodeSurfaceRecord(kazashi!.record);
    const chip = surfaceMessage(request);
    expect(verifyRsaPkcs1(publicKey, 'sha256', chip, kazashi!.signature)).toBe(true);
    expect(kazashi!.reference).toBe(REFERENCE);
    const message = statementMessage(request, method, modulusHash(publicKey));
    const holder = new X509Certificate(certificate).publicKey;
    expect(verify('sha256', message, holder, signature!)).toBe(true);
  });
});

describe('a PIN', () => {
  test('that is wrong is sent once, and the tries that are left are told', async () => {
    const { statement, verified } = attempt({ method: 'authentication' }, { pin: '9999' });
    await expect(statement).rejects.toMatchObject({
      code: 'ERR_PIN_REFUSED',
      message: 'the card did not accept it: 2 tries are left',
    });
    expect(verified()).toBe(2); // the question, and the one answer
  });

  test.each([
    ['authentication', '123'],
    ['authentication', '12345'],
    ['authentication', ''],
    ['signature', 'ABC12'],
    ['signature', 'abc12345'],
    ['signature', 'ABC-12345'],
    ['signature', 'ABCDEFGHIJKLMNOPQ'],
  ] as const)('%s: "%s" is none, and the card is not asked', async (method, pin) => {
    const { statement, verified } = attempt({ method }, { pin });
    await expect(statement).rejects.toThrow(withCode('ERR_PIN_FORM'));
    expect(verified()).toBe(1);
  });

  test('with one try left is not used, unless that is asked for', async () => {
    const file = { ...card, pinTriesLeft: 1 };
    const refused = attempt({ method: 'authentication' }, { file });
    await expect(refused.statement).rejects.toThrow(withCode('ERR_PIN_LAST_TRY'));
    expect({ asked: refused.asked, verified: refused.verified() }).toEqual({
      asked: [],
      verified: 1,
    });
    const used = attempt({ method: 'authentication' }, { file, lastTry: true });
    await expect(used.statement).resolves.toMatchObject({ method: 'authentication' });
  });

  test('whose last try fails is blocked', async () => {
    const file = { ...card, pinTriesLeft: 1 };
    const more = { file, lastTry: true, pin: '9999' };
    const { statement } = attempt({ method: 'authentication' }, more);
    await expect(statement).rejects.toThrow(withCode('ERR_PIN_BLOCKED'));
  });

  test.each(['signature', 'authentication'] as const)('that is blocked: %s', async (method) => {
    const signature = { ...card.signature!, triesLeft: 0 };
    const { statement, asked } = attempt(
      { method },
      { file: { ...card, signature, pinTriesLeft: 0 }, lastTry: true },
    );
    await expect(statement).rejects.toThrow(withCode('ERR_PIN_BLOCKED'));
    expect(asked).toEqual([]);
  });

  test('of the card after another: the first counts no more', async () => {
    const reader = onReader(card);
    const dialogue = new PinDialogue(() => channelOf(reader), PIN_KEYS.authentication);
    await expect(dialogue.present(PIN)).rejects.toThrow(TypeError);
    const other = new PinDialogue(() => channelOf(reader), PIN_KEYS.authentication);
    expect(await other.tries()).toBe(3);
    await expect(other.present('no PIN')).rejects.toThrow(RangeError);
    await expect(other.sign(new Uint8Array(32))).rejects.toThrow(TypeError);
  });
});

describe('cards that state nothing', () => {
  test.each([
    ['phone', 'phone'],
    ['iphone', 'phone'],
    ['old', 'old-card'],
    ['no-certificate', 'no-certificate'],
    ['foreign', 'unknown-card'],
  ] as const)('%s', async (scenario, reason) => {
    const { statement, asked } = attempt({}, { file: await plastic({ scenario }) });
    await expect(statement).rejects.toMatchObject({ code: 'ERR_CARD_REFUSED', reason });
    expect(asked).toEqual([]);
  });

  test('a child’s, without signature certificate: no password is asked for', async () => {
    const { signature: _, ...file } = card;
    const { statement, asked, verified } = attempt({}, { file });
    await expect(statement).rejects.toThrow(withCode('ERR_PIN_NO_KEY'));
    expect({ asked, verified: verified() }).toEqual({ asked: [], verified: 1 });
    await expect(attempt({ method: 'authentication' }, { file }).statement).resolves.toBeDefined();
  });

  test('one without a surface application, where the chip is wanted', async () => {
    const { surface: _, ...file } = card;
    const { statement, asked } = attempt({ kazashi: true }, { file });
    await expect(statement).rejects.toMatchObject({ reason: 'unknown-card' });
    expect(asked).toEqual([]);
  });

  test.each([
    ['five digits', '12345', 'ERR_PIN_FORM'],
    ['another birth date', '550218', 'ERR_CARD_REFUSED'],
  ])('a birth date of %s', async (_, reference, code) => {
    const { statement, asked } = attempt({ kazashi: true }, { reference });
    await expect(statement).rejects.toThrow(withCode(code));
    expect(asked).toEqual([]);
  });

  test.each([
    'select',
    'token-info',
    'read-certificate',
    'query-tries',
    'verify-birth-date',
    'read-surface',
    'verify-pin',
    'read-signature-certificate',
    'sign',
  ] as const)('one that is taken away at %s', async (atStep) => {
    const faults = [{ atStep, answer: 'leave' as const }];
    const { statement } = attempt({ kazashi: true }, { faults });
    await expect(statement).rejects.toThrow(withCode(CARD_CODES.removed));
  });

  test.each<[string, Fault]>([
    ['no counter', { atStep: 'token-info', answer: '6a82', nth: 3 }],
    ['an error at VERIFY', { atStep: 'verify-pin', answer: '6f00' }],
    ['no certificate after the password', { atStep: 'read-signature-certificate', answer: '9000' }],
    ['a certificate cut short', { atStep: 'read-signature-certificate', answer: '9000', nth: 2 }],
    ['no signature', { atStep: 'sign', answer: '6a80' }],
  ])('one that answers with %s', async (_, fault) => {
    const { statement } = attempt({}, { faults: [fault] });
    await expect(statement).rejects.toThrow(withCode(CARD_CODES.fault));
  });

  test('one whose surface record is none', async () => {
    const surface = { ...card.surface!, record: Buffer.alloc(547).toString('base64') };
    const { statement, asked } = attempt({ kazashi: true }, { file: { ...card, surface } });
    await expect(statement).rejects.toThrow(withCode('ERR_PRESENT_SURFACE'));
    expect(asked).toEqual([]);
  });
});
