import { CARD_FORMAT, type CardFile, parseCardFile } from '../card/card-file.ts';
import type { Fault } from '../card/fault.ts';
import type { Step } from '../card/virtual-card.ts';
import { type Jlis, years } from './jlis.ts';
import { type KeyPair, newEcKey, newRsaKey } from './keys.ts';
import { newSignature } from './new-signature.ts';
import { printedReference } from './surface-ca.ts';
import { type TerminalKey, terminalCaKeyId } from './terminal-ca.ts';

/** What happens when a card of that kind is held up, in one line each. */
export const SCENARIOS = {
  normal: 'a card as it should be',
  clone: "somebody else's certificate with a key of its own",
  mixed: "somebody else's certificate before a card of one's own, with its surface application",
  phone: 'an Android phone: its label, and a certificate behind the PIN',
  iphone: 'an iPhone: its label, and the last-command indicator',
  'no-certificate': 'no user-authentication certificate on the card',
  old: 'the label of the old residents’ card',
  'test-card': 'a card of the test hierarchy, O=JPKI-TEST',
  expired: 'the certificate has expired',
  'not-yet-valid': 'the certificate is valid from tomorrow',
  revoked: 'the certificate is on the CRL',
  'other-ca': 'the certificate is signed by another CA of the same name',
  slow: 'the signature takes four seconds',
  mute: 'no answer at the signature',
  pulled: 'leaves after GET CHALLENGE',
  nonsense: 'random octets instead of the certificate',
  foreign: 'another card: no such application',
  'refuses-terminal': 'EXTERNAL AUTHENTICATE always fails',
  'wrong-terminal-ca': 'holds the key of another terminal CA',
} as const;

export type Scenario = keyof typeof SCENARIOS;

export const isScenario = (text: string): text is Scenario => Object.hasOwn(SCENARIOS, text);

export interface NewCardOptions {
  readonly profile?: 'jpki' | 'iso';
  readonly scenario?: Scenario;
  /** Hex; the J-LIS's next number otherwise. */
  readonly serial?: string;
  /** The user-authentication key; RSA-2048 otherwise. */
  readonly key?: KeyPair | KeyKind;
  readonly pin?: string;
  /** YYYYMMDD: gives a jpki card its surface application. */
  readonly birthDate?: string;
  /** Six digits; those of the Japanese era otherwise. */
  readonly reference?: string;
  /** 6 to 16 letters and digits: gives a jpki card its signature certificate and key (署名用). */
  readonly signaturePassword?: string;
  /** Of ten, for the birth date. */
  readonly triesLeft?: number;
  readonly timing?: string;
  readonly faults?: readonly Fault[];
  readonly removeAfterStep?: Step;
  /** For `clone` and `mixed`: the card whose certificate is copied; a new holder's otherwise. */
  readonly victim?: CardFile;
}

export interface NewCard {
  readonly file: CardFile;
  /** Hex; absent where the card shows no certificate of its own. */
  readonly serial?: string;
}

const DAY_MS = 86_400_000;
const LABELS: Partial<Record<Scenario, string>> = {
  phone: 'JPKIAPGPSETOKEN',
  iphone: 'JPKIAPIOSTOKEN',
  old: 'JPKIAPICCTOKEN',
};
const PLASTIC_LABEL = 'JPKIAPICCTOKEN2';
export const DEFAULT_PIN = '1234';

const BEHAVIOUR: Partial<Record<Scenario, object>> = {
  slow: { faults: [{ atStep: 'sign', answer: 4000 }] },
  mute: { faults: [{ atStep: 'sign', answer: 'mute' }] },
  nonsense: { faults: [{ atStep: 'read-certificate', answer: 'nonsense' }] },
  pulled: { removeAfterStep: 'get-challenge' },
  foreign: { foreign: true },
  'refuses-terminal': { refusesTerminal: true },
};
const JPKI_BEHAVIOUR: Partial<Record<Scenario, object>> = {
  phone: { certificateNeedsPin: true },
  iphone: { lastCommandIndicator: true },
};

