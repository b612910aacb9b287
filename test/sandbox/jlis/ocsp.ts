import { createHash } from 'node:crypto';
import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { verifySigned } from '@pinless-gate/protocol/certificate/algorithm';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { DerReader, readOid, readSequence } from '@pinless-gate/protocol/certificate/der';
import { readExtensions } from '@pinless-gate/protocol/certificate/extension';
import { certIdHash, keyBits } from '@pinless-gate/protocol/certificate/ocsp-request';
import { OID_OCSP_NONCE } from '@pinless-gate/protocol/certificate/oid';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import {
  extension,
  issueHolderCertificate,
  issueResponderCertificate,
  keyIdentifier,
  type Revocation,
  type SigningKey,
  signed,
} from './certificate.ts';
import {
  context,
  contextPrimitive,
  enumerated,
  generalizedTime,
  octetString,
  oid,
  sequence,
} from './der.ts';
import { ISSUER_NAME } from './names.ts';

/** Who signs: a responder that the CA certified. */
export interface OcspResponder {
  readonly ca: SigningKey;
  readonly key: SigningKey;
  /** DER. */
  readonly certificate: Uint8Array;
}

/** What a responder can do wrong, so that a client can be seen to refuse it. */
export const OCSP_FAULTS = {
  stale: 'nextUpdate has passed',
  future: 'everything happens tomorrow',
  'other-serial': 'good, for the next serial number',
  'other-issuer': 'good, for another CA’s certificate of that number',
  'no-nonce': 'the nonce is left out',
  'other-nonce': 'the nonce of somebody else',
  'two-answers': 'good and revoked at once',
  'end-entity': 'signed with a certificate that is not for OCSP',
  'sibling-ca': 'the responder’s certificate is another CA’s',
  'expired-responder': 'the responder’s certificate has expired',
  'bad-signature': 'signed with another key',
  ber: 'a length in more octets than it needs',
  truncated: 'the last octet is missing',
  huge: 'a million octets',
  'try-later': 'status tryLater',
  unknown: 'every certificate is unknown',
  'wants-signature': 'status sigRequired, unless the request is signed',
} as const;
export type OcspFault = keyof typeof OCSP_FAULTS;

export const isOcspFault = (text: string): text is OcspFault => Object.hasOwn(OCSP_FAULTS, text);

interface Asked {
  /** CertID with its header, as it came. */
  readonly certId: Uint8Array;
  readonly serial: string;
  readonly ofCa: boolean;
  readonly nonce: Uint8Array | undefined;
}

const HOUR_MS = 3_600_000;
const MALFORMED_REQUEST = 1;
const TRY_LATER = 3;
const SIGNATURE_REQUIRED = 5;

/** Answers one request, for one or more certificates, as RFC 6960 says; or as the fault does. */
export async function answerOcsp(
  request: Uint8Array,
  responder: OcspResponder,
  revoked: readonly Revocation[],
  { now, fault, otherCa }: { now: number; fault?: OcspFault | undefined; otherCa: SigningKey },
): Promise<Uint8Array> {
  const asked = parseRequest(request, responder.ca);
  if (!asked) return sequence(enumerated(MALFORMED_REQUEST));
  if (fault === 'try-later') return sequence(enumerated(TRY_LATER));
  if (fault === 'wants-signature' && !isSigned(request)) {
    return sequence(enumerated(SIGNATURE_REQUIRED));
  }
  if (fault === 'huge') return octetString(new Uint8Array(1_000_000));
  const at = now + (fault === 'future' ? 24 * HOUR_MS : fault === 'stale' ? -5 * HOUR_MS : 0);
  const singles = asked.flatMap((one) => answersFor(one, revoked, at, fault));
  const nonce = fault === 'other-nonce' ? new Uint8Array(32).fill(1) : asked[0]!.nonce;
  const extensions =
    nonce && fault !== 'no-nonce'
      ? [context(1, sequence(extension(OID_OCSP_NONCE, octetString(nonce))))]
      : [];
  const { key, certificate } = await signerFor(responder, otherCa, now, fault);
  const data = sequence(
    context(2, octetString(keyIdentifier(key.spki))),
    generalizedTime(new Date(at)),
    sequence(...singles),
    ...extensions,
  );
  const basic = await signed(
    fault === 'bad-signature' ? otherCa : key,
    data,
    context(0, sequence(certificate)),
  );
  const whole = sequence(
    enumerated(0),
    context(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic))),
  );
  return spoiled(whole, fault);
}

