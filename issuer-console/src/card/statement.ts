import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  type CardStatement,
  type StatementSurface,
  statementMessage,
  surfaceMessage,
} from '@pinless-gate/protocol/card-statement';
import {
  type CertificateProfile,
  JPKI_PROFILE,
  JPKI_SIGNATURE_PROFILE,
} from '@pinless-gate/protocol/certificate/profile';
import {
  type UserCertificate,
  verifyUserCertificate,
} from '@pinless-gate/protocol/certificate/user';
import { GateError } from '@pinless-gate/protocol/errors';
import { verifySurface } from '@pinless-gate/protocol/kazashi/surface';
import { modulusHash } from '@pinless-gate/protocol/kazashi/surface-record';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import { decodeStatementRequest } from '@pinless-gate/protocol/statement-request';
import type { HolderField, KazashiField } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Card, Issuer } from '@pinless-gate/whitelist-builder/validity/issuer';
import type { CardRefusalCode } from '../domain/card-refusal.ts';
import { type RefusalKind, RefusedError } from '../domain/refusal.ts';
import type { SerialLink } from '../domain/serial-link.ts';
import type { ProvenCard } from '../domain/visitor-desk.ts';
import type { JlisConfig } from './config.ts';
import type { Revocation } from './revocation.ts';

export interface StatementDeps {
  readonly jlis: Pick<JlisConfig, 'signature' | 'authentication' | 'surfaceCa' | 'keepsModulus'>;
  readonly revocation: Revocation;
  readonly link: SerialLink;
}

/**
 * Whether the card answered this very request: `request` are the octets that this console made, `now` is in Unix
 * milliseconds. Throws a `RefusedError` (`ERR_STATEMENT_…`). That each request is taken once is the caller's to see to.
 */
export async function verifyStatement(
  deps: StatementDeps,
  request: Uint8Array,
  statement: CardStatement,
  now: number,
): Promise<ProvenCard> {
  const { method } = statement;
  checkRequest(request, statement, now);
  const { signature, authentication } = deps.jlis;
  const signs = method === 'signature';
  const { issuer } = signs ? signature : authentication;
  const profile = signs ? JPKI_SIGNATURE_PROFILE : JPKI_PROFILE;
  const certificate = provenCertificate(statement.certificate, issuer, profile, now);
  const kazashi = method === 'read' ? undefined : provenSignature(deps, statement, certificate);
  const card = cardOf(issuer, certificate);
  await requireGood(deps.revocation, card, now);
  const holder = signs ? await linkedCard(deps, card, statement, now) : card;
  return { method, holder: holderOf(holder, kazashi) };
}

function checkRequest(request: Uint8Array, statement: CardStatement, now: number): void {
  if (!equal(statement.request, request)) {
    throw refused('REQUEST', 'the card answered another request');
  }
  const { purpose, expiresAt } = decodeStatementRequest(request);
  if (now > expiresAt) throw refused('EXPIRED', 'the request has expired');
  if (statement.method === 'read' && purpose !== 'check') {
    throw refused('METHOD', 'a certificate that is only read proves nothing');
  }
}

function provenCertificate(
  der: Uint8Array,
  issuer: Issuer,
  profile: CertificateProfile,
  now: number,
): UserCertificate {
  const verdict = verifyUserCertificate(der, issuer.generations, now, profile);
  if (verdict.ok) return verdict.certificate;
  const { reason } = verdict;
  if (reason === profile.refusedClass) {
    throw refused('CLASS', 'a certificate of the card’s other key');
  }
  if (reason === 'expired') throw refused('CERTIFICATE_EXPIRED', 'the certificate has expired');
  throw refused('CERTIFICATE', `the certificate does not verify: ${reason}`);
}

