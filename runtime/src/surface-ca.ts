import { createPublicKey } from 'node:crypto';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { isJpkiKeyId } from '@pinless-gate/protocol/cvc/jpki';
import type { SurfaceCa } from '@pinless-gate/protocol/kazashi/surface';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import { z } from 'zod';
import { ConfigError } from './config.ts';

const schema = z.strictObject({ keyId: z.string(), publicKeyPem: z.string() });
/** 6000023 and its like: key ids of the test hierarchy begin so. */
const TEST_DIGIT = 0x36;

/**
 * The pinned CA above the keys that sign surface records: `{"keyId": 32 hex digits, "publicKeyPem": …}`. `where` names
 * file and key in messages.
 */
export function surfaceCa(json: Uint8Array, where: string): SurfaceCa {
  const fail = (why: string, cause?: unknown) =>
    new ConfigError('ERR_CONFIG_FILE', `${where}: ${why}`, { cause });
  try {
    const { keyId: hex, publicKeyPem } = schema.parse(JSON.parse(Buffer.from(json).toString()));
    const spki = createPublicKey(publicKeyPem).export({ format: 'der', type: 'spki' });
    const keyId = fromHex(hex);
    const publicKey = readPublicKey(new Uint8Array(spki));
    if (!isJpkiKeyId(keyId)) throw fail('keyId is no key id of 16 octets');
    if (keyId[0] === TEST_DIGIT) throw fail('a CA of the test hierarchy');
    if (publicKey.kind !== 'rsa' || publicKey.bits !== 2048) throw fail('not an RSA-2048 key');
    return { keyId, publicKey };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof ConfigError) throw error;
    throw fail('cannot be used', error);
  }
}
