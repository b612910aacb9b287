import { equal } from '../bytes.ts';
import { FormatError } from '../errors.ts';
import { type DerElement, DerReader, readBitString, readSequence, SEQUENCE } from './der.ts';
import { type GeneralName, readGeneralNames } from './general-name.ts';
import { type Attribute, type Name, readRdn, sameName } from './name.ts';

/** Where a list is to be found: full names, or attributes to be put after the issuer's name. */
export type DistributionPointName =
  | { readonly kind: 'full'; readonly names: readonly GeneralName[] }
  | { readonly kind: 'relative'; readonly rdn: readonly Attribute[] };

export interface DistributionPoint {
  readonly name: DistributionPointName | undefined;
  /** Only some reasons are covered there. */
  readonly partial: boolean;
  /** Another CRL issuer than the CA. */
  readonly crlIssuer: readonly GeneralName[] | undefined;
}

/** Each is a list of names: thousands of them would take as long as thousands of certificates. */
const MAX_POINTS = 128;

/** cRLDistributionPoints (RFC 5280 4.2.1.13). */
export function readDistributionPoints(value: Uint8Array): DistributionPoint[] {
  const what = 'distribution points';
  const points = readSequence(value, what).rest(what, 1);
  if (points.length > MAX_POINTS) {
    throw new FormatError('ERR_DER_NAME', `${what}: over ${MAX_POINTS}`);
  }
  return points.map(readDistributionPoint);
}

function readDistributionPoint({ tag, value }: DerElement): DistributionPoint {
  const what = 'distribution point';
  if (tag !== SEQUENCE) throw new FormatError('ERR_DER_TAG', `${what} is not a sequence`);
  const reader = new DerReader(value);
  const name = reader.optional(0xa0, what);
  const reasons = reader.optional(0x81, what);
  const issuer = reader.optional(0xa2, what);
  reader.end(what);
  if (name === undefined && issuer === undefined) {
    throw new FormatError('ERR_DER_EMPTY', `${what}: neither name nor issuer`);
  }
  if (reasons !== undefined) readBitString(reasons, what);
  return {
    name: name && readDistributionPointName(name),
    partial: reasons !== undefined,
    crlIssuer: issuer && readGeneralNames(issuer, what),
  };
}

/** The content of the explicit tag around DistributionPointName. */
export function readDistributionPointName(value: Uint8Array): DistributionPointName {
  const what = 'distribution point name';
  const reader = new DerReader(value);
  const { tag, value: content } = reader.next(what);
  reader.end(what);
  if (tag === 0xa0) return { kind: 'full', names: readGeneralNames(content, what) };
  if (tag === 0xa1) return { kind: 'relative', rdn: readRdn(content, what) };
  throw new FormatError('ERR_DER_TAG', `${what} has tag ${tag.toString(16)}`);
}

/** Whether two points have a name in common (RFC 5280 6.3.3 b 2 i), both below the same issuer. */
export function samePoint(
  a: DistributionPointName,
  b: DistributionPointName,
  issuer: Name,
): boolean {
  const names = fullNames(b, issuer);
  return fullNames(a, issuer).some((one) => names.some((other) => sameGeneralName(one, other)));
}

function fullNames(point: DistributionPointName, issuer: Name): readonly GeneralName[] {
  if (point.kind === 'full') return point.names;
  const name: Name = { rdns: [...issuer.rdns, point.rdn], encoded: new Uint8Array(0) };
  return [{ kind: 'directory', name }];
}

export function sameGeneralName(a: GeneralName, b: GeneralName): boolean {
  if (a.kind === 'directory') return b.kind === 'directory' && sameName(a.name, b.name);
  if (a.kind === 'ip') return b.kind === 'ip' && equal(a.octets, b.octets);
  return 'text' in a && 'text' in b && a.kind === b.kind && a.text === b.text;
}
