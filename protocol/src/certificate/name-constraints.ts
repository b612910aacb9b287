import { FormatError } from '../errors.ts';
import { type DerElement, DerReader, readSequence, SEQUENCE } from './der.ts';
import { type GeneralName, isAddress, readGeneralName } from './general-name.ts';
import { type Name, startsWithName } from './name.ts';
import { OID_EMAIL_ADDRESS } from './oid.ts';

/** Subtrees that a CA is held to (RFC 5280 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

const MAX_SUBTREES = 256;

export function readNameConstraints(value: Uint8Array): NameConstraints {
  const what = 'name constraints';
  const reader = readSequence(value, what);
  const permitted = reader.optional(0xa0, what);
  const excluded = reader.optional(0xa1, what);
  reader.end(what);
  if (permitted === undefined && excluded === undefined) {
    throw new FormatError('ERR_DER_EMPTY', `${what}: empty`);
  }
  return { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) };
}

function readSubtrees(value: Uint8Array | undefined): GeneralName[] {
  if (value === undefined) return [];
  const subtrees = new DerReader(value).rest('subtrees', 1);
  if (subtrees.length > MAX_SUBTREES) throw new FormatError('ERR_DER_NAME', 'too many subtrees');
  return subtrees.map(readSubtree);
}

/** minimum is 0, so left out in DER; maximum is absent (RFC 5280 4.2.1.10). */
function readSubtree({ tag, value }: DerElement): GeneralName {
  if (tag !== SEQUENCE) throw new FormatError('ERR_DER_TAG', 'subtree is not a sequence');
  const reader = new DerReader(value);
  const base = readGeneralName(reader.next('subtree'), 'subtree');
  reader.end('subtree');
  if (base.kind === 'ip' && !isNetwork(base.octets)) {
    throw new FormatError('ERR_DER_NAME', 'subtree: not a network');
  }
  if (base.kind === 'dns' && base.text.startsWith('.')) {
    throw new FormatError('ERR_DER_NAME', 'subtree: a DNS name begins with a dot');
  }
  return base;
}

/** Address and mask of IPv4 or IPv6; the mask is ones, then zeros. */
function isNetwork(octets: Uint8Array): boolean {
  if (octets.length !== 8 && octets.length !== 32) return false;
  const bits = [...octets.subarray(octets.length / 2)]
    .map((octet) => octet.toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits);
}

/** Whether every name of a certificate lies within the constraints. A form we cannot judge does not. */
export function withinConstraints(
  { permitted, excluded }: NameConstraints,
  subject: Name,
  alternatives: readonly GeneralName[],
): boolean {
  return namesOf(subject, alternatives).every((name) => {
    const allowed = permitted.filter((base) => sameForm(base, name));
    const forbidden = excluded.filter((base) => sameForm(base, name));
    if (allowed.length === 0 && forbidden.length === 0) return true;
    if (!isJudgeable(name)) return false;
    return (
      (allowed.length === 0 || allowed.some((base) => isWithin(name, base))) &&
      !forbidden.some((base) => isWithin(name, base))
    );
  });
}

/** The subject counts as a directory name, its emailAddress attributes as mailboxes. */
function namesOf(subject: Name, alternatives: readonly GeneralName[]): GeneralName[] {
  const mailboxes = subject.rdns
    .flat()
    .filter((attribute) => attribute.type === OID_EMAIL_ADDRESS)
    .map(({ text = '' }): GeneralName => ({ kind: 'email', text }));
  const directory: GeneralName[] =
    subject.rdns.length > 0 ? [{ kind: 'directory', name: subject }] : [];
  return [...directory, ...mailboxes, ...alternatives];
}

function sameForm(a: GeneralName, b: GeneralName): boolean {
  return a.kind === b.kind && (a.kind !== 'other' || b.kind !== 'other' || a.tag === b.tag);
}

function isJudgeable(name: GeneralName): boolean {
  switch (name.kind) {
    case 'directory':
      return true;
    case 'ip':
      return isAddress(name.octets);
    case 'dns':
      return isHost(name.text);
    case 'email':
      return /^[^@\s]+@[^@\s]+$/.test(name.text) && isHost(name.text.split('@')[1]!);
    case 'uri':
      return hostOf(name.text) !== undefined;
    case 'other':
      return false;
  }
}

const isHost = (text: string) => /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text);

/** Host of a URI; undefined where it has none or an address stands in its place. */
function hostOf(uri: string): string | undefined {
  const host = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@:]+)(?::\d*)?(?:[/?#]|$)/.exec(
    uri,
  )?.[1];
  return host !== undefined && isHost(host) && !/^[\d.]+$/.test(host) ? host : undefined;
}

function isWithin(name: GeneralName, base: GeneralName): boolean {
  if (name.kind === 'directory' && base.kind === 'directory') {
    return startsWithName(name.name, base.name);
  }
  if (name.kind === 'ip' && base.kind === 'ip') return inNetwork(name.octets, base.octets);
  if (name.kind === 'dns' && base.kind === 'dns') {
    const host = name.text.toLowerCase();
    const domain = base.text.toLowerCase();
    return domain === '' || host === domain || host.endsWith(`.${domain}`);
  }
  if (name.kind === 'email' && base.kind === 'email') {
    const [local, host] = name.text.split('@') as [string, string];
    if (!base.text.includes('@')) return hostMatches(host, base.text);
    const at = base.text.lastIndexOf('@');
    return local === base.text.slice(0, at) && hostMatches(host, base.text.slice(at + 1));
  }
  return name.kind === 'uri' && base.kind === 'uri' && hostMatches(hostOf(name.text)!, base.text);
}

/** A host stands for itself; with a dot in front for everything below it. */
function hostMatches(host: string, base: string): boolean {
  const lower = host.toLowerCase();
  const wanted = base.toLowerCase();
  return wanted.startsWith('.') ? lower.endsWith(wanted) : lower === wanted;
}

function inNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const half = network.length / 2;
  return (
    address.length === half &&
    address.every((octet, i) => ((octet ^ network[i]!) & network[half + i]!) === 0)
  );
}
