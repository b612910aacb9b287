import { createHash } from 'node:crypto';
import { kindOf } from '@pinless-gate/hsm/cli/cvc-file';
import { concat, toHex } from '@pinless-gate/protocol/bytes';
import {
  type CvIssuer,
  checkAnchorDates,
  cvAnchor,
  issuerOf,
  verifyCvLink,
  verifyJpkiCvcLink,
} from '@pinless-gate/protocol/cvc/chain';
import { decodeJpkiCvc, type JpkiCvc } from '@pinless-gate/protocol/cvc/jpki';
import {
  type CvCertificate,
  checkCvDates,
  decodeCvCertificate,
  roleOf,
} from '@pinless-gate/protocol/cvc/tr03110';
import { GateError } from '@pinless-gate/protocol/errors';
import { keyHash } from '@pinless-gate/protocol/signed';
import type { CertifiedKey } from '../domain/key-file.ts';
import { RefusedError } from '../domain/refusal.ts';

const MAX_CHAIN = 4;
const DAY_S = 86_400;

interface Link {
  readonly issuer: string;
  readonly subject: string;
  readonly encoded: Uint8Array;
}

/**
 * Certificates in whatever order they were brought: put in order, each verified with the key of the one before. Whether the
 * first is J-LIS's only an anchor tells, which comes to the module's machine by another way. `at`: Unix seconds.
 */
export function readCertificates(files: readonly Uint8Array[], at: number): CertifiedKey {
  const kinds = new Set(files.map(kindOf));
  if (kinds.size > 1) throw refused('ERR_KEY_CHAIN_ORDER', 'certificates of two layouts');
  return kinds.has('jpki') ? ofJpki(files) : ofTr03110(files, at);
}

function ofJpki(files: readonly Uint8Array[]): CertifiedKey {
  const certificates = files.map((encoded) => read(() => decodeJpkiCvc(encoded)));
  const links = certificates.map(({ issuerKeyId, subjectKeyId, encoded }) => ({
    issuer: toHex(issuerKeyId),
    subject: toHex(subjectKeyId),
    encoded,
  }));
  const chain = inOrder(links, certificates);
  const [first] = chain as [JpkiCvc];
  let issuer = { keyId: first.subjectKeyId, publicKey: first.publicKey };
  for (const certificate of chain.slice(1)) {
    signed(() => verifyJpkiCvcLink(issuer, certificate));
    issuer = { keyId: certificate.subjectKeyId, publicKey: certificate.publicKey };
  }
  return {
    ...whole(chain),
    layout: 'jpki',
    keyHash: toHex(keyHash(issuer.publicKey.spki)),
    holder: digitsOf(issuer.keyId),
    issuer: digitsOf(first.issuerKeyId),
    expiresAt: undefined,
  };
}

function ofTr03110(files: readonly Uint8Array[], at: number): CertifiedKey {
  const certificates = files.map((encoded) => read(() => decodeCvCertificate(encoded)));
  const links = certificates.map(({ authorityReference, holderReference, encoded }) => ({
    issuer: authorityReference,
    subject: holderReference,
    encoded,
  }));
  const chain = inOrder(links, certificates);
  const [first] = chain as [CvCertificate];
  let issuer = signed(() => beginning(first, at));
  for (const certificate of chain.slice(1)) {
    const above = issuer;
    issuer = signed(() => verifyCvLink(above, certificate, at));
  }
  if (issuer.role !== 'terminal') {
    throw refused('ERR_KEY_CHAIN_ORDER', `the last certificate is a ${issuer.role}'s`);
  }
  const expiry = Math.min(...chain.map((certificate) => certificate.expiry));
  return {
    ...whole(chain),
    layout: 'tr03110',
    keyHash: toHex(keyHash(issuer.key.key.spki)),
    holder: issuer.reference,
    issuer: first.authorityReference,
    expiresAt: 1000 * (expiry + DAY_S),
  };
}

/**
 * A CVCA's own certificate, or one under it. The key of the latter may leave its curve to the CVCA, whose certificate is then
 * wanted too: that it is the right CVCA is for the module's machine to find out all the same.
 */
function beginning(first: CvCertificate, at: number): CvIssuer {
  if (first.authorityReference === first.holderReference) {
    const anchor = cvAnchor(first);
    checkAnchorDates(anchor, at);
    return issuerOf(anchor);
  }
  checkCvDates(first, at);
  const { publicKey, holderReference: reference, authorization } = first;
  if (!('key' in publicKey)) {
    throw refused('ERR_KEY_CHAIN_ANCHOR', 'the curve stands in the certificate of the CVCA alone');
  }
  return { reference, key: publicKey, role: roleOf(authorization), type: authorization.oid };
}

/** From the one that no other of them signed to the one that signed none. */
function inOrder<T>(links: readonly Link[], certificates: readonly T[]): T[] {
  const wrong = (why: string) => refused('ERR_KEY_CHAIN_ORDER', why);
  if (links.length > MAX_CHAIN) throw wrong(`${links.length} certificates`);
  const subjects = new Set(links.map(({ subject }) => subject));
  if (subjects.size < links.length) throw wrong('two certificates of one holder');
  const isFirst = ({ issuer, subject }: Link) => issuer === subject || !subjects.has(issuer);
  const firsts = links.filter(isFirst);
  if (firsts.length !== 1) throw wrong('the certificates do not make one chain');
  const chain: T[] = [];
  for (let at = links.indexOf(firsts[0]!); at >= 0; ) {
    const { subject } = links[at]!;
    chain.push(certificates[at]!);
    at = links.findIndex((link) => link.issuer === subject && !isFirst(link));
  }
  if (chain.length === links.length) return chain;
  throw wrong('the certificates do not make one chain');
}

function whole(chain: readonly { readonly encoded: Uint8Array }[]) {
  const raw = concat(...chain.map(({ encoded }) => encoded));
  return { raw, id: createHash('sha256').update(raw).digest('hex') };
}

/** Seven digits: the institution's code. */
function digitsOf(keyId: Uint8Array): string {
  return Buffer.from(keyId.subarray(0, 7)).toString('latin1');
}

function read<T>(work: () => T): T {
  return refusing('ERR_KEY_CHAIN', work);
}

function signed<T>(work: () => T): T {
  return refusing('ERR_KEY_CHAIN_SIGNATURE', work);
}

type ChainCode = 'ERR_KEY_CHAIN' | 'ERR_KEY_CHAIN_SIGNATURE';

function refusing<T>(code: ChainCode, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GateError) || error instanceof RefusedError) throw error;
    const dated = DATES.has(error.code);
    throw refused(dated ? 'ERR_KEY_CHAIN_DATES' : code, error.message);
  }
}

const DATES = new Set([
  'ERR_CVC_EXPIRED',
  'ERR_CVC_NOT_YET_EFFECTIVE',
  'ERR_CVC_ANCHOR_EXPIRED',
  'ERR_CVC_ANCHOR_NOT_YET_EFFECTIVE',
]);

function refused(
  code: ChainCode | 'ERR_KEY_CHAIN_ANCHOR' | 'ERR_KEY_CHAIN_DATES' | 'ERR_KEY_CHAIN_ORDER',
  why: string,
): RefusedError {
  return new RefusedError('invalid', code, why);
}
