import { compare, equal } from '../bytes.ts';
import { FormatError } from '../errors.ts';
import {
  BIT_STRING,
  DerReader,
  OID,
  readBitString,
  readOid,
  readSequence,
  SEQUENCE,
  SET,
} from './der.ts';

/** One attribute of a name. `text` is there for the string types of X.520 that RFC 5280 compares as text. */
export interface Attribute {
  readonly type: string;
  readonly text: string | undefined;
  /** The value with its header. */
  readonly encoded: Uint8Array;
}

/** A distinguished name: a sequence of sets of attributes. */
export interface Name {
  readonly rdns: readonly (readonly Attribute[])[];
  /** DER with its header. */
  readonly encoded: Uint8Array;
}

const UTF8_STRING = 0x0c;
const NUMERIC_STRING = 0x12;
const PRINTABLE_STRING = 0x13;
const TELETEX_STRING = 0x14;
const IA5_STRING = 0x16;
const UNIVERSAL_STRING = 0x1c;
const BMP_STRING = 0x1e;

const MAX_ATTRIBUTES = 64;
const MAX_NAME_LENGTH = 4096;

/** A name and nothing after it. */
export function readName(encoded: Uint8Array, what: string): Name {
  const rdns = readSequence(encoded, what)
    .rest(what)
    .map(({ tag, value }) => {
      if (tag !== SET) throw new FormatError('ERR_DER_TAG', `${what}: not a set of attributes`);
      return readRdn(value, what);
    });
  if (encoded.length > MAX_NAME_LENGTH || rdns.flat().length > MAX_ATTRIBUTES) {
    throw new FormatError('ERR_DER_NAME', `${what}: ${encoded.length} octets of name`);
  }
  return { rdns, encoded };
}

/** The content of a RelativeDistinguishedName: in the order of SET OF (X.690 11.6), none twice. */
export function readRdn(value: Uint8Array, what: string): Attribute[] {
  const members = new DerReader(value).rest(what, 1);
  for (let i = 1; i < members.length; i++) {
    if (compare(members[i - 1]!.encoded, members[i]!.encoded) >= 0) {
      throw new FormatError('ERR_DER_SET', `${what}: attributes out of order`);
    }
  }
  return members.map(({ tag, value: content }) => {
    if (tag !== SEQUENCE) throw new FormatError('ERR_DER_TAG', `${what}: not an attribute`);
    const attribute = new DerReader(content);
    const type = readOid(attribute.value(OID, what), what);
    const element = attribute.next(what);
    attribute.end(what);
    return { type, text: readText(element.tag, element.value, what), encoded: element.encoded };
  });
}

/** Text of the string types that RFC 5280 A.1 gives to attributes; undefined for TeletexString and BIT STRING, which are compared octet for octet. */
function readText(tag: number, value: Uint8Array, what: string): string | undefined {
  const wrong = () => new FormatError('ERR_DER_STRING', `${what}: characters outside their type`);
  const matching = (allowed: RegExp): string => {
    const text = Buffer.from(value).toString('latin1');
    if (!allowed.test(text)) throw wrong();
    return text;
  };
  switch (tag) {
    case PRINTABLE_STRING:
      return matching(/^[A-Za-z0-9 '()+,\-./:=?]+$/);
    case NUMERIC_STRING:
      return matching(/^[0-9 ]+$/);
    case IA5_STRING:
      return matching(/^[\0-\x7f]+$/);
    case UTF8_STRING: {
      const text = Buffer.from(value).toString('utf8');
      if (value.length === 0 || !equal(Buffer.from(text, 'utf8'), value)) throw wrong();
      return text;
    }
    case BMP_STRING:
      return readCodePoints(value, 2, wrong);
    case UNIVERSAL_STRING:
      return readCodePoints(value, 4, wrong);
    case TELETEX_STRING:
      return undefined;
    case BIT_STRING: // x500UniqueIdentifier, X.520 6.2.7
      readBitString(value, what);
      return undefined;
    default:
      throw new FormatError('ERR_DER_TAG', `${what}: an attribute is no string`);
  }
}

function readCodePoints(value: Uint8Array, width: 2 | 4, wrong: () => FormatError): string {
  if (value.length === 0 || value.length % width !== 0) throw wrong();
  let text = '';
  for (let i = 0; i < value.length; i += width) {
    let point = 0;
    for (const octet of value.subarray(i, i + width)) point = point * 0x100 + octet;
    if (point > 0x10_ffff || (point >= 0xd800 && point < 0xe000)) throw wrong();
    text += String.fromCodePoint(point);
  }
  return text;
}

/** RFC 5280 7.1: the same attributes in the same order, whatever string type, case and spacing. */
export function sameName(a: Name, b: Name): boolean {
  return a.rdns.length === b.rdns.length && startsWithName(a, b);
}

/** Whether the first attributes of `name` are those of `base`: a subtree of names (RFC 5280 7.1). */
export function startsWithName(name: Name, base: Name): boolean {
  return (
    base.rdns.length <= name.rdns.length && base.rdns.every((rdn, i) => sameRdn(rdn, name.rdns[i]!))
  );
}

function sameRdn(a: readonly Attribute[], b: readonly Attribute[]): boolean {
  const contains = (set: readonly Attribute[], one: Attribute) =>
    set.some((other) => sameAttribute(other, one));
  return a.length === b.length && a.every((x) => contains(b, x)) && b.every((x) => contains(a, x));
}

function sameAttribute(a: Attribute, b: Attribute): boolean {
  if (a.type !== b.type) return false;
  if (a.text === undefined || b.text === undefined) return equal(a.encoded, b.encoded);
  return prepare(a.text) === prepare(b.text);
}

/**
 * String preparation of RFC 4518 as RFC 5280 7.1 profiles it: control characters go, white space becomes
 * one space between words and none at the ends, case is folded, compatibility forms are composed.
 */
function prepare(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
      /\s|\u0085/u.test(character) ? ' ' : '',
    )
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .replaceAll('ß', 'ss')
    .replaceAll('ς', 'σ')
    .replace(/[\s\p{Z}]+/gu, ' ')
    .trim();
}
