import { fromBase64 } from './bytes.ts';
import { SEQUENCE } from './certificate/der.ts';
import { FormatError } from './errors.ts';

/**
 * The DER in a file: all PEM blocks (RFC 7468) of this label, text around them left aside, or the file itself
 * where it is DER. What is neither comes back as it is, for the reader of DER to refuse.
 */
export function derBlocks(bytes: Uint8Array, label: string): Uint8Array[] {
  if (bytes[0] === SEQUENCE) return [bytes];
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const blocks: Uint8Array[] = [];
  for (let at = file.indexOf(begin); at >= 0; ) {
    const stop = file.indexOf(end, at);
    const block = stop < 0 ? undefined : decode(file.toString('latin1', at + begin.length, stop));
    if (!block) return [bytes];
    blocks.push(block);
    at = file.indexOf(begin, stop);
  }
  return blocks.length > 0 ? blocks : [bytes];
}

/** As `derBlocks`, of a file that is to hold one: with several it comes back as it is. */
export function derOf(bytes: Uint8Array, label: string): Uint8Array {
  const [block, ...more] = derBlocks(bytes, label);
  return block && more.length === 0 ? block : bytes;
}

function decode(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text.replace(/\s/g, ''));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
