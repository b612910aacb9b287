import { ByteReader, concat, EMPTY } from '../bytes.ts';
import { FormatError } from '../errors.ts';

/**
 * A command APDU (ISO/IEC 7816-4 5.1). `ne` is the number of response octets expected at most:
 * 0 for none, 256 for a short Le of 00, 65 536 for an extended Le of 0000.
 */
export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data?: Uint8Array;
  readonly ne?: number;
}

/** Encodes all four cases, extended only when the short form cannot carry Nc or Ne. */
export function encodeCommandApdu(command: CommandApdu): Uint8Array {
  const { cla, ins, p1, p2, data = EMPTY, ne = 0 } = command;
  const nc = data.length;
  if (nc > 0xffff || ne > 0x1_0000 || ne < 0) {
    throw new RangeError(`cannot encode Nc=${nc} Ne=${ne}`);
  }
  const extended = nc > 0xff || ne > 0x100;
  const lc = nc === 0 ? [] : extended ? [0x00, nc >> 8, nc & 0xff] : [nc];
  // An extended Le has its own 00 in front only when no Lc carried it already.
  const prefix = nc === 0 ? [0x00] : [];
  const le = ne === 0 ? [] : extended ? [...prefix, (ne >> 8) & 0xff, ne & 0xff] : [ne & 0xff];
  return concat(Uint8Array.of(cla, ins, p1, p2, ...lc), data, Uint8Array.from(le));
}

/** Strict: the octets must be exactly one command in the short or the extended form. */
export function decodeCommandApdu(bytes: Uint8Array): CommandApdu {
  const reader = new ByteReader(bytes);
  const [cla, ins, p1, p2] = reader.take(4, 'command header');
  const header = { cla: cla!, ins: ins!, p1: p1!, p2: p2! };
  const rest = reader.remaining;
  if (rest === 0) return header; // case 1
  const first = reader.uint8('Lc or Le');
  if (rest === 1) return { ...header, ne: first || 0x100 }; // case 2 short
  if (first !== 0) {
    const data = reader.take(first, 'command data');
    if (reader.remaining === 0) return { ...header, data }; // case 3 short
    const ne = reader.uint8('Le') || 0x100;
    reader.end('command');
    return { ...header, data, ne }; // case 4 short
  }
  const second = reader.uint16('extended Lc or Le');
  if (rest === 3) return { ...header, ne: second || 0x1_0000 }; // case 2 extended
  if (second === 0) throw new FormatError('ERR_APDU_LENGTH', 'extended Lc of zero');
  const data = reader.take(second, 'command data');
  if (reader.remaining === 0) return { ...header, data }; // case 3 extended
  const ne = reader.uint16('extended Le') || 0x1_0000;
  reader.end('command');
  return { ...header, data, ne }; // case 4 extended
}
