import 'reflect-metadata';
import { createHash, createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { Extension, Name, X509CertificateGenerator, X509CrlGenerator } from '@peculiar/x509';
import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { holderName, ISSUER_NAME, SERVICE_NAME } from './names.ts';

/**
 * Certificates and CRLs with the profile of protocol.md 2 and jpki-facts 3. Extensions are written out in DER:
 * the library's classes know neither qualifiers nor directory names.
 */
const SIGNING = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

const SEQUENCE = 0x30;
const OID = 0x06;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const IA5_STRING = 0x16;
/** [0] constructed and [4] constructed: distribution point parts and directoryName (RFC 5280 4.2.1). */
const CONTEXT_0 = 0xa0;
const CONTEXT_0_PRIMITIVE = 0x80;
const CONTEXT_4 = 0xa4;

/** 1.2.392.200149.8.5.1.3.30, and id-qt-cps. */
const POLICY_AUTHENTICATION = fromHex('2a83088c9b55080501031e');
const CPS_QUALIFIER = fromHex('2b06010505070201');
const CPS_URI = 'http://www.jpki.go.jp/cps.html';

/** The key that signs, and its public half. */
export interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export async function signingKey(privateKeyPem: string): Promise<SigningKey> {
  const key = createPrivateKey(privateKeyPem);
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  return {
    key: await webcrypto.subtle.importKey('pkcs8', pkcs8, SIGNING, false, ['sign']),
    spki: createPublicKey(key).export({ format: 'der', type: 'spki' }),
  };
}

/** The CA's certificate, signed by itself. */
export async function issueCaCertificate(ca: SigningKey, serial: string, validity: Validity) {
  return generate(ca, ca.spki, ISSUER_NAME, serial, validity, [
    new Extension('2.5.29.19', true, fromHex('30030101ff')),
    keyUsage(0x06, 1), // keyCertSign, cRLSign
    subjectKeyIdentifier(ca.spki),
    new Extension('2.5.29.17', false, encodeTlv(SEQUENCE, encodeTlv(CONTEXT_4, SERVICE_NAME))),
    crlDistributionPoint(),
  ]);
}

export interface HolderCertificate {
  /** SubjectPublicKeyInfo of the card's key. */
  readonly spki: Uint8Array;
  /** Hex digits, four octets as on cards today. */
  readonly serial: string;
  readonly commonName: string;
  readonly validity: Validity;
}

/** A user-authentication certificate (利用者証明用電子証明書). */
export async function issueHolderCertificate(ca: SigningKey, holder: HolderCertificate) {
  const { spki, serial, commonName, validity } = holder;
  return generate(ca, spki, holderName(commonName), serial, validity, [
    keyUsage(0x80, 7), // digitalSignature
    authenticationPolicy(),
    new Extension('2.5.29.18', false, encodeTlv(SEQUENCE, encodeTlv(CONTEXT_4, SERVICE_NAME))),
    crlDistributionPoint(),
    new Extension(
      '2.5.29.35',
      false,
      encodeTlv(SEQUENCE, encodeTlv(CONTEXT_0_PRIMITIVE, keyIdentifier(ca.spki))),
    ),
    subjectKeyIdentifier(spki),
  ]);
}

export interface Revocation {
  readonly serial: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export async function issueCrl(
  ca: SigningKey,
  revoked: readonly Revocation[],
  thisUpdate: Date,
  nextUpdate: Date,
): Promise<Uint8Array> {
  const crl = await X509CrlGenerator.create({
    issuer: new Name(ISSUER_NAME),
    thisUpdate,
    nextUpdate,
    entries: revoked.map(({ serial, at }) => ({
      serialNumber: serial,
      revocationDate: new Date(at),
    })),
    signingKey: ca.key,
    signingAlgorithm: SIGNING,
    extensions: [
      new Extension(
        '2.5.29.35',
        false,
        encodeTlv(SEQUENCE, encodeTlv(CONTEXT_0_PRIMITIVE, keyIdentifier(ca.spki))),
      ),
    ],
  });
  return new Uint8Array(crl.rawData);
}

async function generate(
  ca: SigningKey,
  spki: Uint8Array,
  subject: Uint8Array,
  serial: string,
  { notBefore, notAfter }: Validity,
  extensions: Extension[],
) {
  return X509CertificateGenerator.create({
    serialNumber: serial,
    issuer: new Name(ISSUER_NAME),
    subject: new Name(subject),
    notBefore,
    notAfter,
    publicKey: spki,
    signingKey: ca.key,
    signingAlgorithm: SIGNING,
    extensions,
  });
}

function keyUsage(bits: number, unused: number): Extension {
  return new Extension('2.5.29.15', true, encodeTlv(BIT_STRING, Uint8Array.of(unused, bits)));
}

function authenticationPolicy(): Extension {
  const qualifier = encodeTlv(
    SEQUENCE,
    encodeTlv(OID, CPS_QUALIFIER),
    encodeTlv(IA5_STRING, utf8(CPS_URI)),
  );
  const policy = encodeTlv(
    SEQUENCE,
    encodeTlv(OID, POLICY_AUTHENTICATION),
    encodeTlv(SEQUENCE, qualifier),
  );
  return new Extension('2.5.29.32', true, encodeTlv(SEQUENCE, policy));
}

/** A directoryName, as the JPKI has no URI. */
function crlDistributionPoint(): Extension {
  const fullName = encodeTlv(CONTEXT_0, encodeTlv(CONTEXT_0, encodeTlv(CONTEXT_4, ISSUER_NAME)));
  return new Extension('2.5.29.31', false, encodeTlv(SEQUENCE, encodeTlv(SEQUENCE, fullName)));
}

function subjectKeyIdentifier(spki: Uint8Array): Extension {
  return new Extension('2.5.29.14', false, encodeTlv(OCTET_STRING, keyIdentifier(spki)));
}

/** SHA-1 of the key bits (RFC 5280 4.2.1.2, method 1): the last part of the SubjectPublicKeyInfo. */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  const jwk = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const bits =
    jwk.asymmetricKeyType === 'rsa'
      ? jwk.export({ format: 'der', type: 'pkcs1' })
      : spki.subarray(-97);
  return createHash('sha1').update(bits).digest();
}
