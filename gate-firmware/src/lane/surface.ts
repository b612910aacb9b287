import { equal } from '@pinless-gate/protocol/bytes';
import type { UserCertificate } from '@pinless-gate/protocol/certificate/user';
import { CvcError } from '@pinless-gate/protocol/cvc/error';
import {
  requireLinked,
  type SurfaceCa,
  SurfaceError,
  verifySurface,
} from '@pinless-gate/protocol/kazashi/surface';
import { surfaceKey } from '@pinless-gate/protocol/kazashi/surface-record';
import type { RsaPublicKey } from '@pinless-gate/protocol/public-key';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import { type CardDialogue, CardRefusal } from '../card/dialogue.ts';

/** By what a gate checks the surface application of cards. */
export interface SurfaceTrust {
  readonly ca: SurfaceCa;
  /** No birth date, no records: the key that linking captured is enough (protocol.md 1.4). */
  readonly pinned: boolean;
}

/**
 * The key of the chip on the reader, if it is the one that was linked with this certificate. The birth date
 * goes over the air in clear: so it is sent only to who holds the genuine certificate it belongs to. That
 * the card has that key is for it to prove.
 */
export async function linkedChip(
  dialogue: CardDialogue,
  { ca, pinned }: SurfaceTrust,
  { kazashi: pin, publicKey }: SeatRecord,
  certificate: UserCertificate,
): Promise<RsaPublicKey> {
  if (!pin || (pinned && !pin.modulus)) throw new CardRefusal('card-not-linked', 'record');
  if (publicKey && !equal(publicKey, certificate.spki)) {
    throw new CardRefusal('certificate-not-trusted', 'record');
  }
  if (pinned) {
    await dialogue.selectSurface();
    return surfaceKey(pin.modulus!);
  }
  const { record, signer } = await dialogue.presentBirthDate(pin.reference);
  try {
    return requireLinked(verifySurface(record, signer, ca), pin).publicKey;
  } catch (error) {
    if (!(error instanceof SurfaceError || error instanceof CvcError)) throw error;
    throw new CardRefusal('surface-mismatch', error.message);
  }
}
