import { FormatError } from '../errors.ts';

/**
 * References to keys (TR-03110 part 3, C.1): country code, holder mnemonic, sequence number; up to 16 characters
 * of ISO/IEC 8859-1.
 */

const MAX_REFERENCE_LENGTH = 16;

export function decodeReference(value: Uint8Array): string {
  const text = Buffer.from(value).toString('latin1');
  checkReference(text);
  return text;
}

export function encodeReference(text: string): Uint8Array {
  checkReference(text);
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

function checkReference(text: string): void {
  if (!/^[\x20-\x7e\xa1-\xff]+$/.test(text) || text.length > MAX_REFERENCE_LENGTH) {
    throw new FormatError('ERR_CVC_REFERENCE', `reference of ${text.length} characters`);
  }
}
