import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  bitString,
  context,
  contextPrimitive,
  enumerated,
  ia5String,
  integer,
  NULL,
  octetString,
  oid,
  sequence,
  TRUE,
  time,
} from './der.ts';
import { holderName, ISSUER_NAME, RESPONDER_NAME, SERVICE_NAME } from './names.ts';

/**
 * Certificates and CRLs with the profile of protocol.md 2 and jpki-facts 3, written out in DER: names and
 * extensions are fixed to the octet, and a list of a thousand holders takes a thousand certificates.
 */
const SHA256_WITH_RSA = sequence(oid('1.2.840.113549.1.1.11'), NULL);
const VERSION_3 = context(0, integer('02'));
const VERSION_2_CRL = integer('01');

const POLICY_AUTHENTICATION = '1.2.392.200149.8.5.1.3.30';
const CPS_QUALIFIER = '1.3.6.1.5.5.7.2.1';
const CPS_URI = 'http://www.jpki.go.jp/cps.html';

/** An RSA key that signs, and its public half as SubjectPublicKeyInfo. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly spki: Uint8Array;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export function signingKey(privateKeyPem: string): SigningKey {
  const key = createPrivateKey(privateKeyPem);
  return { key, spki: createPublicKey(key).export({ format: 'der', type: 'spki' }) };
}

/** The CA's certificate, signed by itself. DER. */
export function issueCaCertificate(
  ca: SigningKey,
  serial: string,
  validity: Validity,
  name = ISSUER_NAME,
) {
  return issue(ca, ca.spki, { issuer: name, subject: name }, serial, validity, [
    extension('2.5.29.19', sequence(TRUE), true),
    extension('2.5.29.15', bitString(Uint8Array.of(0x06), 1), true), // keyCertSign, cRLSign
    extension('2.5.29.14', octetString(keyIdentifier(ca.spki))),
    extension('2.5.29.17', sequence(context(4, SERVICE_NAME))),
    crlDistributionPoint(name),
  ]);
}

export interface HolderCertificate {
  /** In DER; the authentication CA's otherwise. */
  readonly issuerName?: Uint8Array;
  /** SubjectPublicKeyInfo of the card's key. */
  readonly spki: Uint8Array;
  /** Hex digits; four octets on cards today. */
  readonly serial: string;
  readonly commonName: string;
  readonly validity: Validity;
}

/** A user-authentication certificate (利用者証明用電子証明書). DER. */
export function issueHolderCertificate(ca: SigningKey, holder: HolderCertificate) {
  const { issuerName = ISSUER_NAME, spki, serial, commonName, validity } = holder;
  const names = { issuer: issuerName, subject: holderName(commonName) };
  return issue(ca, spki, names, serial, validity, [
    extension('2.5.29.15', bitString(Uint8Array.of(0x80), 7), true), // digitalSignature
    policy(POLICY_AUTHENTICATION),
    extension('2.5.29.18', sequence(context(4, SERVICE_NAME))),
    crlDistributionPoint(),
    authorityKeyIdentifier(ca.spki),
    extension('2.5.29.14', octetString(keyIdentifier(spki))),
  ]);
}

/** A certificate for signing OCSP responses (RFC 6960 4.2.2.2), without a check of its own. DER. */
export function issueResponderCertificate(ca: SigningKey, spki: Uint8Array, validity: Validity) {
  const names = { issuer: ISSUER_NAME, subject: RESPONDER_NAME };
  return issue(ca, spki, names, '4f435350', validity, [
    extension('2.5.29.15', bitString(Uint8Array.of(0x80), 7), true), // digitalSignature
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.9'))), // OCSPSigning
    extension('1.3.6.1.5.5.7.48.1.5', NULL), // nocheck
    authorityKeyIdentifier(ca.spki),
    extension('2.5.29.14', octetString(keyIdentifier(spki))),
  ]);
}

export interface Revocation {
  readonly serial: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** RFC 5280 5.3.1; unspecified where there is none. */
  readonly reason?: number | undefined;
}

