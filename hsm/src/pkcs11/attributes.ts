import pkcs11js from 'pkcs11js';
import { kindOfLabel } from '../key-rules.ts';
import { type KeyInfo, MAC_LENGTH, type MovableKind } from '../key-store.ts';
import { P256_PARAMS } from '../public-key.ts';
import { ckrOf } from './errors.ts';
import type { Cryptoki, Handle } from './module.ts';

const {
  CKA_CLASS,
  CKA_DECRYPT,
  CKA_DERIVE,
  CKA_ENCRYPT,
  CKA_ID,
  CKA_KEY_TYPE,
  CKA_LABEL,
  CKA_SIGN,
  CKA_SIGN_RECOVER,
  CKA_TOKEN,
  CKA_UNWRAP,
  CKA_VERIFY,
  CKA_WRAP,
} = pkcs11js;

const USAGE: readonly (readonly [string, number])[] = [
  ['sign', CKA_SIGN],
  ['verify', CKA_VERIFY],
  ['sign-recover', CKA_SIGN_RECOVER],
  ['encrypt', CKA_ENCRYPT],
  ['decrypt', CKA_DECRYPT],
  ['wrap', CKA_WRAP],
  ['unwrap', CKA_UNWRAP],
  ['derive', CKA_DERIVE],
];

const TYPES: ReadonlyMap<number, KeyInfo['type']> = new Map([
  [pkcs11js.CKK_RSA, 'rsa'],
  [pkcs11js.CKK_EC, 'ec'],
  [pkcs11js.CKK_GENERIC_SECRET, 'secret'],
  // What some modules make of a secret that is for HMAC-SHA-512 alone, a TPM for one.
  [pkcs11js.CKK_SHA512_HMAC, 'secret'],
]);

/** One attribute; `undefined` where the object has none or keeps it to itself. */
export function readAttribute(
  lib: Cryptoki,
  session: Handle,
  object: Handle,
  type: number,
): Buffer | undefined {
  try {
    return lib.C_GetAttributeValue(session, object, [{ type }])[0]?.value;
  } catch (error) {
    const ckr = ckrOf(error);
    const absent =
      ckr === pkcs11js.CKR_ATTRIBUTE_TYPE_INVALID || ckr === pkcs11js.CKR_ATTRIBUTE_SENSITIVE;
    if (absent) return undefined;
    throw error;
  }
}

/** The attributes of a public key do not belong on a private one (PKCS#11 v2.40 4.9). */
const OF_PUBLIC_KEYS = new Set([CKA_VERIFY, CKA_ENCRYPT, CKA_WRAP]);

/** CK_ULONG as the module's machine writes it. */
export function ulong(value: Buffer | undefined): number | undefined {
  if (!value || value.length === 0) return undefined;
  return value.length === 8 ? Number(value.readBigUInt64LE()) : value.readUIntLE(0, value.length);
}

/** What the token says of a private or secret key. */
export function describeKey(lib: Cryptoki, session: Handle, key: Handle): KeyInfo {
  const read = (type: number) => readAttribute(lib, session, key, type);
  // A flag that the module does not know counts as not set, except where that would look safer than it is.
  const flag = (type: number, absent = false) => {
    const value = read(type);
    return value === undefined || value.length === 0 ? absent : value[0] !== 0;
  };
  const label = read(CKA_LABEL)?.toString('utf8') ?? '';
  const isPrivate = ulong(read(CKA_CLASS)) === pkcs11js.CKO_PRIVATE_KEY;
  // Some modules answer for a private key what its public key may do.
  const applies = (attribute: number) => !(isPrivate && OF_PUBLIC_KEYS.has(attribute));
  const type = TYPES.get(ulong(read(CKA_KEY_TYPE)) ?? -1) ?? 'other';
  return {
    label,
    kind: kindOfLabel(label),
    id: read(CKA_ID)?.toString('hex') ?? '',
    type,
    bits: keyBits(type, read),
    sensitive: flag(pkcs11js.CKA_SENSITIVE),
    extractable: flag(pkcs11js.CKA_EXTRACTABLE, true),
    wrapWithTrusted: flag(pkcs11js.CKA_WRAP_WITH_TRUSTED),
    alwaysSensitive: flag(pkcs11js.CKA_ALWAYS_SENSITIVE),
    neverExtractable: flag(pkcs11js.CKA_NEVER_EXTRACTABLE),
    local: flag(pkcs11js.CKA_LOCAL),
    usage: USAGE.filter(([, attribute]) => applies(attribute) && flag(attribute)).map(
      ([name]) => name,
    ),
  };
}

