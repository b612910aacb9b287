import { readFile } from 'node:fs/promises';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { type CvAnchor, cvAnchor, type JpkiCvcAnchor } from '@pinless-gate/protocol/cvc/chain';
import { decodeJpkiCvc, isJpkiKeyId } from '@pinless-gate/protocol/cvc/jpki';
import { decodeCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { GateError } from '@pinless-gate/protocol/errors';
import { derOf } from '@pinless-gate/protocol/pem';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import { z } from 'zod';
import { readCvcFile } from './cvc-file.ts';

export interface CvcAnchors {
  readonly jpki: readonly JpkiCvcAnchor[];
  readonly tr03110: readonly CvAnchor[];
}

/** Of either layout. Throws a `GateError` that names the file that cannot be an anchor. */
export async function readCvcAnchors(paths: readonly string[]): Promise<CvcAnchors> {
  const jpki: JpkiCvcAnchor[] = [];
  const tr03110: CvAnchor[] = [];
  for (const path of paths) {
    const anchor = await named(path, () => readAnchor(path));
    if ('holderReference' in anchor) tr03110.push(anchor);
    else jpki.push(anchor);
  }
  return { jpki, tr03110 };
}

async function readAnchor(path: string): Promise<JpkiCvcAnchor | CvAnchor> {
  const file = await readCvcFile(path);
  if ('reason' in file) {
    if (file.reason === 'too-long') throw notAnAnchor();
    return parseJson(await readFile(path, 'utf8'));
  }
  if (file.kind === 'certificate') return cvAnchor(decodeCvCertificate(file.encoded));
  if (file.kind !== 'jpki') throw new GateError('ERR_CVC_ANCHOR', 'a request is no anchor');
  const { subjectKeyId, publicKey } = decodeJpkiCvc(file.encoded);
  return { keyId: subjectKeyId, publicKey };
}

const jsonAnchor = z.object({
  keyId: z
    .string()
    .regex(/^[0-9a-fA-F]{32}$/)
    .transform(fromHex)
    .refine(isJpkiKeyId, 'not a key id of JPKI'),
  publicKeyPem: z.string(),
});

/** `{keyId, publicKeyPem}`: the key that cards hold in EF 0016. */
function parseJson(text: string): JpkiCvcAnchor {
  const result = jsonAnchor.safeParse(fromJson(text));
  if (!result.success) throw notAnAnchor();
  const publicKey = readPublicKey(derOf(Buffer.from(result.data.publicKeyPem), 'PUBLIC KEY'));
  if (publicKey.kind !== 'rsa') {
    throw new GateError('ERR_CVC_ANCHOR', 'the keys of this layout are RSA keys');
  }
  return { keyId: result.data.keyId, publicKey };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw notAnAnchor();
  }
}

function notAnAnchor(): GateError {
  return new GateError('ERR_CVC_ANCHOR', 'neither a CV certificate nor {keyId, publicKeyPem}');
}

async function named<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof GateError)) throw cause;
    throw new GateError(cause.code, `--anchor ${path}: ${cause.message}`, { cause });
  }
}
