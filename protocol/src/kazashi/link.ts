import { concat, domain } from '../bytes.ts';
import type { TrustAnchor } from '../certificate/anchors.ts';
import type { CertificateProfile } from '../certificate/profile.ts';
import { type UserCertificate, verifyUserCertificate } from '../certificate/user.ts';
import { GateError } from '../errors.ts';
import { verifyRsaPkcs1 } from '../signature.ts';
import { type KazashiPin, type SurfaceCa, verifySurface } from './surface.ts';
import { modulusHash } from './surface-record.ts';

/** A card that cannot be linked. */
export class LinkError extends GateError {}

const CHIP = domain('pinless-gate/link-chip/1');
const HOLDER = domain('pinless-gate/link-holder/1');
const NONCE_LENGTH = 32;

/** What one session with the card gave, between one placing on the reader and its removal. */
export interface LinkEvidence {
  /** 32 octets, fresh, of whoever verifies. */
  readonly nonce: Uint8Array;
  /** The digits that the card accepted. */
  readonly reference: string;
  /** EF 0001 and EF 0004. */
  readonly record: Uint8Array;
  readonly signer: Uint8Array;
  /** By the key in the record, over `chipMessage`. */
  readonly chipSignature: Uint8Array;
  /** User-authentication certificate, DER. */
  readonly certificate: Uint8Array;
  /** By the key in the certificate, after its PIN, over `holderMessage`. */
  readonly holderSignature: Uint8Array;
}

export interface LinkTrust {
  readonly anchors: readonly TrustAnchor[];
  readonly ca: SurfaceCa;
  readonly certificates?: CertificateProfile;
  /** YYYYMMDD, where the one who links knows it from elsewhere. */
  readonly birthDate?: string;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface Link {
  readonly certificate: UserCertificate;
  readonly kazashi: KazashiPin;
}

/** What the card's surface key signs. */
export function chipMessage(nonce: Uint8Array): Uint8Array {
  checkNonce(nonce);
  return concat(CHIP, nonce);
}

/** What the user-authentication key signs: with its PIN the holder says that this chip is theirs. */
export function holderMessage(nonce: Uint8Array, hash: Uint8Array): Uint8Array {
  checkNonce(nonce);
  if (hash.length !== 32) throw new RangeError(`a SHA-256 hash has 32 octets, not ${hash.length}`);
  return concat(HOLDER, nonce, hash);
}

/** Throws a `LinkError`, `SurfaceError` or `FormatError` unless certificate and chip are one card. */
export function verifyLink(evidence: LinkEvidence, trust: LinkTrust): Link {
  const { nonce, reference } = evidence;
  const proven = verifySurface(evidence.record, evidence.signer, trust.ca);
  const { publicKey, birthDate, signerKeyId } = proven;
  if (trust.birthDate !== undefined && birthDate !== trust.birthDate) {
    throw new LinkError('ERR_LINK_BIRTH_DATE', 'birth date on the card is not the one given');
  }
  if (!verifyRsaPkcs1(publicKey, 'sha256', chipMessage(nonce), evidence.chipSignature)) {
    throw new LinkError('ERR_LINK_CHIP', 'the chip did not prove the key in its record');
  }
  const { anchors, at, certificates } = trust;
  const verdict = verifyUserCertificate(evidence.certificate, anchors, at, certificates);
  if (!verdict.ok) {
    throw new LinkError('ERR_LINK_CERTIFICATE', `certificate does not verify: ${verdict.reason}`);
  }
  const { certificate } = verdict;
  const hash = modulusHash(publicKey);
  const key = certificate.publicKey;
  const message = holderMessage(nonce, hash);
  if (key.kind !== 'rsa' || !verifyRsaPkcs1(key, 'sha256', message, evidence.holderSignature)) {
    throw new LinkError('ERR_LINK_HOLDER', 'the holder’s signature does not name this chip');
  }
  const { modulus } = publicKey;
  return {
    certificate,
    kazashi: { reference, birthDate, modulusHash: hash, signerKeyId, modulus },
  };
}

function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== NONCE_LENGTH) throw new RangeError(`nonce of ${nonce.length} octets`);
}
