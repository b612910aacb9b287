import { X509Certificate } from 'node:crypto';
import { fromBase64, fromHex } from '@pinless-gate/protocol/bytes';
import type { Issuer } from '../validity/issuer.ts';
import type { LineProblem } from './line.ts';
import type { HolderField } from './schema.ts';

/** A card, as a certificate names it; with its key where the whole certificate was given. */
export interface HolderCard {
  readonly issuer: Issuer;
  /** Unsigned, big-endian, no leading zero octets. */
  readonly serial: Uint8Array;
  readonly publicKey?: Uint8Array | undefined;
  /** Unix seconds. */
  readonly notAfter?: number | undefined;
}

export type ResolvedHolder =
  | { readonly card: HolderCard; readonly problem?: undefined }
  | { readonly problem: LineProblem };

export function resolveHolder(
  holder: HolderField,
  field: string,
  issuers: readonly Issuer[],
): ResolvedHolder {
  const refuse = (member: string, reason: string) => ({
    problem: { field: `${field}.${member}`, reason },
  });
  if ('serial' in holder) {
    const issuer = issuers.find(({ name }) => name === holder.issuer);
    if (!issuer) return refuse('issuer', 'not an issuer of event.toml');
    const digits = holder.serial.replace(/^0+/, '');
    if (digits === '') return refuse('serial', 'must not be zero');
    return { card: { issuer, serial: fromHex(digits.length % 2 ? `0${digits}` : digits) } };
  }
  const x = new X509Certificate(fromBase64(holder.certificate));
  const issuer = issuers.find(({ generations }) => generations.some((g) => x.checkIssued(g.x509)));
  if (!issuer) return refuse('certificate', 'its issuer is none of event.toml');
  const s = x.serialNumber.replace(/^0+/, '');
  return {
    card: {
      issuer,
      serial: fromHex(s.length % 2 ? `0${s}` : s),
      publicKey: new Uint8Array(x.publicKey.export({ type: 'spki', format: 'der' })),
      notAfter: Math.floor(Date.parse(x.validTo) / 1000),
    },
  };
}
