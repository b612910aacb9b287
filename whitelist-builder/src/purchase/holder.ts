import { fromBase64, fromHex } from '@pinless-gate/protocol/bytes';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { CertificateError } from '@pinless-gate/protocol/certificate/error';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { FormatError } from '@pinless-gate/protocol/errors';
import { checkKazashiPin, type KazashiPin } from '@pinless-gate/protocol/kazashi/surface';
import type { Card, Issuer } from '../validity/issuer.ts';
import type { LineProblem } from './line.ts';
import type { HolderField, KazashiField } from './schema.ts';

export type HolderCard = Card;

export type ResolvedHolder =
  | { readonly card: HolderCard; readonly problem?: undefined }
  | { readonly problem: LineProblem };

/** `now` in Unix seconds. A certificate must verify under a CA of event.toml; that it expires is no problem here. */
export function resolveHolder(
  holder: HolderField,
  field: string,
  issuers: readonly Issuer[],
  now: number,
): ResolvedHolder {
  const kazashi = holder.kazashi && readPin(holder.kazashi);
  if (typeof kazashi === 'string') {
    return { problem: { field: `${field}.kazashi`, reason: kazashi } };
  }
  const resolved =
    'serial' in holder
      ? bySerial(holder, field, issuers)
      : byCertificate(holder.certificate, field, issuers, now);
  if (resolved.problem) return resolved;
  const card = { ...resolved.card, kazashi };
  const current = card.issuer.renewals?.current(card, now) ?? card;
  return { card: current === card ? card : { ...current, renewedFrom: card.serial } };
}

/** What linking captured, or the reason why it cannot be that. */
function readPin({ reference, birthDate, ...encoded }: KazashiField): KazashiPin | string {
  try {
    return checkKazashiPin({
      reference,
      birthDate,
      modulusHash: fromHex(encoded.modulusHash),
      signerKeyId: fromHex(encoded.signerKeyId),
      modulus: encoded.modulus === undefined ? undefined : fromBase64(encoded.modulus),
    });
  } catch (error) {
    if (error instanceof FormatError) return `is not what linking captures (${error.code})`;
    throw error;
  }
}

function bySerial(
  holder: { readonly serial: string; readonly issuer: string },
  field: string,
  issuers: readonly Issuer[],
): ResolvedHolder {
  const issuer = issuers.find(({ name }) => name === holder.issuer);
  if (!issuer)
    return { problem: { field: `${field}.issuer`, reason: 'not an issuer of event.toml' } };
  const digits = holder.serial.replace(/^0+/, '');
  if (digits === '') return { problem: { field: `${field}.serial`, reason: 'must not be zero' } };
  const serial = fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
  return { card: { issuer, issuerName: issuer.nameDer, serial } };
}

function byCertificate(
  base64: string,
  field: string,
  issuers: readonly Issuer[],
  now: number,
): ResolvedHolder {
  const card = provenCard(base64, issuers, now);
  if (typeof card !== 'string') return { card };
  return { problem: { field: `${field}.certificate`, reason: card } };
}

/** The card, or the reason why not. */
function provenCard(base64: string, issuers: readonly Issuer[], now: number): HolderCard | string {
  try {
    const der = fromBase64(base64);
    const at = Math.min(now, parseCertificate(der).notAfter) * 1000;
    const anchors = issuers.flatMap(({ generations }) => generations);
    const verdict = verifyUserCertificate(der, anchors, at);
    if (!verdict.ok) return `does not verify (${verdict.reason})`;
    const { certificate } = verdict;
    const { anchor, issuerName, serial } = certificate;
    const issuer = issuers.find(({ generations }) => generations.includes(anchor))!;
    return { issuer, issuerName, serial, certificate };
  } catch (error) {
    if (error instanceof CertificateError) return `not a certificate (${error.reason})`;
    if (error instanceof FormatError) return 'must be base64';
    throw error;
  }
}