/** By the key in the certificate, and with it what the holder says of the chip. */
function provenSignature(
  { jlis }: StatementDeps,
  { request, method, signature, kazashi }: CardStatement,
  { publicKey }: UserCertificate,
): KazashiField | undefined {
  const chip = kazashi && provenChip(jlis, request, kazashi);
  const message = statementMessage(
    request,
    method === 'signature' ? 'signature' : 'authentication',
    chip && fromHex(chip.modulusHash),
  );
  const holds =
    signature !== undefined &&
    publicKey.kind === 'rsa' &&
    verifyRsaPkcs1(publicKey, 'sha256', message, signature);
  if (holds) return chip;
  throw refused(
    'SIGNATURE',
    'the signature is not by the key in the certificate, over this request',
  );
}

function provenChip(
  { surfaceCa, keepsModulus }: StatementDeps['jlis'],
  request: Uint8Array,
  { reference, record, signer, signature }: StatementSurface,
): KazashiField {
  if (!surfaceCa) throw refused('KAZASHI', 'this console links no chips: [jlis] surface_ca');
  try {
    const { birthDate, publicKey, signerKeyId } = verifySurface(record, signer, surfaceCa);
    if (!verifyRsaPkcs1(publicKey, 'sha256', surfaceMessage(request), signature)) {
      throw refused('KAZASHI', 'the chip did not prove the key in its record');
    }
    return {
      reference,
      birthDate,
      modulusHash: toHex(modulusHash(publicKey)),
      signerKeyId: toHex(signerKeyId),
      ...(keepsModulus && { modulus: Buffer.from(publicKey.modulus).toString('base64') }),
    };
  } catch (cause) {
    if (!(cause instanceof GateError) || cause instanceof RefusedError) throw cause;
    throw refused('KAZASHI', `what the chip shows does not hold (${cause.code})`);
  }
}

async function requireGood(revocation: Revocation, card: Card, now: number): Promise<void> {
  const { status } = await revocation.of(card, now);
  if (status === 'revoked') throw refused('REVOKED', 'the certificate is revoked or on hold');
  if (status === 'unknown') {
    const why = 'nobody proves now that the certificate is not revoked';
    throw refused('REVOCATION_UNKNOWN', why, 'wait');
  }
}

/** The user-authentication certificate of whoever signed: J-LIS alone knows it. */
async function linkedCard(
  deps: StatementDeps,
  { issuer, serial }: Card,
  { authenticationCertificate: shown }: CardStatement,
  now: number,
): Promise<Card> {
  const linked = await deps.link.link({ serial: toHex(serial), issuer: issuer.name });
  const { issuer: own } = deps.jlis.authentication;
  if (linked?.issuer !== own.name) {
    throw refused('LINK_UNKNOWN', 'no user-authentication certificate belongs to this one');
  }
  const der = shown ?? linked.certificate;
  const certificate = der && provenCertificate(der, own, JPKI_PROFILE, now);
  if (certificate && toHex(certificate.serial) !== linked.serial) {
    throw refused('LINK_OTHER', 'the user-authentication certificate is of another card');
  }
  const card = certificate
    ? cardOf(own, certificate)
    : { issuer: own, issuerName: own.nameDer, serial: fromHex(linked.serial) };
  await requireGood(deps.revocation, card, now);
  return card;
}

function cardOf(issuer: Issuer, certificate: UserCertificate): Card {
  const { issuerName, serial } = certificate;
  return { issuer, issuerName, serial, certificate };
}

function holderOf({ issuer, serial, certificate }: Card, kazashi?: KazashiField): HolderField {
  const chip = kazashi && { kazashi };
  if (!certificate) return { serial: toHex(serial), issuer: issuer.name, ...chip };
  const der = certificate.parsed.encoded;
  return { certificate: Buffer.from(der).toString('base64'), ...chip };
}

type Suffix<T> = T extends `ERR_STATEMENT_${infer Rest}` ? Rest : never;

function refused(what: Suffix<CardRefusalCode>, why: string, kind: RefusalKind = 'invalid') {
  const waitS = kind === 'wait' ? WAIT_S : undefined;
  return new RefusedError(kind, `ERR_STATEMENT_${what}`, why, waitS);
}

const WAIT_S = 30;
