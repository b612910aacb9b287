import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concat, fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';

/** A CA, a municipality and a card's key, and what they sign: written from the layout, not with the codec. */
export interface Pair {
  readonly publicKey: RsaPublicKey;
  readonly privateKey: KeyObject;
}

export function newPair(): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { publicKey: readPublicKey(new Uint8Array(spki)) as RsaPublicKey, privateKey };
}

export const CA_KEY_ID = fromHex('39393030303233080530303100000000');
export const SIGNER_KEY_ID = fromHex('39393133323231080530303000000000');

const signed = (key: KeyObject, octets: Uint8Array) => new Uint8Array(sign('sha256', octets, key));

/** EF 0001. */
export function recordOf(signer: Pair, card: Pair, birthDate = '19800217'): Uint8Array {
  const content = concat(
    fromHex('df1108'),
    utf8(birthDate),
    fromHex('df12820109900301000191820100'),
    card.publicKey.modulus,
  );
  const signature = signed(signer.privateKey, content);
  return concat(fromHex('ff1082021e'), content, fromHex('df13820100'), signature);
}

/** EF 0004. */
export function signerOf(ca: Pair, signer: Pair, issuer = CA_KEY_ID, subject = SIGNER_KEY_ID) {
  const body = concat(issuer, subject, fromHex('900301000191820100'), signer.publicKey.modulus);
  const signature = signed(ca.privateKey, body);
  return concat(fromHex('7f218202335f4e820129'), body, fromHex('5f37820100'), signature);
}
