/** Crockford's base 32, for people who read and type: nothing in it is mistaken for something else. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const MAX_DIGITS = 64;

/** Five octets are eight digits: of a multiple of that. */
export function encodeBase32(octets: Uint8Array): string {
  if (octets.length % 5 !== 0) throw new RangeError('base 32 here is of a multiple of five octets');
  let value = 0n;
  for (const octet of octets) value = (value << 8n) | BigInt(octet);
  let digits = '';
  for (let shift = 8 * octets.length - 5; shift >= 0; shift -= 5) {
    digits += ALPHABET[Number((value >> BigInt(shift)) & 31n)];
  }
  return digits;
}

/** Undefined for what is no such text of at most 64 digits. */
export function decodeBase32(digits: string): Uint8Array | undefined {
  const length = (5 * digits.length) / 8;
  if (digits.length > MAX_DIGITS || !Number.isInteger(length)) return undefined;
  let value = 0n;
  for (const digit of digits) {
    const at = ALPHABET.indexOf(digit);
    if (at < 0) return undefined;
    value = (value << 5n) | BigInt(at);
  }
  return Uint8Array.from({ length }, (_, i) =>
    Number((value >> BigInt(8 * (length - 1 - i))) & 255n),
  );
}
