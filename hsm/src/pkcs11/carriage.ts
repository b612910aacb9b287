import { EMPTY } from '@pinless-gate/protocol/bytes';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import {
  type Carrier,
  mechanismName,
  type OaepHash,
  type TransportMechanism,
} from '@pinless-gate/protocol/transport-mechanism';
import pkcs11js from 'pkcs11js';
import { HsmError, type WrappedKey } from '../key-store.ts';
import { ckrOf } from './errors.ts';
import type { Cryptoki, Handle } from './module.ts';

// One key on its way, in terms of PKCS#11: the transport mechanisms with the attributes and parameters they need.
// Objects made here are session objects.

const { CKA_CLASS, CKA_DECRYPT, CKA_ENCRYPT, CKA_KEY_TYPE, CKA_PRIVATE, CKA_TOKEN } = pkcs11js;
const { CKA_UNWRAP, CKA_VALUE_LEN, CKA_WRAP, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD } = pkcs11js;
/** PKCS#11 v3.0 6.13.2; the binding has no name for it. */
const CKM_AES_KEY_WRAP_KWP = 0x210b;
const KEK_LENGTH = 32;
const MAX_WRAPPED = 4096;

const HASHES: Readonly<Record<OaepHash, readonly [hash: number, mgf: number]>> = {
  sha1: [pkcs11js.CKM_SHA_1, pkcs11js.CKG_MGF1_SHA1],
  sha256: [pkcs11js.CKM_SHA256, pkcs11js.CKG_MGF1_SHA256],
  sha384: [pkcs11js.CKM_SHA384, pkcs11js.CKG_MGF1_SHA384],
  sha512: [pkcs11js.CKM_SHA512, pkcs11js.CKG_MGF1_SHA512],
};
const CKZ_DATA_SPECIFIED = 1;

/** RFC 5649 stands under two names; under the older some modules do something else, which the key id shows at the gate. */
const CARRYING: Readonly<Record<Exclude<Carrier, 'direct'>, readonly number[]>> = {
  kwp: [CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD],
  kw: [CKM_AES_KEY_WRAP],
};

/** What a module says of a mechanism or a parameter that it does not have. */
const NOT_OFFERED = new Set([
  pkcs11js.CKR_MECHANISM_INVALID,
  pkcs11js.CKR_MECHANISM_PARAM_INVALID,
  pkcs11js.CKR_ARGUMENTS_BAD,
  pkcs11js.CKR_FUNCTION_NOT_SUPPORTED,
  pkcs11js.CKR_KEY_SIZE_RANGE,
  pkcs11js.CKR_KEY_TYPE_INCONSISTENT,
  pkcs11js.CKR_WRAPPING_KEY_SIZE_RANGE,
  pkcs11js.CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
  pkcs11js.CKR_UNWRAPPING_KEY_SIZE_RANGE,
  pkcs11js.CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
]);

export function isNotOffered(error: unknown): boolean {
  if (error instanceof HsmError) return error.code === 'ERR_HSM_MECHANISM';
  const ckr = ckrOf(error);
  return ckr !== undefined && NOT_OFFERED.has(ckr);
}

function oaep(hash: OaepHash): pkcs11js.Mechanism {
  const [hashAlg, mgf] = HASHES[hash];
  const type = pkcs11js.CK_PARAMS_RSA_OAEP;
  const source = CKZ_DATA_SPECIFIED;
  const parameter = { type, hashAlg, mgf, source, sourceData: null };
  return { mechanism: pkcs11js.CKM_RSA_PKCS_OAEP, parameter };
}

/** What keys are wrapped with for one gate: its transport key, and an AES key that nobody has used before. */
export interface WrappingKeys {
  readonly publicKey: Handle;
  /** Absent where the module makes no AES keys. */
  readonly kek?: Handle | undefined;
}

/** `trusted`: the security officer is logged in on this session, and marks both. */
export function makeWrappingKeys(
  lib: Cryptoki,
  session: Handle,
  transportKey: Uint8Array,
  trusted: boolean,
): WrappingKeys {
  const trust = trusted ? [{ type: pkcs11js.CKA_TRUSTED, value: true }] : [];
  const publicKey = lib.C_CreateObject(session, [...publicTemplate(transportKey), ...trust]);
  try {
    const kek = lib.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
      { type: CKA_TOKEN, value: false },
      // The officer handles public objects only (PKCS#11 v2.40 2.4): of this one that means visible, not readable.
      { type: CKA_PRIVATE, value: !trusted },
      { type: pkcs11js.CKA_SENSITIVE, value: true },
      { type: pkcs11js.CKA_EXTRACTABLE, value: true },
      { type: CKA_WRAP, value: true },
      { type: CKA_UNWRAP, value: false },
      { type: CKA_ENCRYPT, value: false },
      { type: CKA_DECRYPT, value: false },
      { type: CKA_VALUE_LEN, value: KEK_LENGTH },
      ...trust,
    ]);
    return { publicKey, kek };
  } catch (error) {
    if (isNotOffered(error)) return { publicKey };
    lib.C_DestroyObject(session, publicKey);
    throw error;
  }
}

