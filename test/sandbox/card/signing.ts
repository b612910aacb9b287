import {
  constants,
  createECDH,
  createHash,
  createPrivateKey,
  type KeyObject,
  privateEncrypt,
  randomBytes,
} from 'node:crypto';
import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { sha256DigestInfo } from '@pinless-gate/protocol/possession';

/** The card's user-authentication key. */
export interface CardKey {
  readonly type: 'rsa' | 'ecdsa';
  /** PKCS#1 v1.5 block of type 1 around the octets given (RFC 8017 9.2 without the hash). RSA only. */
  signPadded(octets: Uint8Array): Uint8Array;
  /** A signature over a hash that is already computed: PKCS#1 with DigestInfo, or ECDSA as plain r‖s. */
  signHash(hash: Uint8Array): Uint8Array;
}

export function cardKey(pem: string): CardKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType === 'rsa') return rsaKey(key);
  if (key.asymmetricKeyType === 'ec') return ecdsaKey(key);
  throw new RangeError(`a card cannot hold a key of type ${key.asymmetricKeyType}`);
}

/** What is padded (P1 00, 01) or wrapped in a DigestInfo and padded (02, 03): jpki-facts 1.3. */
export function paddable(p1: number, data: Uint8Array): Uint8Array | undefined {
  if (p1 === 0x02) return data.length === 32 ? data : undefined;
  if (data.length === 0 || data.length > 245) return undefined;
  return p1 === 0x00 ? data : createHash('sha256').update(data).digest();
}

function rsaKey(key: KeyObject): CardKey {
  const signPadded = (octets: Uint8Array): Uint8Array =>
    privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, octets);
  return { type: 'rsa', signPadded, signHash: (hash) => signPadded(sha256DigestInfo(hash)) };
}

const CURVES: Readonly<Record<string, { name: string; octets: number; order: bigint }>> = {
  'P-256': {
    name: 'prime256v1',
    octets: 32,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  'P-384': {
    name: 'secp384r1',
    octets: 48,
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
};

/**
 * ECDSA over a hash as it comes: node signs messages only, so the arithmetic stands here (FIPS 186-5 6.4.1).
 * Not in constant time: the keys of virtual cards protect nothing.
 */
function ecdsaKey(key: KeyObject): CardKey {
  const { crv = '', d = '' } = key.export({ format: 'jwk' });
  const curve = CURVES[crv];
  if (!curve) throw new RangeError(`a card cannot hold a key on ${crv}`);
  const { name, octets, order } = curve;
  const secret = number(Buffer.from(d, 'base64url'));

  const signHash = (hash: Uint8Array): Uint8Array => {
    // The leftmost bits of the hash, as many as the order has.
    const z = number(hash.subarray(0, octets));
    for (;;) {
      const k = number(randomBytes(octets + 8)) % order;
      if (k === 0n) continue;
      const ecdh = createECDH(name);
      ecdh.setPrivateKey(fixed(k, octets));
      const r = number(ecdh.getPublicKey().subarray(1, 1 + octets)) % order;
      const s = (inverse(k, order) * ((z + r * secret) % order)) % order;
      if (r !== 0n && s !== 0n) return concat(fixed(r, octets), fixed(s, octets));
    }
  };
  return {
    type: 'ecdsa',
    signHash,
    signPadded: () => {
      throw new TypeError('an EC key signs hashes only');
    },
  };
}

function number(octets: Uint8Array): bigint {
  return BigInt(`0x${toHex(octets) || '0'}`);
}

function fixed(value: bigint, octets: number): Uint8Array {
  return fromHex(value.toString(16).padStart(octets * 2, '0'));
}

/** By the extended Euclidean algorithm; `modulus` is prime. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1] = [modulus, value % modulus];
  let [t0, t1] = [0n, 1n];
  while (r1 > 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return ((t0 % modulus) + modulus) % modulus;
}