/** In DER: whose list it is, and where it is one of several, which. */
export interface CrlOf {
  readonly issuer?: Uint8Array;
  readonly point?: Uint8Array;
}

/** A CRL, version 2. DER. */
export function issueCrl(
  ca: SigningKey,
  number: number,
  revoked: readonly Revocation[],
  thisUpdate: Date,
  nextUpdate: Date,
  { issuer = ISSUER_NAME, point }: CrlOf = {},
): Promise<Uint8Array> {
  const entries = revoked.map(({ serial, at, reason }) =>
    sequence(
      integer(serial),
      time(new Date(at)),
      ...(reason === undefined ? [] : [sequence(extension('2.5.29.21', enumerated(reason)))]),
    ),
  );
  const list = sequence(
    VERSION_2_CRL,
    SHA256_WITH_RSA,
    issuer,
    time(thisUpdate),
    time(nextUpdate),
    // An empty list is left out (RFC 5280 5.1.2.6).
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    context(
      0,
      sequence(
        authorityKeyIdentifier(ca.spki),
        extension('2.5.29.20', integer(number.toString(16))),
        ...(point ? [extension('2.5.29.28', sequence(directoryPoint(point)), true)] : []),
      ),
    ),
  );
  return signed(ca, list);
}

/** A certificate of version 3. DER. */
export function issue(
  ca: SigningKey,
  spki: Uint8Array,
  { issuer, subject }: { readonly issuer: Uint8Array; readonly subject: Uint8Array },
  serial: string,
  { notBefore, notAfter }: Validity,
  extensions: readonly Uint8Array[],
): Promise<Uint8Array> {
  const certificate = sequence(
    VERSION_3,
    integer(serial),
    SHA256_WITH_RSA,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    spki,
    context(3, sequence(...extensions)),
  );
  return signed(ca, certificate);
}

const signAside = promisify<string, Uint8Array, KeyObject, Uint8Array>(sign);

/** SIGNED{…}: content, algorithm, signature, and what may follow it. */
export async function signed(
  { key }: SigningKey,
  content: Uint8Array,
  ...more: readonly Uint8Array[]
): Promise<Uint8Array> {
  const signature = await signAside('sha256', content, key);
  return sequence(content, SHA256_WITH_RSA, bitString(signature), ...more);
}

export function extension(type: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(oid(type), ...(critical ? [TRUE] : []), octetString(value));
}

/** Critical, with a pointer to the practice statement. */
export function policy(id: string): Uint8Array {
  const qualifier = sequence(oid(CPS_QUALIFIER), ia5String(CPS_URI));
  return extension('2.5.29.32', sequence(sequence(oid(id), sequence(qualifier))), true);
}

/** A directoryName, as the JPKI has no URI. */
export function crlDistributionPoint(issuer = ISSUER_NAME): Uint8Array {
  return extension('2.5.29.31', sequence(sequence(directoryPoint(issuer))));
}

const directoryPoint = (name: Uint8Array): Uint8Array => context(0, context(0, context(4, name)));

export function authorityKeyIdentifier(caSpki: Uint8Array): Uint8Array {
  return extension('2.5.29.35', sequence(contextPrimitive(0, keyIdentifier(caSpki))));
}

/** SHA-1 of the key bits (RFC 5280 4.2.1.2, method 1): what follows the headers of the BIT STRING. */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const bits =
    key.asymmetricKeyType === 'rsa'
      ? key.export({ format: 'der', type: 'pkcs1' })
      : fromHex(`04${['x', 'y'].map((axis) => coordinate(key, axis)).join('')}`);
  return createHash('sha1').update(bits).digest();
}

function coordinate(key: KeyObject, axis: string): string {
  const value = (key.export({ format: 'jwk' }) as Record<string, string>)[axis]!;
  return Buffer.from(value, 'base64url').toString('hex');
}

/** As files hold it. */
export function certificatePem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
