import { createHash } from 'node:crypto';
import {
  type CardStatement,
  type StatementMethod,
  type StatementSurface,
  statementMessage,
  surfaceMessage,
} from '@pinless-gate/protocol/card-statement';
import { GateError } from '@pinless-gate/protocol/errors';
import { decodeSurfaceRecord, modulusHash } from '@pinless-gate/protocol/kazashi/surface-record';
import { CardChannel, type ChannelLimits, type Transmit } from '../card/channel.ts';
import { CardDialogue } from '../card/dialogue.ts';
import { blockedPin, PinDialogue, PinError } from '../card/pin-dialogue.ts';
import { PIN_KEYS, type PinKey } from '../card/profiles/jpki-keys.ts';
import { kazashi } from '../card/profiles/kazashi.ts';

/** What the card is to state: the octets, shown to the person already. */
export interface Wanted {
  readonly request: Uint8Array;
  readonly method: StatementMethod;
  /** The chip is captured too. */
  readonly kazashi: boolean;
}

/** Whoever holds the card. What they type goes to the card and nowhere else. */
export interface Person {
  /** The six digits of the birth date, as printed on the card. */
  readonly reference: () => Promise<string>;
  readonly pin: (key: PinKey['name'], tries: number) => Promise<string>;
}

export interface Stating {
  /** Of one card that stays on the reader throughout. */
  readonly transmit: Transmit;
  /** Uses the last try too. */
  readonly lastTry: boolean;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

const LIMITS: ChannelLimits = { commandTimeoutMs: 5000, tapTimeoutMs: 20_000 };

/** In one session with the card. Throws a `CardRefusal`, `PinError`, `CardError` or `ReaderError`. */
export async function stateWithCard(
  wanted: Wanted,
  person: Person,
  stating: Stating,
): Promise<CardStatement> {
  const { request, method } = wanted;
  const channel = () => new CardChannel(stating.transmit, LIMITS, stating.now);
  // Asked before the card is: what it was asked would be forgotten meanwhile.
  const reference = wanted.kazashi ? await readReference(person) : undefined;
  const { certificate, surface } = await readCard(channel(), request, reference);
  // No PIN is asked for where it is no such record.
  const chip = surface && modulusHashOf(surface);
  if (method === 'read') return { request, method, certificate };
  const dialogue = await openKey(new PinDialogue(channel, PIN_KEYS[method]), method, {
    person,
    lastTry: stating.lastTry,
  });
  const signs = method === 'signature';
  const own = signs ? await dialogue.readSignatureCertificate() : certificate;
  const message = statementMessage(request, method, chip);
  return {
    request,
    method,
    certificate: own,
    signature: await dialogue.sign(sha256(message)),
    ...(signs && { authenticationCertificate: certificate }),
    ...(surface && { kazashi: surface }),
  };
}

async function readReference(person: Person): Promise<string> {
  const reference = await person.reference();
  if (/^[0-9]{6}$/.test(reference)) return reference;
  throw new PinError('ERR_PIN_FORM', 'a birth date has six digits here, as printed on the card');
}

/** What a card gives without PIN, and, with the birth date, what proves its chip. */
async function readCard(channel: CardChannel, request: Uint8Array, reference?: string) {
  const dialogue = new CardDialogue(channel);
  await dialogue.identify([kazashi]);
  await dialogue.readHead();
  const certificate = await dialogue.readCertificate();
  if (reference === undefined) return { certificate, surface: undefined };
  const files = await dialogue.presentBirthDate(reference);
  const signature = await dialogue.prove(sha256(surfaceMessage(request)));
  return { certificate, surface: { reference, ...files, signature } };
}

interface Opening {
  readonly person: Person;
  readonly lastTry: boolean;
}

async function openKey(
  dialogue: PinDialogue,
  name: PinKey['name'],
  { person, lastTry }: Opening,
): Promise<PinDialogue> {
  const tries = await dialogue.tries();
  if (tries === 0) throw blockedPin();
  if (tries === 1 && !lastTry) {
    throw new PinError('ERR_PIN_LAST_TRY', 'one try is left for this PIN, and it is not used', {
      hint: 'a wrong one blocks it, and only the municipality helps; --last-try uses it',
    });
  }
  const pin = await person.pin(name, tries);
  if (!PIN_KEYS[name].pin.test(pin)) {
    throw new PinError(
      'ERR_PIN_FORM',
      `not of its form, so the card was not asked: ${FORMS[name]}`,
    );
  }
  await dialogue.present(pin);
  return dialogue;
}

const FORMS: Readonly<Record<PinKey['name'], string>> = {
  signature: '6 to 16 capital letters and digits',
  authentication: 'four digits',
};

/** Of the key in the record. Who signed the record is for the console to verify. */
function modulusHashOf({ record }: StatementSurface): Uint8Array {
  try {
    return modulusHash(decodeSurfaceRecord(record).publicKey);
  } catch (cause) {
    if (!(cause instanceof GateError)) throw cause;
    throw new GateError('ERR_PRESENT_SURFACE', 'what the chip shows is no surface record', {
      cause,
    });
  }
}

function sha256(octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(octets).digest());
}
