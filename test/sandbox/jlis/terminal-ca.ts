import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { concat, fromHex, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { encodeJpkiCvc, encodeJpkiCvcBody } from '@pinless-gate/protocol/cvc/jpki';
import { GateError } from '@pinless-gate/protocol/errors';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';

/** The key that cards hold in EF 0016, and the one below it that certifies institutions. */
export interface TerminalKey {
  /** 16 octets in hex. */
  readonly keyId: string;
  readonly publicKeyPem: string;
}

const CA_NUMBER = 9900001;
const INTERMEDIATE_NUMBER = 9900002;
const FIRST_INSTITUTION_NUMBER = 9910000;

/** 7 digits ‖ 08 05 ‖ 3 digits ‖ 4 octets (protocol.md 1.1). A leading 9 is no real hierarchy's. */
export function keyId(number: number, generation = 1): string {
  const digits = utf8(String(number));
  return toHex(
    concat(digits, fromHex('0805'), utf8(String(generation).padStart(3, '0')), new Uint8Array(4)),
  );
}

export const terminalCaKeyId = (generation?: number) => keyId(CA_NUMBER, generation);
export const intermediateKeyId = () => keyId(INTERMEDIATE_NUMBER);
/** 特定機関コード: seven digits, which the key id begins with. */
export const institutionCode = (number: number) => String(FIRST_INSTITUTION_NUMBER + number);
export const institutionKeyId = (number: number) => keyId(FIRST_INSTITUTION_NUMBER + number);

/** A CV certificate in the jpki layout, 568 octets. */
export function issueJpkiCvc(
  issuer: { readonly keyId: string; readonly privateKeyPem: string },
  subject: TerminalKey,
): Uint8Array {
  const body = encodeJpkiCvcBody({
    issuerKeyId: fromHex(issuer.keyId),
    subjectKeyId: fromHex(subject.keyId),
    publicKey: rsa2048(subject.publicKeyPem),
  });
  return encodeJpkiCvc(body, sign('sha256', body, createPrivateKey(issuer.privateKeyPem)));
}

export function rsa2048(publicKeyPem: string): RsaPublicKey {
  const publicKey = readPublicKey(
    createPublicKey(publicKeyPem).export({ format: 'der', type: 'spki' }),
  );
  if (publicKey.kind === 'rsa' && publicKey.bits === 2048) return publicKey;
  throw new GateError('ERR_JLIS_KEY', 'the jpki layout carries RSA-2048 keys only');
}
