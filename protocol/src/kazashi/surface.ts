import { equal } from '../bytes.ts';
import { decodeJpkiCvc, isJpkiKeyId, sameKeyId, verifyJpkiCvc } from '../cvc/jpki.ts';
import { FormatError, GateError } from '../errors.ts';
import type { RsaPublicKey } from '../public-key.ts';
import { verifyRsaPkcs1 } from '../signature.ts';
import { decodeSurfaceRecord, isBirthDate, modulusHash, surfaceKey } from './surface-record.ts';

/** What a card shows of itself does not hold: forged, or of another card than the one that was linked. */
export class SurfaceError extends GateError {}

/** The pinned CA above the keys of municipalities. It has no dates and no revocation. */
export interface SurfaceCa {
  /** 16 octets, compared whole. */
  readonly keyId: Uint8Array;
  readonly publicKey: RsaPublicKey;
}

/** What linking captured, and the sealed record keeps (protocol.md 1.4). */
export interface KazashiPin {
  /** The six digits that the card accepted at linking. Never derived. */
  readonly reference: string;
  /** YYYYMMDD. */
  readonly birthDate: string;
  /** SHA-256 of the card's modulus. */
  readonly modulusHash: Uint8Array;
  /** Key id of the municipality's key. */
  readonly signerKeyId: Uint8Array;
  /** For gates whose taps read no record. */
  readonly modulus?: Uint8Array | undefined;
}

export interface ProvenSurface {
  readonly birthDate: string;
  readonly publicKey: RsaPublicKey;
  readonly signerKeyId: Uint8Array;
}

/**
 * EF 0001 and EF 0004 of a card under the pinned CA. That they are genuine says nothing of who holds them up:
 * anybody's card has such a record.
 */
export function verifySurface(
  record: Uint8Array,
  signer: Uint8Array,
  ca: SurfaceCa,
): ProvenSurface {
  const cvc = decodeJpkiCvc(signer);
  if (!sameKeyId(cvc.issuerKeyId, ca.keyId)) {
    throw new SurfaceError('ERR_SURFACE_ISSUER', 'signer of the record is of another CA');
  }
  verifyJpkiCvc(cvc, ca.publicKey);
  const { birthDate, publicKey, content, signature } = decodeSurfaceRecord(record);
  if (!verifyRsaPkcs1(cvc.publicKey, 'sha256', content, signature)) {
    throw new SurfaceError('ERR_SURFACE_SIGNATURE', 'surface record is not signed by its signer');
  }
  return { birthDate, publicKey, signerKeyId: cvc.subjectKeyId };
}

/**
 * That it is the very chip that was linked. Nothing else ties the certificate to it: with the birth date
 * alone any card of the same day would pass.
 */
export function requireLinked(proven: ProvenSurface, pin: KazashiPin): ProvenSurface {
  if (!equal(modulusHash(proven.publicKey), pin.modulusHash)) {
    throw new SurfaceError('ERR_SURFACE_KEY_OTHER', 'card key is not the one that was linked');
  }
  if (proven.birthDate !== pin.birthDate) {
    throw new SurfaceError('ERR_SURFACE_BIRTH_DATE_OTHER', 'birth date is not the linked one');
  }
  if (!sameKeyId(proven.signerKeyId, pin.signerKeyId)) {
    throw new SurfaceError('ERR_SURFACE_SIGNER_OTHER', 'signer is not the one at linking');
  }
  return proven;
}

/** Throws a `FormatError` unless every member is what it must be, the modulus that of its hash. */
export function checkKazashiPin(pin: KazashiPin): KazashiPin {
  const { reference, birthDate, modulusHash: hash, signerKeyId, modulus } = pin;
  if (!/^[0-9]{6}$/.test(reference)) throw pinError('reference', 'must be six digits');
  if (!isBirthDate(birthDate)) throw pinError('birthDate', 'must be YYYYMMDD');
  if (hash.length !== 32) throw pinError('modulusHash', 'must have 32 octets');
  if (!isJpkiKeyId(signerKeyId)) throw pinError('signerKeyId', 'must be a key id of JPKI');
  if (modulus && !equal(modulusHash(surfaceKey(modulus)), hash)) {
    throw pinError('modulus', 'must be that of modulusHash');
  }
  return pin;
}

/** Whether two linkings captured the same; that one of them kept the modulus is no difference. */
export function sameLink(a: KazashiPin, b: KazashiPin): boolean {
  return (
    a.reference === b.reference &&
    a.birthDate === b.birthDate &&
    equal(a.modulusHash, b.modulusHash) &&
    equal(a.signerKeyId, b.signerKeyId)
  );
}

function pinError(member: string, why: string): FormatError {
  return new FormatError('ERR_KAZASHI', `kazashi.${member}: ${why}`);
}