function publicTemplate(transportKey: Uint8Array): pkcs11js.Template {
  const key = readPublicKey(transportKey);
  if (key.kind !== 'rsa') {
    throw new HsmError('ERR_HSM_KEY_TYPE', "the gate's transport key is not an RSA key");
  }
  return [
    { type: CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: CKA_KEY_TYPE, value: pkcs11js.CKK_RSA },
    { type: CKA_TOKEN, value: false },
    { type: CKA_PRIVATE, value: false },
    { type: CKA_WRAP, value: true },
    { type: CKA_ENCRYPT, value: false },
    { type: pkcs11js.CKA_VERIFY, value: false },
    { type: pkcs11js.CKA_MODULUS, value: Buffer.from(key.modulus) },
    { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from(key.exponent) },
  ];
}

export function destroyWrappingKeys(
  lib: Cryptoki,
  session: Handle,
  { publicKey, kek }: WrappingKeys,
): void {
  for (const object of kek ? [publicKey, kek] : [publicKey]) lib.C_DestroyObject(session, object);
}

/** Errors of the module come out as they are; `isNotOffered` tells those that another mechanism may not meet. */
export function wrapUnder(
  lib: Cryptoki,
  session: Handle,
  { publicKey, kek }: WrappingKeys,
  key: Handle,
  mechanism: TransportMechanism,
): WrappedKey {
  const { hash, carrier } = mechanism;
  const wrap = (by: pkcs11js.Mechanism, under: Handle, what: Handle) =>
    new Uint8Array(lib.C_WrapKey(session, by, under, what, Buffer.alloc(MAX_WRAPPED)));
  if (carrier === 'direct') {
    return { mechanism, wrappedKek: EMPTY, wrappedKey: wrap(oaep(hash), publicKey, key) };
  }
  if (!kek) throw notOffered(mechanism);
  const wrappedKek = wrap(oaep(hash), publicKey, kek);
  const wrappedKey = firstOffered(mechanism, CARRYING[carrier], (by) =>
    wrap({ mechanism: by }, kek, key),
  );
  return { mechanism, wrappedKek, wrappedKey };
}

/** `template` is the key's. Returns its handle. */
export function unwrapUnder(
  lib: Cryptoki,
  session: Handle,
  transport: Handle,
  { mechanism, wrappedKek, wrappedKey }: WrappedKey,
  template: pkcs11js.Template,
): Handle {
  const { hash, carrier } = mechanism;
  const unwrap = (
    by: pkcs11js.Mechanism,
    under: Handle,
    wrapped: Uint8Array,
    as: pkcs11js.Template,
  ) => lib.C_UnwrapKey(session, by, under, Buffer.from(wrapped), as);
  if (carrier === 'direct') return unwrap(oaep(hash), transport, wrappedKey, template);
  const kek = unwrap(oaep(hash), transport, wrappedKek, [
    { type: CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
    { type: CKA_TOKEN, value: false },
    { type: CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: CKA_UNWRAP, value: true },
    { type: CKA_WRAP, value: false },
    { type: CKA_ENCRYPT, value: false },
    { type: CKA_DECRYPT, value: false },
  ]);
  try {
    return firstOffered(mechanism, CARRYING[carrier], (by) =>
      unwrap({ mechanism: by }, kek, wrappedKey, template),
    );
  } finally {
    lib.C_DestroyObject(session, kek);
  }
}

function firstOffered<T>(
  mechanism: TransportMechanism,
  names: readonly number[],
  attempt: (name: number) => T,
): T {
  for (const name of names) {
    try {
      return attempt(name);
    } catch (error) {
      if (!isNotOffered(error)) throw error;
    }
  }
  throw notOffered(mechanism);
}

/** Not one of the module's own errors, but as good as one. */
function notOffered(mechanism: TransportMechanism): HsmError {
  return new HsmError('ERR_HSM_MECHANISM', `the module has no ${mechanismName(mechanism)}`);
}
