import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { toHex } from '@pinless-gate/protocol/bytes';
import { readOid } from '@pinless-gate/protocol/certificate/der';
import { decodeJpkiCvc } from '@pinless-gate/protocol/cvc/jpki';
import { decodeJpkiRequest } from '@pinless-gate/protocol/cvc/jpki-request';
import { type CvKeySummary, summarizeCvPublicKey } from '@pinless-gate/protocol/cvc/key-summary';
import { decodeCvPublicKey } from '@pinless-gate/protocol/cvc/public-key';
import { cvcReason } from '@pinless-gate/protocol/cvc/reason';
import {
  decodeCvAuthentication,
  readCvRequest,
  type UnreadCvRequest,
} from '@pinless-gate/protocol/cvc/request';
import {
  type CvCertificateBody,
  readCvCertificate,
  roleOf,
} from '@pinless-gate/protocol/cvc/tr03110';
import { shownPath } from '@pinless-gate/runtime/input-file';
import { type Command, EXIT_OK, EXIT_REFUSED, UsageError } from '@pinless-gate/runtime/program';
import { type CvcFile, type CvcKind, readCvcFile } from './cvc-file.ts';

/** `hsm cvc show FILE…`: what stands in CV certificates and requests. Proves nothing. */
export const cvcShowCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  if (positionals.length === 0) throw new UsageError('which CV certificates? name their files');
  let refused = 0;
  for (const file of positionals) {
    const shown = show(await readCvcFile(file));
    if (!shown.ok) refused += 1;
    if (values.json) io.out(JSON.stringify({ file, ...shown }));
    else for (const line of lines(file, shown)) io.out(line);
  }
  return refused === 0 ? EXIT_OK : EXIT_REFUSED;
};

type Content = Readonly<Record<string, unknown>>;
type Shown =
  | ({ readonly ok: true; readonly kind: CvcKind } & Content)
  | { readonly ok: false; readonly reason: string };

function show(file: CvcFile): Shown {
  if ('reason' in file) return { ok: false, reason: file.reason };
  const { kind, encoded } = file;
  try {
    return { ok: true, kind, ...SHOW[kind](encoded) };
  } catch (error) {
    return { ok: false, reason: cvcReason(error) };
  }
}

const SHOW: Readonly<Record<CvcKind, (encoded: Uint8Array) => Content>> = {
  jpki: (encoded) => {
    const { issuerKeyId, subjectKeyId, publicKey, signature } = decodeJpkiCvc(encoded);
    return {
      issuerKeyId: toHex(issuerKeyId),
      subjectKeyId: toHex(subjectKeyId),
      key: { algorithm: 'rsa-sha256', kind: 'rsa', bits: publicKey.bits },
      keySha256: sha256(publicKey.spki),
      signatureLength: signature.length,
    };
  },
  'jpki-request': (encoded) => {
    const { publicKey, signature } = decodeJpkiRequest(encoded);
    return {
      key: { algorithm: 'rsa-sha256', kind: 'rsa', bits: publicKey.bits },
      keySha256: sha256(publicKey.spki),
      signatureLength: signature.length,
    };
  },
  certificate: (encoded) => {
    const certificate = readCvCertificate(encoded);
    return {
      authorityReference: certificate.authorityReference,
      holderReference: certificate.holderReference,
      ...keyOf(certificate.publicKey),
      ...authorizationOf(certificate),
      effective: dayOf(certificate.effective),
      expiry: dayOf(certificate.expiry),
      extensionsLength: certificate.extensions?.length,
      signatureLength: certificate.signature.length,
    };
  },
  request: (encoded) => requestOf(readCvRequest(encoded)),
  authentication: (encoded) => {
    const { request, authorityReference, signature } = decodeCvAuthentication(encoded);
    return {
      ...requestOf(readCvRequest(request)),
      outerAuthorityReference: authorityReference,
      outerSignatureLength: signature.length,
    };
  },
};

function requestOf(request: UnreadCvRequest): Content {
  return {
    authorityReference: request.authorityReference,
    holderReference: request.holderReference,
    ...keyOf(request.publicKey),
    extensionsLength: request.extensions?.length,
    signatureLength: request.signature.length,
  };
}

/** The hash is of SubjectPublicKeyInfo, so that a key can be told in whatever it stands. */
function keyOf(content: Uint8Array): Content {
  const key = summarizeCvPublicKey(content);
  if (key.refused !== undefined) return { key };
  const decoded = decodeCvPublicKey(content);
  return { key, keySha256: 'key' in decoded ? sha256(decoded.key.spki) : undefined };
}

function authorizationOf({ authorization }: Pick<CvCertificateBody, 'authorization'>): Content {
  const { oid, rights } = authorization;
  const type = readOid(oid, 'terminal type');
  return { role: roleOf(authorization), type: TYPES[type] ?? type, rights: toHex(rights) };
}

/** TR-03110 part 4: which rights the octets stand for. */
const TYPES: Readonly<Record<string, string>> = {
  '0.4.0.127.0.7.3.1.2.1': 'inspection system',
  '0.4.0.127.0.7.3.1.2.2': 'authentication terminal',
  '0.4.0.127.0.7.3.1.2.3': 'signature terminal',
};

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const dayOf = (seconds: number) => new Date(1000 * seconds).toISOString().slice(0, 10);

const LABELS: Readonly<Record<string, string>> = {
  issuerKeyId: 'issuer key id',
  subjectKeyId: 'subject key id',
  authorityReference: 'CAR',
  holderReference: 'CHR',
  keySha256: 'key SHA-256',
  outerAuthorityReference: 'outer CAR',
};
const HEADINGS: Readonly<Record<CvcKind, string>> = {
  jpki: 'certificate of JPKI',
  'jpki-request': 'request of JPKI, as assumed',
  certificate: 'certificate of TR-03110',
  request: 'request of TR-03110',
  authentication: 'request of TR-03110 with an outer signature',
};

function lines(file: string, shown: Shown): string[] {
  if (!shown.ok) return [`${shownPath(file)}: ${shown.reason}`];
  const { ok, kind, key, ...rest } = shown;
  const rows: [string, string][] = [['key', keyLine(key as CvKeySummary)]];
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    const octets = name.endsWith('Length');
    const label = LABELS[name] ?? name.replace('Length', '').replace('outerS', 'outer s');
    rows.push([label, octets ? `${value} octets` : String(value)]);
  }
  const body = rows.map(([label, value]) => `  ${label.padEnd(15)}  ${value}`);
  return [`${shownPath(file)}: ${HEADINGS[kind]}`, ...body];
}

function keyLine({ algorithm, kind, bits, curve, refused }: CvKeySummary): string {
  const size = kind === 'rsa' ? `RSA of ${bits} bits` : (CURVE_WORDS[curve ?? ''] ?? curve);
  const not = refused === undefined ? '' : `; nothing is verified with it (${refused})`;
  return `${algorithm}, ${size ?? 'of an unknown form'}${not}`;
}

const CURVE_WORDS: Readonly<Record<string, string>> = {
  inherited: "on the curve of the CA's key",
  unknown: 'on an unknown curve',
};
