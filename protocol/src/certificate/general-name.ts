import { FormatError } from '../errors.ts';
import { type DerElement, DerReader } from './der.ts';
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
/** otherName, x400Address, ediPartyName, registeredID. */
const OTHER_TAGS: readonly number[] = [0xa0, 0xa3, 0xa5, 0x88];

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
  if (OTHER_TAGS.includes(tag)) return { kind: 'other', tag };
  throw new FormatError('ERR_DER_TAG', `${what}: no general name has tag ${tag.toString(16)}`);
}

/** The content of GeneralNames: at least one. */
export function readGeneralNames(value: Uint8Array, what: string): GeneralName[] {
  const elements = new DerReader(value).rest(what, 1);
  if (elements.length > MAX_NAMES) {
    throw new FormatError('ERR_DER_NAME', `${what}: over ${MAX_NAMES} names`);
  }
  return elements.map((element) => readGeneralName(element, what));
}
