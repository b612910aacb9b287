import { FormatError } from '../errors.ts';
import { checkWellFormed, type DerElement, DerReader, OID, readOid } from './der.ts';
import { type Name, readName } from './name.ts';

/** GeneralName (RFC 5280 4.2.1.6), as far as something here depends on it. */
export type GeneralName =
  | { readonly kind: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly name: Name }
  | { readonly kind: 'other'; readonly tag: number };

const MAX_NAMES = 128;
const TEXT_KINDS: Readonly<Record<number, 'email' | 'dns' | 'uri'>> = {
  129: 'email',
  130: 'dns',
  134: 'uri',
};
const TAG_DIRECTORY = 0xa4;
const TAG_IP = 0x87;
const TAG_OTHER_NAME = 0xa0;
const TAG_REGISTERED_ID = 0x88;
/** x400Address, ediPartyName. */
const FOREIGN_TAGS: readonly number[] = [0xa3, 0xa5];

export function readGeneralName({ tag, value }: DerElement, what: string): GeneralName {
  const kind = TEXT_KINDS[tag];
  if (kind) {
    if (value.some((octet) => octet > 0x7f)) {
      throw new FormatError('ERR_DER_STRING', `${what}: characters outside IA5String`);
    }
    return { kind, text: Buffer.from(value).toString('latin1') };
  }
  if (tag === TAG_DIRECTORY) return { kind: 'directory', name: readName(value, what) };
  if (tag === TAG_IP) return { kind: 'ip', octets: value };
  if (tag === TAG_REGISTERED_ID) readOid(value, what);
  else if (tag === TAG_OTHER_NAME) checkOtherName(value, what);
  else if (FOREIGN_TAGS.includes(tag)) checkWellFormed(value, what);
  else throw new FormatError('ERR_DER_TAG', `${what}: no general name has tag ${tag.toString(16)}`);
  return { kind: 'other', tag };
}

/** RFC 5280 4.2.1.6: an address of IPv4 or IPv6. In name constraints a mask follows it. */
export const isAddress = (octets: Uint8Array): boolean =>
  octets.length === 4 || octets.length === 16;

/** A type and, tagged explicitly, one value of it. */
function checkOtherName(value: Uint8Array, what: string): void {
  const reader = new DerReader(value);
  readOid(reader.value(OID, what), what);
  const content = reader.value(0xa0, what);
  reader.end(what);
  checkWellFormed(content, what);
  if (new DerReader(content).rest(what, 1).length > 1) {
    throw new FormatError('ERR_DER_TRAILING', `${what}: two values`);
  }
}

/** The content of GeneralNames: at least one. */
export function readGeneralNames(value: Uint8Array, what: string): GeneralName[] {
  const elements = new DerReader(value).rest(what, 1);
  if (elements.length > MAX_NAMES) {
    throw new FormatError('ERR_DER_NAME', `${what}: over ${MAX_NAMES} names`);
  }
  return elements.map((element) => readGeneralName(element, what));
}
