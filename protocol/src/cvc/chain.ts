import { equal } from '../bytes.ts';
import { type PublicKey, type RsaPublicKey, readPublicKey } from '../public-key.ts';
import { CvcError } from './error.ts';
import { type JpkiCvc, sameKeyId, verifyJpkiCvc } from './jpki.ts';
import { type CvKey, resolveCvKey } from './public-key.ts';
import {
  CV_DATE_FAULTS,
  type CvCertificate,
  checkCvDates,
  cvDateFault,
  roleOf,
  type TerminalRole,
  verifyCvCertificate,
} from './tr03110.ts';

/**
 * Chains of CV certificates, in the order in which a card is given them: the first is signed by the
 * anchor, each next by the one before. Every way to fail has its own code.
 */

const MAX_CHAIN_LENGTH = 4;
const MIN_RSA_BITS = 2048;

/** The terminal CA's key as the card holds it (EF 0016). */
export interface JpkiCvcAnchor {
  readonly keyId: Uint8Array;
  /** SubjectPublicKeyInfo, or read. */
  readonly publicKey: RsaPublicKey | Uint8Array;
}

/** Returns the last certificate: the institution's. */
export function verifyJpkiCvcChain(anchor: JpkiCvcAnchor, chain: readonly JpkiCvc[]): JpkiCvc {
  checkLength(chain);
  let issuer = anchor;
  for (const cvc of chain) issuer = verifyJpkiCvcLink(issuer, cvc);
  return chain.at(-1)!;
}

/** One step of a chain; returns what the next is verified with. */
export function verifyJpkiCvcLink(
  { keyId, publicKey }: JpkiCvcAnchor,
  cvc: JpkiCvc,
): JpkiCvcAnchor {
  const key: PublicKey = publicKey instanceof Uint8Array ? readPublicKey(publicKey) : publicKey;
  if (!sameKeyId(cvc.issuerKeyId, keyId)) throw wrongIssuer();
  if (key.kind !== 'rsa') throw weakKey();
  checkStrength(key);
  verifyJpkiCvc(cvc, key);
  return { keyId: cvc.subjectKeyId, publicKey: cvc.publicKey };
}

/** A CVCA's key as the card holds it. Dates are days as Unix seconds, where they are known. */
export interface CvAnchor {
  readonly holderReference: string;
  readonly key: CvKey;
  readonly effective?: number | undefined;
  readonly expiry?: number | undefined;
}

/** The anchor that a self-signed CVCA certificate makes; pinned by whoever hands it in. */
export function cvAnchor(certificate: CvCertificate): CvAnchor {
  const key = resolveCvKey(certificate.publicKey);
  if (certificate.authorityReference !== certificate.holderReference) throw wrongIssuer();
  if (roleOf(certificate.authorization) !== 'cvca') throw wrongRole('an anchor is a CVCA');
  checkStrength(key.key);
  verifyCvCertificate(certificate, key);
  const { holderReference, effective, expiry } = certificate;
  return { holderReference, key, effective, expiry };
}

/** What a chain proves: the last certificate, and its key with the domain parameters it inherits. */
export interface ProvenTerminal {
  readonly certificate: CvCertificate;
  readonly key: CvKey;
}

/** `at` in Unix seconds. The last certificate must be a terminal's. */
export function verifyCvChain(
  anchor: CvAnchor,
  chain: readonly CvCertificate[],
  at: number,
): ProvenTerminal {
  checkLength(chain);
  checkAnchorDates(anchor, at);
  let issuer = issuerOf(anchor);
  for (const certificate of chain) issuer = verifyCvLink(issuer, certificate, at);
  if (issuer.role !== 'terminal') throw wrongRole(`the last certificate is a ${issuer.role}'s`);
  return { certificate: chain.at(-1)!, key: issuer.key };
}

/** A proven key, and what its holder may certify. */
export interface CvIssuer {
  readonly reference: string;
  readonly key: CvKey;
  readonly role: TerminalRole;
  /** The terminal type that a chain keeps to once it has one: an object identifier. */
  readonly type?: Uint8Array;
}

/** The beginning of chains below that anchor. */
export function issuerOf({ holderReference, key }: CvAnchor): CvIssuer {
  return { reference: holderReference, key, role: 'cvca' };
}

/** Throws `ERR_CVC_ANCHOR_NOT_YET_EFFECTIVE` or `ERR_CVC_ANCHOR_EXPIRED`. */
export function checkAnchorDates({ effective, expiry }: CvAnchor, at: number): void {
  const dates = { effective: effective ?? -Infinity, expiry: expiry ?? Infinity };
  const fault = cvDateFault(dates, at);
  if (fault) throw new CvcError(`ERR_CVC_ANCHOR_${fault}`, `anchor: ${CV_DATE_FAULTS[fault]}`);
}

/** One step of a chain; returns what the next is verified with. `at` in Unix seconds. */
export function verifyCvLink(issuer: CvIssuer, certificate: CvCertificate, at: number): CvIssuer {
  const { authorityReference, holderReference, authorization } = certificate;
  if (authorityReference !== issuer.reference) throw wrongIssuer();
  const key = resolveCvKey(certificate.publicKey, issuer.key);
  checkStrength(issuer.key.key);
  checkStrength(key.key);
  verifyCvCertificate(certificate, issuer.key);
  checkCvDates(certificate, at);
  const role = roleOf(authorization);
  if (!MAY_ISSUE[issuer.role].includes(role)) throw wrongRole(`${issuer.role} over ${role}`);
  if (issuer.type && !equal(authorization.oid, issuer.type)) {
    throw wrongRole('terminal type changes within the chain');
  }
  return { reference: holderReference, key, role, type: authorization.oid };
}

/** TR-03110 part 3, 2.5: a CVCA certifies verifiers and its own next key, a verifier certifies terminals. */
const MAY_ISSUE: Readonly<Record<TerminalRole, readonly TerminalRole[]>> = {
  cvca: ['cvca', 'dv'],
  dv: ['terminal'],
  terminal: [],
};

function checkLength(chain: readonly unknown[]): void {
  if (chain.length === 0 || chain.length > MAX_CHAIN_LENGTH) {
    throw new CvcError('ERR_CVC_CHAIN_LENGTH', `chain of ${chain.length} CV certificates`);
  }
}

/** Throws `ERR_CVC_KEY_WEAK` for RSA keys below 2048 bits, or with e below 65537. */
export function checkStrength(key: PublicKey): void {
  if (key.kind === 'rsa' && (key.bits < MIN_RSA_BITS || key.exponent.length < 3)) throw weakKey();
}

function wrongIssuer(): CvcError {
  return new CvcError('ERR_CVC_ISSUER', 'CV certificate names another issuer');
}

function weakKey(): CvcError {
  return new CvcError('ERR_CVC_KEY_WEAK', 'key in the chain is not RSA of 2048 bits or more');
}

function wrongRole(why: string): CvcError {
  return new CvcError('ERR_CVC_ROLE', `CV certificate of the wrong role: ${why}`);
}
