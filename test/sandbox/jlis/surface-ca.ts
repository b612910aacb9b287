import { createPrivateKey, sign } from 'node:crypto';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  encodeSurfaceContent,
  encodeSurfaceRecord,
  isBirthDate,
} from '@pinless-gate/protocol/kazashi/surface-record';
import { keyId, rsa2048 } from './terminal-ca.ts';

/** The CA above municipalities, and one municipality. A leading 9 is no real hierarchy's. */
export const surfaceCaKeyId = () => keyId(9900023);
export const municipalityKeyId = () => keyId(9913221, 0);

/** EF 0001 of a card: its birth date and key, signed by its municipality. */
export function issueSurfaceRecord(
  signerPrivateKeyPem: string,
  birthDate: string,
  cardPublicKeyPem: string,
): Uint8Array {
  if (!isBirthDate(birthDate)) {
    throw new GateError('ERR_JLIS_BIRTH_DATE', 'a birth date is YYYYMMDD');
  }
  const content = encodeSurfaceContent({ birthDate, publicKey: rsa2048(cardPublicKeyPem) });
  const signature = sign('sha256', content, createPrivateKey(signerPrivateKeyPem));
  return encodeSurfaceRecord(content, signature);
}

const ERAS = [20190501, 19890108, 19261225, 19120730, 18681023];

/**
 * The six digits on the face of a card: the year of the Japanese era, month, day. For virtual cards only: real
 * ones are asked, as foreign residents' follow another rule.
 */
export function printedReference(birthDate: string): string {
  const era = ERAS.find((first) => Number(birthDate) >= first) ?? ERAS.at(-1)!;
  const year = Number(birthDate.slice(0, 4)) - Math.floor(era / 10_000) + 1;
  return String(year).padStart(2, '0') + birthDate.slice(4);
}
