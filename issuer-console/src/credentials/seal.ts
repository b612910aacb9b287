import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '@pinless-gate/runtime/config';
import type { Seal } from '../domain/credential.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** Nonce, AES-256-GCM, tag. What it is bound to is authenticated: a row moved to somebody else does not open. */
export function sealWith(key: Uint8Array): Seal {
  return {
    seal: (secret, boundTo) => {
      const nonce = randomBytes(NONCE_LENGTH);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(boundTo));
      const parts = [nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()];
      return new Uint8Array(Buffer.concat(parts));
    },
    open: (sealed, boundTo) => {
      if (sealed.length <= NONCE_LENGTH + TAG_LENGTH) return undefined;
      const end = sealed.length - TAG_LENGTH;
      const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_LENGTH))
        .setAAD(Buffer.from(boundTo))
        .setAuthTag(sealed.subarray(end));
      const secret = decipher.update(sealed.subarray(NONCE_LENGTH, end));
      try {
        return new Uint8Array(Buffer.concat([secret, decipher.final()]));
      } catch {
        // Node's one answer to a tag that does not fit.
        return undefined;
      }
    },
  };
}

/** A file with 64 hex digits and nothing else: `openssl rand -hex 32`. */
export async function readSeal(path: string): Promise<Seal> {
  const text = (await readFile(path, 'utf8')).trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return sealWith(Buffer.from(text, 'hex'));
  throw new ConfigError('ERR_ACCOUNTS_SEAL_KEY', `${path}: does not hold 64 hexadecimal digits`, {
    hint: `make one: openssl rand -hex 32 > ${path}`,
  });
}
