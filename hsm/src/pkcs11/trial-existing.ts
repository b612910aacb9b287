import pkcs11js from 'pkcs11js';
import type { KeyInfo, KeyKind } from '../key-store.ts';
import type { Connection } from './connection.ts';
import { checkMac, checkSignature } from './selftest.ts';

// A module may make no session keys, as that of a TPM does not. What we need of it is then tried with the keys that are
// in the token, and nothing is made there for a trial: where there is no such key, nobody knows.

export const NO_SESSION_KEYS = 'this module makes no session keys';

/** A key of the token that shows whether something works. */
export interface ExistingKey {
  readonly kinds: readonly KeyKind[];
  /** As an attempt of a trial: a text says what is wrong. */
  readonly attempt: (
    connection: Connection,
    key: KeyInfo,
  ) => string | undefined | Promise<string | undefined>;
}

export const EXISTING = {
  event: { kinds: ['event'], attempt: (connection, { label }) => checkMac(connection, label) },
  institution: { kinds: ['institution'], attempt: checkSignature },
  signing: { kinds: ['publisher', 'device'], attempt: checkSignature },
} as const satisfies Readonly<Record<string, ExistingKey>>;

/** Without such a key, what the module says of itself is all there is. */
export type Otherwise = ExistingKey | { readonly wrapping: 'C_WrapKey' | 'C_UnwrapKey' };

/** As an attempt of a trial; `NO_SESSION_KEYS` where it cannot be tried. */
export async function tryOtherwise(
  connection: Connection,
  otherwise: Otherwise,
): Promise<string | undefined> {
  if ('wrapping' in otherwise) {
    const offered = offersWrapping(connection, otherwise.wrapping);
    return offered ? NO_SESSION_KEYS : `the module says that it has no ${otherwise.wrapping}`;
  }
  const key = connection.keys().find(({ kind }) => kind && otherwise.kinds.includes(kind));
  return key ? otherwise.attempt(connection, key) : NO_SESSION_KEYS;
}

/** Whether the module's own list has RSA-OAEP for it. */
export function offersWrapping(
  { lib, slot }: Connection,
  pkcs11Function: 'C_WrapKey' | 'C_UnwrapKey',
): boolean {
  const { CKF_UNWRAP, CKF_WRAP, CKM_RSA_PKCS_OAEP } = pkcs11js;
  if (!lib.C_GetMechanismList(slot).includes(CKM_RSA_PKCS_OAEP)) return false;
  const wanted = pkcs11Function === 'C_WrapKey' ? CKF_WRAP : CKF_UNWRAP;
  return (lib.C_GetMechanismInfo(slot, CKM_RSA_PKCS_OAEP).flags & wanted) !== 0;
}
