import type { KeyInfo } from '../key-store.ts';
import type { Connection } from './connection.ts';
import { offersWrapping } from './trial-existing.ts';

/** Promises that this module does not let us keep, a line each. */
export function weakerPromises(connection: Connection, keys: readonly KeyInfo[]): string[] {
  const loose = keys.filter((key) => key.kind && isLoose(key)).map(({ label }) => label);
  return [
    ...loose.map(
      (label) =>
        `key "${label}" may leave wrapped under any key: this module does not hold it to trusted ones`,
    ),
    ...(offersWrapping(connection, 'C_UnwrapKey')
      ? []
      : [
          'this module takes no wrapped keys: an event key has to be made in this token, and its list built with it',
        ]),
  ];
}

/** May leave under any key. */
export function isLoose({ extractable, wrapWithTrusted }: KeyInfo): boolean {
  return extractable && !wrapWithTrusted;
}
