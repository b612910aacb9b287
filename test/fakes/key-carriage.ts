import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { HsmError, type WrappedKey, type WrapTarget } from '@pinless-gate/hsm/key-store';
import { TRANSPORT_MECHANISMS } from '@pinless-gate/protocol/transport-mechanism';

/** A transport mechanism in plain memory: RSA-OAEP, and AES key wrap of RFC 5649 or RFC 3394. */
const CIPHERS = {
  kwp: ['id-aes256-wrap-pad', Buffer.from('a65959a6', 'hex')],
  kw: ['id-aes256-wrap', Buffer.from('a6a6a6a6a6a6a6a6', 'hex')],
} as const;

const oaep = (key: KeyObject, oaepHash: string) => ({
  key,
  oaepHash,
  padding: constants.RSA_PKCS1_OAEP_PADDING,
});

/** With the strongest mechanism of the target's. */
export function wrapOctets(
  octets: Uint8Array,
  { transportKey, mechanisms }: WrapTarget,
): WrappedKey {
  const names = new Set(mechanisms.map((one) => JSON.stringify(one)));
  const mechanism = TRANSPORT_MECHANISMS.find((one) => names.has(JSON.stringify(one)));
  if (!mechanism) throw new HsmError('ERR_HSM_MECHANISM', 'no mechanism in common');
  const spki = { key: Buffer.from(transportKey), format: 'der', type: 'spki' } as const;
  const key = oaep(createPublicKey(spki), mechanism.hash);
  if (mechanism.carrier === 'direct') {
    return { mechanism, wrappedKek: new Uint8Array(0), wrappedKey: publicEncrypt(key, octets) };
  }
  const kek = randomBytes(32);
  const [name, iv] = CIPHERS[mechanism.carrier];
  const cipher = createCipheriv(name, kek, iv);
  const wrappedKey = Buffer.concat([cipher.update(octets), cipher.final()]);
  return { mechanism, wrappedKek: publicEncrypt(key, kek), wrappedKey };
}

export function unwrapOctets(
  privateKey: KeyObject,
  { mechanism, wrappedKek, wrappedKey }: WrappedKey,
): Uint8Array {
  const key = oaep(privateKey, mechanism.hash);
  try {
    if (mechanism.carrier === 'direct') return privateDecrypt(key, wrappedKey);
    const [name, iv] = CIPHERS[mechanism.carrier];
    const decipher = createDecipheriv(name, privateDecrypt(key, wrappedKek), iv);
    return Buffer.concat([decipher.update(wrappedKey), decipher.final()]);
  } catch (cause) {
    throw new HsmError('ERR_HSM_UNWRAP', 'the fake cannot open it', { cause });
  }
}
