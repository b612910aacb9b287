import { fromBase64 } from '@pinless-gate/protocol/bytes';

const SEQUENCE = 0x30;

/** The content of a file that is one PEM block (RFC 7468) with this label, or DER already. */
export function derOf(bytes: Uint8Array, label: string): Uint8Array {
  if (bytes[0] === SEQUENCE) return new Uint8Array(bytes);
  const block = new RegExp(
    `^\\s*-----BEGIN ${label}-----([\\sA-Za-z0-9+/=]+)-----END ${label}-----\\s*$`,
  );
  const match = block.exec(Buffer.from(bytes).toString('latin1'));
  return match ? fromBase64(match[1]!.replace(/\s/g, '')) : new Uint8Array(bytes);
}
