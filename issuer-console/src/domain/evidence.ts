import { createHash, X509Certificate } from 'node:crypto';
import { encodeBase32 } from '@pinless-gate/protocol/base32';
import { equal, fromHex } from '@pinless-gate/protocol/bytes';
import { parseCardStatement, statementMessage } from '@pinless-gate/protocol/card-statement';
import { CborMap, encodeCbor } from '@pinless-gate/protocol/cbor';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import {
  decodeStatementRequest,
  type StatementRequest,
} from '@pinless-gate/protocol/statement-request';
import type { Asker } from './asker.ts';
import type { Origin } from './audit.ts';
import type { Seal } from './credential.ts';
import { noSeal } from './event.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';
import type { Stated } from './visitor-desk.ts';
import type { VisitorToken } from './visitor-token.ts';

/**
 * That a card stated a purchase, or took a ticket over: what it was asked, its signature, and the key that made it. Of the certificate its
 * hash alone: a signature certificate names person, address, birth date and sex.
 */
export interface Evidence {
  readonly method: 'signature' | 'authentication';
  /** Octets as they were signed over. */
  readonly request: Uint8Array;
  readonly signature: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** SHA-256 of the certificate's DER: whoever shows the certificate shows whose key it was. */
  readonly certificateHash: Uint8Array;
  /** Of the chip that was captured with it, for `kazashi`. */
  readonly modulusHash: Uint8Array | undefined;
  /** When certificate and revocation were found good, Unix milliseconds. */
  readonly verifiedAt: number;
}

/** What the card was asked about: the purchase by its number, or a handover by its id. */
export type StatedAbout = Pick<VisitorToken, 'purpose' | 'subject'>;

/** Where it stands; what it holds is sealed. */
export interface KeptEvidence {
  readonly id: string;
  readonly eventId: string;
  readonly vendorId: string;
  /** Whose ticket is on the card now. */
  readonly purchaseId: string;
  readonly about: StatedAbout;
  readonly at: number;
  readonly sealed: Uint8Array;
}

export interface EvidenceStore {
  /** Notes that somebody looked. */
  open(scope: Scope, id: string, origin: Origin): Promise<KeptEvidence | undefined>;
}

const FORMAT = 'pinless-gate/evidence/1';

const boundToEvidence = (eventId: string, id: string) => `evidence:${eventId}:${id}`;

interface Keeping {
  readonly seal: Seal;
  readonly random: (length: number) => Uint8Array;
}

/** As it is kept, with a number of its own. */
export function keptEvidence(
  evidence: Evidence,
  of: Pick<KeptEvidence, 'eventId' | 'vendorId' | 'purchaseId' | 'about'>,
  { seal, random }: Keeping,
): KeptEvidence {
  const id = `E${encodeBase32(random(10))}`;
  const sealed = seal.seal(encodeEvidence(evidence), boundToEvidence(of.eventId, id));
  return { ...of, id, at: evidence.verifiedAt, sealed };
}

export function evidenceOf({ request, statement, proven }: Stated, now: number): Evidence {
  const { method, certificate, signature } = parseCardStatement(statement);
  if (method === 'read' || !signature) throw new TypeError('a statement that proves nothing');
  const { kazashi } = proven.holder;
  const key = new X509Certificate(certificate).publicKey;
  return {
    method,
    request,
    signature,
    publicKey: new Uint8Array(key.export({ type: 'spki', format: 'der' })),
    certificateHash: sha256(certificate),
    modulusHash: kazashi && fromHex(kazashi.modulusHash),
    verifiedAt: now,
  };
}

export function encodeEvidence({ modulusHash, ...evidence }: Evidence): Uint8Array {
  return encodeCbor({ format: FORMAT, ...evidence, ...(modulusHash && { modulusHash }) });
}

export function decodeEvidence(octets: Uint8Array): Evidence {
  const map = CborMap.decode(octets, 'evidence');
  if (map.text('format') !== FORMAT) throw damaged('it is of another format');
  const method = map.text('method');
  if (method !== 'signature' && method !== 'authentication') throw damaged('by no known method');
  const evidence = {
    method,
    request: map.bytes('request'),
    signature: map.bytes('signature'),
    publicKey: map.bytes('publicKey'),
    certificateHash: map.bytes('certificateHash', 32),
    modulusHash: map.bytesOrUndefined('modulusHash', 32),
    verifiedAt: map.uint('verifiedAt'),
  } as const;
  map.end();
  return evidence;
}

/** What the evidence is held to. */
export interface Claimed extends StatedAbout {
  readonly consoleId: string;
  readonly eventId: string;
  /** DER, where somebody shows it. */
  readonly certificate?: Uint8Array | undefined;
}

/** What was stated: throws `ERR_EVIDENCE` where the evidence does not show it. */
export function verifyEvidence(evidence: Evidence, claimed: Claimed): StatementRequest {
  const { method, request, signature, publicKey, certificateHash, modulusHash } = evidence;
  const key = readPublicKey(publicKey);
  const message = statementMessage(request, method, modulusHash);
  if (key.kind !== 'rsa' || !verifyRsaPkcs1(key, 'sha256', message, signature)) {
    throw damaged('the signature is not by this key over this request');
  }
  const asked = decodeStatementRequest(request);
  const isMeant =
    asked.purpose === claimed.purpose &&
    asked.subjectId === claimed.subject &&
    equal(asked.eventId, fromHex(claimed.eventId)) &&
    equal(asked.consoleId, fromHex(claimed.consoleId));
  if (!isMeant) throw damaged('it is of another purchase or handover');
  const { certificate } = claimed;
  if (certificate && !equal(sha256(certificate), certificateHash)) {
    throw damaged('the certificate is not the one that was shown then');
  }
  return asked;
}

function sha256(octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(octets).digest());
}

const damaged = (why: string) =>
  new RefusedError('conflict', 'ERR_EVIDENCE', `the evidence does not hold: ${why}`);

export const unknownEvidence = () =>
  new RefusedError('unknown', 'ERR_EVIDENCE_UNKNOWN', 'there is no such evidence');

export interface EvidenceDeskDeps {
  readonly evidence: EvidenceStore;
  readonly consoleId: () => Promise<string>;
  readonly seal: Seal | undefined;
  readonly now: () => number;
}

export interface ProvenEvidence {
  readonly kept: KeptEvidence;
  readonly evidence: Evidence;
  readonly asked: StatementRequest;
}

export interface EvidenceDesk {
  /** Opens and verifies it, with the certificate where one is shown. That somebody looked is noted. */
  open(asker: Asker, id: string, certificate?: Uint8Array): Promise<ProvenEvidence>;
}

export function evidenceDesk({
  evidence: store,
  consoleId,
  seal,
  now,
}: EvidenceDeskDeps): EvidenceDesk {
  return {
    open: async (asker, id, certificate) => {
      const kept = await store.open(asker.scope, id, { by: asker.by, at: now() });
      if (!kept) throw unknownEvidence();
      if (!seal) throw noSeal();
      const octets = seal.open(kept.sealed, boundToEvidence(kept.eventId, id));
      if (!octets) throw damaged('it does not open with the key of seal_key_file');
      const evidence = decodeEvidence(octets);
      const { eventId, about } = kept;
      const claimed = { ...about, consoleId: await consoleId(), eventId, certificate };
      return { kept, evidence, asked: verifyEvidence(evidence, claimed) };
    },
  };
}