function parseRequest(request: Uint8Array, ca: SigningKey): Asked[] | undefined {
  try {
    const outer = readSequence(request, 'request');
    const tbs = outer.sequence('TBSRequest');
    tbs.optional(0xa1, 'requestor');
    const list = tbs.sequence('requests').rest('requests', 1);
    const wrapped = tbs.optional(0xa2, 'extensions');
    const extensions = wrapped && readSequence(wrapped, 'extensions').rest('extensions');
    const content = Buffer.concat((extensions ?? []).map(({ encoded }) => encoded));
    const found = wrapped && readExtensions(content, 'extensions').get(OID_OCSP_NONCE);
    const nonce = found && new DerReader(found.value).value(0x04, 'nonce');
    return list.map(({ value }) => ({ ...parseCertId(value, ca), nonce }));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** By the key of the certificate that came with it; whose that is, the sandbox does not ask. */
function isSigned(request: Uint8Array): boolean {
  const outer = readSequence(request, 'request');
  const tbs = outer.element(0x30, 'TBSRequest').encoded;
  const wrapped = outer.optional(0xa0, 'signature');
  if (!wrapped) return false;
  const reader = readSequence(wrapped, 'signature');
  const algorithm = reader.element(0x30, 'algorithm').encoded;
  const signature = reader.value(0x03, 'signature').subarray(1);
  const [certificate] = readSequence(reader.value(0xa0, 'certificates'), 'certificates').rest(
    '',
    1,
  );
  const key = readPublicKey(parseCertificate(certificate!.encoded).spki);
  return verifySigned(key, algorithm, tbs, signature);
}

function parseCertId(value: Uint8Array, ca: SigningKey): Omit<Asked, 'nonce'> {
  const { encoded, value: content } = new DerReader(value).element(0x30, 'certID');
  const reader = new DerReader(content);
  const algorithm = reader.element(0x30, 'hash');
  readOid(new DerReader(algorithm.value).value(0x06, 'hash'), 'hash');
  const hash = certIdHash(algorithm.encoded) ?? 'sha1';
  const digest = (octets: Uint8Array) => createHash(hash).update(octets).digest();
  const name = reader.value(0x04, 'name hash');
  const key = reader.value(0x04, 'key hash');
  const serial = toHex(reader.value(0x02, 'serial number')).replace(/^00(?=.)/, '');
  const ofCa = equal(name, digest(ISSUER_NAME)) && equal(key, digest(keyBits(ca.spki)));
  return { certId: encoded, serial, ofCa };
}

function answersFor(
  { certId, serial, ofCa }: Asked,
  revoked: readonly Revocation[],
  at: number,
  fault: OcspFault | undefined,
): Uint8Array[] {
  const entry = revoked.find((one) => one.serial === serial);
  const status =
    !ofCa || fault === 'unknown'
      ? contextPrimitive(2, new Uint8Array(0))
      : entry
        ? revokedInfo(entry)
        : contextPrimitive(0, new Uint8Array(0));
  const id =
    fault === 'other-serial'
      ? certId.with(-1, certId.at(-1)! ^ 1)
      : fault === 'other-issuer'
        ? certId.with(20, certId[20]! ^ 1)
        : certId;
  const answer = (content: Uint8Array) =>
    sequence(
      id,
      content,
      generalizedTime(new Date(at)),
      context(0, generalizedTime(new Date(at + HOUR_MS))),
    );
  if (fault !== 'two-answers') return [answer(status)];
  return [answer(status), answer(revokedInfo({ serial, at: new Date(at).toISOString() }))];
}

function revokedInfo({ at, reason }: Revocation): Uint8Array {
  const why = reason === undefined ? [] : [context(0, enumerated(reason))];
  return context(1, generalizedTime(new Date(at)), ...why);
}

async function signerFor(
  { ca, key, certificate }: OcspResponder,
  otherCa: SigningKey,
  now: number,
  fault: OcspFault | undefined,
): Promise<{ key: SigningKey; certificate: Uint8Array }> {
  const validity = {
    notBefore: new Date(now - 48 * HOUR_MS),
    notAfter: new Date(now + (fault === 'expired-responder' ? -1 : 24) * HOUR_MS),
  };
  if (fault === 'sibling-ca') {
    return { key, certificate: await issueResponderCertificate(otherCa, key.spki, validity) };
  }
  if (fault === 'expired-responder') {
    return { key, certificate: await issueResponderCertificate(ca, key.spki, validity) };
  }
  if (fault !== 'end-entity') return { key, certificate };
  const holder = { spki: key.spki, serial: '0700ffff', commonName: '0'.repeat(24), validity };
  return { key, certificate: await issueHolderCertificate(ca, holder) };
}

function spoiled(whole: Uint8Array, fault: OcspFault | undefined): Uint8Array {
  if (fault === 'truncated') return whole.subarray(0, -1);
  if (fault === 'ber') return Uint8Array.of(0x30, 0x83, 0, ...whole.subarray(2));
  return whole;
}
