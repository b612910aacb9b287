import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { refuse } from './error.ts';

/** One guess costs 32 MiB and some 0.1 s: a PIN is short, and its hash lies on the gate's disk. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
const HASH = /^scrypt-32768-8-1\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;
const PIN = /^[\x21-\x7e]{6,64}$/;

/** A new salted hash. Throws ERR_STAFF_PIN on a PIN that is none. */
export async function hashPin(pin: string): Promise<string> {
  if (!PIN.test(pin)) {
    refuse('ERR_STAFF_PIN', 'a PIN has 6 to 64 characters', 'digits, letters and signs, no blanks');
  }
  const salt = randomBytes(16);
  const hash = await derive(pin, salt);
  return `scrypt-32768-8-1$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

export function isPinHash(text: string): boolean {
  return HASH.test(text);
}

/** Takes as long for a PIN that is right. */
export async function isPin(pin: string, hashed: string): Promise<boolean> {
  const [, salt, hash] = HASH.exec(hashed)!;
  const derived = await derive(pin, Buffer.from(salt!, 'base64url'));
  return timingSafeEqual(derived, Buffer.from(hash!, 'base64url'));
}

function derive(pin: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin, salt, 32, COST, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
