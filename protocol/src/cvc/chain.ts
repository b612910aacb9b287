import { equal } from '../bytes.ts';
import { type PublicKey, type RsaPublicKey, readPublicKey } from '../public-key.ts';
import { CvcError } from './error.ts';
import { type JpkiCvc, sameKeyId, verifyJpkiCvc } from './jpki.ts';
import { type CvKey, resolveCvKey } from './public-key.ts';
import {
  type CvCertificate,
  checkCvDates,
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
  let issuerKeyId = anchor.keyId;
  let issuerKey: PublicKey =
    anchor.publicKey instanceof Uint8Array ? readPublicKey(anchor.publicKey) : anchor.publicKey;
  for (const cvc of chain) {
    if (!sameKeyId(cvc.issuerKeyId, issuerKeyId)) throw wrongIssuer();
    if (issuerKey.kind !== 'rsa') throw weakKey();
    checkStrength(issuerKey);
    verifyJpkiCvc(cvc, issuerKey);
    issuerKeyId = cvc.subjectKeyId;
    issuerKey = cvc.publicKey;
  }
  return chain.at(-1)!;
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
  const { effective, expiry } = anchor;
  if (effective !== undefined && expiry !== undefined) checkCvDates({ effective, expiry }, at);
  let issuer: { reference: string; key: CvKey; role: TerminalRole } = {
    reference: anchor.holderReference,
    key: anchor.key,
    role: 'cvca',
  };
  for (const certificate of chain) {
    if (certificate.authorityReference !== issuer.reference) throw wrongIssuer();
    const key = resolveCvKey(certificate.publicKey, issuer.key);
    checkStrength(issuer.key.key);
    checkStrength(key.key);
    verifyCvCertificate(certificate, issuer.key);
    checkCvDates(certificate, at);
    const role = roleOf(certificate.authorization);
    if (!MAY_ISSUE[issuer.role].includes(role)) throw wrongRole(`${issuer.role} over ${role}`);
    if (!equal(certificate.authorization.oid, chain[0]!.authorization.oid)) {
      throw wrongRole('terminal type changes within the chain');
    }
    issuer = { reference: certificate.holderReference, key, role };
  }
  if (issuer.role !== 'terminal') throw wrongRole(`the last certificate is a ${issuer.role}'s`);
  return { certificate: chain.at(-1)!, key: issuer.key };
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

function checkStrength(key: PublicKey): void {
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
