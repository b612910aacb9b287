import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { EMPTY } from '@pinless-gate/protocol/bytes';
import type { TransportMechanism } from '@pinless-gate/protocol/transport-mechanism';
import type { WrappedKey } from '../key-store.ts';

// The other side of a trial: node:crypto does what the other module would, with keys made for the moment that
// never hold anything. A module that only agrees with itself would not be found out otherwise.

const KW_IV = Buffer.from('a6a6a6a6a6a6a6a6', 'hex'); // RFC 3394 2.2.3.1
const KWP_IV = Buffer.from('a65959a6', 'hex'); // RFC 5649 3
const PADDING = constants.RSA_PKCS1_OAEP_PADDING;

const cipherOf = (carrier: 'kw' | 'kwp') =>
  carrier === 'kw'
    ? (['id-aes256-wrap', KW_IV] as const)
    : (['id-aes256-wrap-pad', KWP_IV] as const);

export class Counterpart {
  readonly #pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

  /** SubjectPublicKeyInfo of a transport key whose private half is here. */
  get transportKey(): Uint8Array {
    return new Uint8Array(this.#pair.publicKey.export({ format: 'der', type: 'spki' }));
  }

  /** The octets inside, or undefined where this is not what the mechanism says. */
  open({ mechanism, wrappedKek, wrappedKey }: WrappedKey): Buffer | undefined {
    const { hash, carrier } = mechanism;
    const key = { key: this.#pair.privateKey, padding: PADDING, oaepHash: hash };
    try {
      if (carrier === 'direct') return privateDecrypt(key, wrappedKey);
      const [cipher, iv] = cipherOf(carrier);
      const decipher = createDecipheriv(cipher, privateDecrypt(key, wrappedKek), iv);
      return Buffer.concat([decipher.update(wrappedKey), decipher.final()]);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return undefined;
      throw error;
    }
  }
}

/** A secret wrapped for a module's transport key, and what it computes. */
export function wrapForModule(
  transportKey: Uint8Array,
  mechanism: TransportMechanism,
): { wrapped: WrappedKey; mac: (message: Uint8Array) => Buffer } {
  const { hash, carrier } = mechanism;
  const secret = randomBytes(64);
  const key = {
    key: createPublicKey({ key: Buffer.from(transportKey), format: 'der', type: 'spki' }),
    padding: PADDING,
    oaepHash: hash,
  };
  const mac = (message: Uint8Array) => createHmac('sha512', secret).update(message).digest();
  if (carrier === 'direct') {
    const wrappedKey = publicEncrypt(key, secret);
    return { wrapped: { mechanism, wrappedKek: EMPTY, wrappedKey }, mac };
  }
  const kek = randomBytes(32);
  const [name, iv] = cipherOf(carrier);
  const cipher = createCipheriv(name, kek, iv);
  const wrappedKey = Buffer.concat([cipher.update(secret), cipher.final()]);
  return { wrapped: { mechanism, wrappedKek: publicEncrypt(key, kek), wrappedKey }, mac };
}

export function macOf(secret: Uint8Array, message: Uint8Array): Buffer {
  return createHmac('sha512', secret).update(message).digest();
}

/** Whether these octets are the PKCS#8 of the private half of this key. */
export function isPrivateHalf(pkcs8: Buffer, spki: Uint8Array): boolean {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
  const message = randomBytes(32);
  return verifies(spki, message, sign('sha256', message, key));
}

/** RSASSA-PKCS1-v1_5 or ECDSA (plain r‖s) with SHA-256. */
export function verifies(spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
