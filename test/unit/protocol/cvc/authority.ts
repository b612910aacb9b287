import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { cvAnchor } from '@pinless-gate/protocol/cvc/chain';
import {
  type CvKey,
  TERMINAL_ALGORITHMS,
  type TerminalAlgorithm,
} from '@pinless-gate/protocol/cvc/public-key';
import {
  type CvCertificate,
  type CvCertificateBody,
  decodeCvCertificate,
  encodeCvCertificate,
  encodeCvCertificateBody,
} from '@pinless-gate/protocol/cvc/tr03110';
import { readPublicKey } from '@pinless-gate/protocol/public-key';

/** A CVCA, a verifier and terminals, to change one thing at a time. */

export const day = (text: string) => Date.parse(`${text}T00:00:00Z`) / 1000;
export const NOON = day('2026-12-20') + 12 * 3600;

export interface Party {
  readonly privateKey: KeyObject;
  readonly key: CvKey;
  /** With which it signs by RSASSA-PSS; that of the hash otherwise. */
  readonly saltLength?: number;
}

export function party(
  algorithm: TerminalAlgorithm,
  curveOrBits: string | number,
  publicExponent = 0x10001,
): Party {
  const { privateKey, publicKey } =
    typeof curveOrBits === 'string'
      ? generateKeyPairSync('ec', { namedCurve: curveOrBits })
      : generateKeyPairSync('rsa', { modulusLength: curveOrBits, publicExponent });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  return { privateKey, key: { algorithm, key: readPublicKey(spki) } };
}

export const cvca = party('ecdsa-sha256', 'P-256');
export const dv = party('ecdsa-sha256', 'P-256');
export const terminal = party('ecdsa-sha256', 'P-256');
export const rsa = party('rsa-sha256', 2048);

export const AT_OID = fromHex('04007f000703010202');
export const rights = (first: number) => Uint8Array.of(first, 0, 0, 0, 1);
export const CVCA_RIGHTS = rights(0xc0);
export const DV_RIGHTS = rights(0x80);
export const TERMINAL_RIGHTS = rights(0x00);

export const body = (change: Partial<CvCertificateBody>): CvCertificateBody => ({
  authorityReference: 'JPGATECVCA00001',
  holderReference: 'JPGATECVCA00001',
  publicKey: cvca.key,
  authorization: { oid: AT_OID, rights: CVCA_RIGHTS },
  effective: day('2026-01-01'),
  expiry: day('2026-12-31'),
  ...change,
});

export function issue(change: Partial<CvCertificateBody>, signer: Party): CvCertificate {
  const encoded = encodeCvCertificateBody(body(change));
  return decodeCvCertificate(encodeCvCertificate(encoded, signed(encoded, signer)));
}

export function signed(message: Uint8Array, { privateKey, key, saltLength }: Party): Uint8Array {
  const { hash, scheme } = TERMINAL_ALGORITHMS[key.algorithm];
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST,
  };
  const options = scheme === 'pss' ? pss : {};
  return sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363', ...options });
}

export const root = issue({}, cvca);
export const anchor = cvAnchor(root);
export const dvBody: Partial<CvCertificateBody> = {
  holderReference: 'JPGATEDV000001',
  publicKey: { algorithm: 'ecdsa-sha256', point: (dv.key.key as { point: Uint8Array }).point },
  authorization: { oid: AT_OID, rights: DV_RIGHTS },
};
export const terminalBody: Partial<CvCertificateBody> = {
  authorityReference: 'JPGATEDV000001',
  holderReference: 'JPGATETERM00001',
  publicKey: rsa.key,
  authorization: { oid: AT_OID, rights: TERMINAL_RIGHTS },
};
export const dvCertificate = issue(dvBody, cvca);
export const terminalCertificate = issue(terminalBody, dv);
export const chain = [dvCertificate, terminalCertificate];
