import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  type CvKey,
  TERMINAL_ALGORITHMS,
  type TerminalAlgorithm,
} from '@pinless-gate/protocol/cvc/public-key';
import { encodeCvCertificate, encodeCvCertificateBody } from '@pinless-gate/protocol/cvc/tr03110';
import { readPublicKey } from '@pinless-gate/protocol/public-key';

/** id-IS, inspection systems, with the role in the two highest bits (TR-03110 part 3, C.4.1). */
const INSPECTION_SYSTEM = fromHex('04007f000703010201');
const RIGHTS = { cvca: 0xc0, dv: 0x80, terminal: 0x00 } as const;

export type IsoRole = keyof typeof RIGHTS;

export const CVCA_REFERENCE = 'JPSANDBOXCA00001';
export const DV_REFERENCE = 'JPSANDBOXDV00001';
export const terminalReference = (number: number) => `JPGATE${String(number).padStart(5, '0')}`;

export interface CvSubject {
  readonly reference: string;
  readonly role: IsoRole;
  readonly publicKeyPem: string;
  readonly effective: Date;
  readonly expiry: Date;
}

/** A CV certificate after TR-03110; the signature's algorithm follows from the issuer's key. */
export function issueCvCertificate(
  issuer: { readonly reference: string; readonly privateKeyPem: string },
  subject: CvSubject,
): Uint8Array {
  const body = encodeCvCertificateBody({
    authorityReference: issuer.reference,
    holderReference: subject.reference,
    publicKey: cvKey(createPublicKey(subject.publicKeyPem)),
    authorization: { oid: INSPECTION_SYSTEM, rights: Uint8Array.of(RIGHTS[subject.role]) },
    effective: midnight(subject.effective),
    expiry: midnight(subject.expiry),
  });
  const key = createPrivateKey(issuer.privateKeyPem);
  const { hash, scheme } = TERMINAL_ALGORITHMS[algorithmOf(key)];
  const signature =
    scheme === 'ecdsa'
      ? sign(hash, body, { key, dsaEncoding: 'ieee-p1363' })
      : sign(hash, body, key);
  return encodeCvCertificate(body, signature);
}

function cvKey(key: KeyObject): CvKey {
  const publicKey = readPublicKey(key.export({ format: 'der', type: 'spki' }));
  return { algorithm: algorithmOf(key), key: publicKey };
}

/** RSA with SHA-256, P-256 with SHA-256, P-384 with SHA-384 (protocol.md 1.2). */
function algorithmOf(key: KeyObject): TerminalAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return 'rsa-sha256';
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ecdsa-sha384' : 'ecdsa-sha256';
}

/** Unix seconds of the day's midnight in UTC. */
function midnight(date: Date): number {
  return Math.floor(date.getTime() / 86_400_000) * 86_400;
}
