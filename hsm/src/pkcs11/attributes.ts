import pkcs11js from 'pkcs11js';
import { kindOfLabel } from '../key-rules.ts';
import { type KeyInfo, MAC_LENGTH } from '../key-store.ts';
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
  const type = TYPES.get(ulong(read(CKA_KEY_TYPE)) ?? -1) ?? 'other';
  return {
    label,
    kind: kindOfLabel(label),
    id: read(CKA_ID)?.toString('hex') ?? '',
    type,
    bits: keyBits(type, read),
    sensitive: flag(pkcs11js.CKA_SENSITIVE),
    extractable: flag(pkcs11js.CKA_EXTRACTABLE, true),
    alwaysSensitive: flag(pkcs11js.CKA_ALWAYS_SENSITIVE),
    neverExtractable: flag(pkcs11js.CKA_NEVER_EXTRACTABLE),
    local: flag(pkcs11js.CKA_LOCAL),
    usage: USAGE.filter(([, attribute]) => flag(attribute)).map(([name]) => name),
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

/** Persistent, behind the login, unreadable, for signing alone. */
function guarded(label: string, id: Buffer): pkcs11js.Template {
  const off = USAGE.filter(([name]) => name !== 'sign');
  return [
    { type: CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: CKA_LABEL, value: label },
    { type: CKA_ID, value: id },
    { type: CKA_SIGN, value: true },
    ...off.map(([, type]) => ({ type, value: false })),
  ];
}

const OF_PUBLIC_KEYS = new Set([CKA_VERIFY, CKA_ENCRYPT, CKA_WRAP]);

export function secretKeyTemplate(label: string, id: Buffer): pkcs11js.Template {
  const attributes = guarded(label, id).filter(({ type }) => type !== CKA_SIGN_RECOVER);
  return [...attributes, { type: pkcs11js.CKA_VALUE_LEN, value: MAC_LENGTH }];
}

/** The attributes of a public key do not belong on a private one (PKCS#11 v2.40 4.9). */
export function privateKeyTemplate(label: string, id: Buffer): pkcs11js.Template {
  return guarded(label, id).filter(({ type }) => !OF_PUBLIC_KEYS.has(type));
}

export function publicKeyTemplate(label: string, id: Buffer): pkcs11js.Template {
  return [
    { type: CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: CKA_TOKEN, value: true },
    { type: CKA_LABEL, value: label },
    { type: CKA_ID, value: id },
    { type: CKA_VERIFY, value: true },
    { type: CKA_ENCRYPT, value: false },
    { type: CKA_WRAP, value: false },
  ];
}

export const RSA_2048: pkcs11js.Template = [
  { type: pkcs11js.CKA_MODULUS_BITS, value: 2048 },
  { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
];

export const EC_P256: pkcs11js.Template = [{ type: pkcs11js.CKA_EC_PARAMS, value: P256_PARAMS }];