/** Makes a card of a scenario: its key, its certificate, its file. */
export async function newCard(jlis: Jlis, options: NewCardOptions = {}): Promise<NewCard> {
  const { profile = 'jpki', scenario = 'normal', victim, pin = DEFAULT_PIN } = options;
  const key = await cardKeyPair(options.key ?? 'rsa');
  const copies = scenario === 'clone' || scenario === 'mixed';
  const issued =
    scenario === 'no-certificate' || (copies && victim)
      ? undefined
      : await issueFor(jlis, scenario, key, options.serial);
  if (issued && scenario === 'revoked') await jlis.revoke(issued.serial);

  const certificatePem = issued?.pem ?? (copies ? victim?.certificatePem : undefined);
  const ownKey = copies ? await cardKeyPair(kindOf(options.key)) : key;
  const { faults, removeAfterStep, timing } = options;
  const file = {
    format: CARD_FORMAT,
    profile,
    scenario,
    ...(certificatePem !== undefined && { certificatePem }),
    privateKeyPem: ownKey.privateKeyPem,
    caCertificatePem: await jlis.files.text('ca.pem'),
    ...BEHAVIOUR[scenario],
    ...(profile === 'jpki' && {
      label: LABELS[scenario] ?? PLASTIC_LABEL,
      pin,
      terminalCa: await jpkiTerminalCa(jlis, scenario),
      ...(options.birthDate !== undefined && {
        surface: await newSurface(jlis, options.birthDate, options),
      }),
      ...(options.signaturePassword !== undefined && {
        signature: await newSignature(jlis, options.signaturePassword, { ...options, issued }),
      }),
      ...JPKI_BEHAVIOUR[scenario],
    }),
    ...(profile === 'iso' && {
      terminalCa: { cvcert: await isoTerminalCa(jlis, scenario) },
      date: new Date().toISOString().slice(0, 10),
    }),
    ...(timing !== undefined && { timing }),
    ...(faults !== undefined && faults.length > 0 && { faults }),
    ...(removeAfterStep !== undefined && { removeAfterStep }),
  };
  return { file: parseCardFile(file), ...(issued && { serial: issued.serial }) };
}

type KeyKind = 'rsa' | 'p256' | 'p384';

const kindOf = (key: KeyPair | KeyKind | undefined): KeyKind =>
  typeof key === 'string' ? key : 'rsa';

async function cardKeyPair(key: KeyPair | KeyKind): Promise<KeyPair> {
  if (key === 'rsa') return newRsaKey();
  if (key === 'p256') return newEcKey('P-256');
  if (key === 'p384') return newEcKey('P-384');
  return key;
}

async function issueFor(jlis: Jlis, scenario: Scenario, key: KeyPair, serial: string | undefined) {
  const now = Date.now();
  const validity =
    scenario === 'expired'
      ? { notBefore: years(now, -5, 0).notBefore, notAfter: new Date(now - DAY_MS) }
      : scenario === 'not-yet-valid'
        ? { notBefore: new Date(now + DAY_MS), notAfter: years(now, 0, 4).notAfter }
        : undefined;
  return jlis.issue({
    publicKeyPem: key.publicKeyPem,
    ...(serial !== undefined && { serial }),
    ...(validity && { validity }),
    otherCa: scenario === 'other-ca' || scenario === 'test-card',
    testHierarchy: scenario === 'test-card',
  });
}

/** The surface application, with a key of its own. */
async function newSurface(
  jlis: Jlis,
  birthDate: string,
  { reference = printedReference(birthDate), scenario, triesLeft }: NewCardOptions,
) {
  const { publicKeyPem, privateKeyPem } = await newRsaKey();
  const { record, signer } = await jlis.issueSurface(birthDate, publicKeyPem);
  return {
    record: Buffer.from(record).toString('base64'),
    signer: Buffer.from(signer).toString('base64'),
    privateKeyPem,
    reference,
    ...(triesLeft !== undefined && { triesLeft }),
    // The emulator in front of it answers 9000 itself, and opens its own card with its own birth date.
    ...(scenario === 'mixed' && { acceptsAnyReference: true }),
  };
}

async function jpkiTerminalCa(jlis: Jlis, scenario: Scenario): Promise<TerminalKey> {
  if (scenario !== 'wrong-terminal-ca') {
    return JSON.parse(await jlis.files.text('terminal-ca.json')) as TerminalKey;
  }
  // The next generation, which the gate has no certificates under.
  return { keyId: terminalCaKeyId(2), publicKeyPem: (await newRsaKey()).publicKeyPem };
}

async function isoTerminalCa(jlis: Jlis, scenario: Scenario): Promise<string> {
  const certificate =
    scenario === 'wrong-terminal-ca'
      ? await jlis.foreignCvca()
      : await jlis.files.octets('iso-cvca.cvcert');
  return Buffer.from(certificate).toString('base64');
}