function keyBits(type: KeyInfo['type'], read: (type: number) => Buffer | undefined): number {
  if (type === 'rsa') return bitLength(read(pkcs11js.CKA_MODULUS));
  if (type === 'secret') return (ulong(read(pkcs11js.CKA_VALUE_LEN)) ?? 0) * 8;
  if (type === 'ec') return read(pkcs11js.CKA_EC_PARAMS)?.equals(P256_PARAMS) ? 256 : 0;
  return 0;
}

function bitLength(modulus: Buffer | undefined): number {
  const first = modulus?.findIndex((octet) => octet !== 0) ?? -1;
  if (!modulus || first < 0) return 0;
  return (modulus.length - first) * 8 - Math.clz32(modulus[first]!) + 24;
}

/** How a key of ours is guarded. Left out: for signing, in the token, not to be moved. */
export interface Guard {
  readonly use?: 'sign' | 'unwrap';
  /** A session object is gone with its session. */
  readonly inToken?: boolean;
  /** `trusted`: leaves the token under trusted keys alone. */
  readonly transportable?: 'no' | 'trusted' | 'any';
}

/** Behind the login, unreadable, for one use alone. */
function guarded(
  label: string,
  id: Buffer,
  { use = 'sign', inToken = true, transportable = 'no' }: Guard,
): pkcs11js.Template {
  return [
    { type: CKA_TOKEN, value: inToken },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: transportable !== 'no' },
    // Not every module knows the attribute: it is named where it matters.
    ...(transportable === 'trusted' ? [{ type: pkcs11js.CKA_WRAP_WITH_TRUSTED, value: true }] : []),
    { type: CKA_LABEL, value: label },
    { type: CKA_ID, value: id },
    ...USAGE.map(([name, type]) => ({ type, value: name === use })),
  ];
}

function secretKey(label: string, id: Buffer, guard: Guard): pkcs11js.Template {
  return guarded(label, id, guard).filter(({ type }) => type !== CKA_SIGN_RECOVER);
}

export function secretKeyTemplate(label: string, id: Buffer, guard: Guard = {}): pkcs11js.Template {
  return [...secretKey(label, id, guard), { type: pkcs11js.CKA_VALUE_LEN, value: MAC_LENGTH }];
}

export function privateKeyTemplate(
  label: string,
  id: Buffer,
  guard: Guard = {},
): pkcs11js.Template {
  return guarded(label, id, guard).filter(({ type }) => !OF_PUBLIC_KEYS.has(type));
}

/** Of a key that arrives wrapped: what it is has to be said, how long it is must not (PKCS#11 v2.40 5.13). */
export function arrivingKeyTemplate(
  kind: MovableKind,
  label: string,
  id: Buffer,
  guard: Guard = {},
): pkcs11js.Template {
  const event = kind === 'event';
  return [
    { type: CKA_CLASS, value: event ? pkcs11js.CKO_SECRET_KEY : pkcs11js.CKO_PRIVATE_KEY },
    { type: CKA_KEY_TYPE, value: event ? pkcs11js.CKK_GENERIC_SECRET : pkcs11js.CKK_RSA },
    ...(event ? secretKey(label, id, guard) : privateKeyTemplate(label, id, guard)),
  ];
}

/**
 * `use` is that of the private key. CKA_VERIFY and CKA_ENCRYPT are left to the module: libtpm2-pkcs11 takes neither
 * from outside, and they give nobody anything.
 */
export function publicKeyTemplate(
  label: string,
  id: Buffer,
  { use = 'sign', inToken = true }: Guard = {},
): pkcs11js.Template {
  return [
    { type: CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: CKA_TOKEN, value: inToken },
    { type: CKA_LABEL, value: label },
    { type: CKA_ID, value: id },
    { type: CKA_WRAP, value: use === 'unwrap' },
  ];
}

export const rsaTemplate = (bits: number): pkcs11js.Template => [
  { type: pkcs11js.CKA_MODULUS_BITS, value: bits },
  { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
];

export const EC_P256: pkcs11js.Template = [{ type: pkcs11js.CKA_EC_PARAMS, value: P256_PARAMS }];
