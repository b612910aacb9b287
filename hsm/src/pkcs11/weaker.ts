import pkcs11js from 'pkcs11js';
import type { KeyInfo } from '../key-store.ts';
import type { Connection } from './connection.ts';

/** Promises that this module does not let us keep, a line each. */
export function weakerPromises(connection: Connection, keys: readonly KeyInfo[]): string[] {
  const loose = keys.filter((key) => key.kind && isLoose(key)).map(({ label }) => label);
  return [
    ...loose.map(
      (label) =>
        `key "${label}" may leave wrapped under any key: this module does not hold it to trusted ones`,
    ),
    ...(takesWrappedKeys(connection)
      ? []
      : [
          'this module takes no wrapped keys: an event key has to be made in this token, and its list built with it',
        ]),
  ];
}

function takesWrappedKeys({ lib, slot }: Connection): boolean {
  const { CKF_UNWRAP, CKM_RSA_PKCS_OAEP } = pkcs11js;
  if (!lib.C_GetMechanismList(slot).includes(CKM_RSA_PKCS_OAEP)) return false;
  return (lib.C_GetMechanismInfo(slot, CKM_RSA_PKCS_OAEP).flags & CKF_UNWRAP) !== 0;
}

/** May leave under any key. */
export function isLoose({ extractable, wrapWithTrusted }: KeyInfo): boolean {
  return extractable && !wrapWithTrusted;
}
