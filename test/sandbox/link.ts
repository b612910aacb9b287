import { randomBytes } from 'node:crypto';
import { CardChannel, expectData, type Transmit } from '@pinless-gate/gate-firmware/card/channel';
import { CardDialogue } from '@pinless-gate/gate-firmware/card/dialogue';
import { CARD_CODES, CardError } from '@pinless-gate/gate-firmware/card/error';
import { kazashi } from '@pinless-gate/gate-firmware/card/profiles/kazashi';
import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { SW_COUNTER, SW_SUCCESS } from '@pinless-gate/protocol/apdu/status-word';
import { sha256 } from '@pinless-gate/protocol/bundle';
import { fromHex, latin1, toHex } from '@pinless-gate/protocol/bytes';
import {
  chipMessage,
  holderMessage,
  type Link,
  LinkError,
  type LinkTrust,
  verifyLink,
} from '@pinless-gate/protocol/kazashi/link';
import { verifySurface } from '@pinless-gate/protocol/kazashi/surface';
import { modulusHash } from '@pinless-gate/protocol/kazashi/surface-record';
import { type CardFile, cardFromFile } from './card/card-file.ts';
import { CardSession } from './card/session.ts';

const SELECT_JPKI: CommandApdu = {
  cla: 0x00,
  ins: 0xa4,
  p1: 0x04,
  p2: 0x0c,
  data: fromHex('d392f000260100000001'),
};
/** EF 0018 by its short id: the PIN of the user-authentication key. */
const VERIFY_PIN: CommandApdu = { cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x98 };
/** The last try is the holder's. */
const MIN_PIN_TRIES = 2;
const LIMITS = { commandTimeoutMs: 5000, tapTimeoutMs: 30_000 };

export interface LinkRequest extends LinkTrust {
  /** Of one card that stays on the reader throughout. */
  readonly transmit: Transmit;
  /** As printed on the card. Presented once. */
  readonly reference: string;
  /** Of the user-authentication key. Presented once. */
  readonly pin: string;
  readonly now?: () => number;
}

/**
 * Links certificate and chip of one card, in one session: the card accepts the birth date, proves the key in
 * its surface record, and its holder signs with PIN a message that names this key. Throws a `CardRefusal`,
 * `CardError`, `LinkError` or `SurfaceError`.
 */
export async function linkCard(request: LinkRequest): Promise<Link> {
  const { transmit, reference, pin, ca, now = () => performance.now() } = request;
  const channel = new CardChannel(transmit, LIMITS, now);
  const dialogue = new CardDialogue(channel);
  const nonce = randomBytes(32);

  await dialogue.identify([kazashi]);
  await dialogue.readHead();
  const certificate = await dialogue.readCertificate();
  const { record, signer } = await dialogue.presentBirthDate(reference);
  const chipSignature = await dialogue.prove(sha256(chipMessage(nonce)));
  // A forged record ends it here: no PIN is given to whoever made it.
  const { publicKey } = verifySurface(record, signer, ca);
  const message = holderMessage(nonce, modulusHash(publicKey));
  const holderSignature = await signWithPin(channel, pin, sha256(message));
  const evidence = { nonce, reference, record, signer, chipSignature, certificate };
  return verifyLink({ ...evidence, holderSignature }, request);
}

async function signWithPin(
  channel: CardChannel,
  pin: string,
  hash: Uint8Array,
): Promise<Uint8Array> {
  const [select, tries] = await channel.exchange([SELECT_JPKI, VERIFY_PIN]);
  expectData('SELECT', select);
  if (!tries || (tries.sw & 0xfff0) !== SW_COUNTER || (tries.sw & 0xf) < MIN_PIN_TRIES) {
    throw new LinkError('ERR_LINK_PIN_TRIES', 'too few tries are left for the PIN');
  }
  const [verify, signature] = await channel.exchange([
    { ...VERIFY_PIN, data: latin1(pin) },
    { cla: 0x80, ins: 0x2a, p1: 0x02, p2: 0x97, data: hash, ne: 0x100 },
  ]);
  if (verify!.sw !== SW_SUCCESS)
    throw new LinkError('ERR_LINK_PIN', 'the card did not accept the PIN');
  return expectData('COMPUTE DIGITAL SIGNATURE', signature);
}

/** As `linkCard`, for a virtual card in this process; PIN and reference are its own unless others are given. */
export function linkCardFile(
  file: CardFile,
  request: LinkTrust & { readonly pin?: string; readonly reference?: string },
): Promise<Link> {
  if (file.profile !== 'jpki' || !file.surface) {
    throw new LinkError('ERR_LINK_CARD', 'the card has no surface application', {
      hint: 'sandbox card new --birth-date YYYYMMDD',
    });
  }
  const session = new CardSession(cardFromFile(file));
  const transmit: Transmit = async (commands) => {
    const answers: Uint8Array[] = [];
    for (const command of commands) {
      const answer = await session.transmit(command);
      if (!answer) throw new CardError(CARD_CODES.slow, 'the card does not answer');
      answers.push(answer);
      if (decodeResponseApdu(answer).sw !== SW_SUCCESS) break;
    }
    return answers;
  };
  return linkCard({ pin: file.pin, reference: file.surface.reference, ...request, transmit });
}

/** A holder of the purchase feed, as `whitelist build` takes it; the modulus is for gates with pinned taps. */
export function linkedHolder({ certificate, kazashi: pin }: Link, withModulus = false) {
  return {
    certificate: Buffer.from(certificate.parsed.encoded).toString('base64'),
    kazashi: {
      reference: pin.reference,
      birthDate: pin.birthDate,
      modulusHash: toHex(pin.modulusHash),
      signerKeyId: toHex(pin.signerKeyId),
      ...(withModulus && pin.modulus && { modulus: Buffer.from(pin.modulus).toString('base64') }),
    },
  };
}
