import { fromHex } from '@pinless-gate/protocol/bytes';
import { FormatError } from '@pinless-gate/protocol/errors';
import { decodeTlv, decodeTlvs } from '@pinless-gate/protocol/tlv';
import { readInputFile } from '@pinless-gate/runtime/input-file';

/** What a file of CV certificates may hold. */
export type CvcKind = 'jpki' | 'jpki-request' | 'certificate' | 'request' | 'authentication';

/** Far beyond any CV certificate, in hexadecimal with white space too. */
export const MAX_FILE_LENGTH = 64 * 1024;

export type CvcFile =
  | { readonly kind: CvcKind; readonly encoded: Uint8Array }
  | { readonly reason: 'unreadable' | 'too-long' | 'malformed' };

/** One object, as octets or in hexadecimal. */
export async function readCvcFile(path: string): Promise<CvcFile> {
  const input = await readInputFile(path, MAX_FILE_LENGTH);
  if ('reason' in input) return input;
  try {
    const encoded = cvcOctets(input.bytes);
    return { kind: kindOf(encoded), encoded };
  } catch (error) {
    if (error instanceof FormatError) return { reason: 'malformed' };
    throw error;
  }
}

/** No CV certificate is made of the characters of hexadecimal alone: the first octet is 7f or 67. */
export function cvcOctets(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  return /^[\s0-9a-fA-F]+$/.test(text) ? fromHex(text.replace(/\s/g, '')) : bytes;
}

/** By the tags alone. */
export function kindOf(encoded: Uint8Array): CvcKind {
  const { tag, value } = decodeTlv(encoded);
  if (tag === 0x67) return 'authentication';
  const body = tag === 0x7f21 ? decodeTlvs(value)[0] : undefined;
  // A certificate begins with a key id, which is digits; a request has none yet.
  if (body?.tag === 0x5f4e) return body.value[0] === 0x90 ? 'jpki-request' : 'jpki';
  if (body?.tag !== 0x7f4e) throw new FormatError('ERR_CVC_LAYOUT', 'no CV certificate');
  // Only a certificate says what its holder may do.
  return decodeTlvs(body.value).some((member) => member.tag === 0x7f4c) ? 'certificate' : 'request';
}
