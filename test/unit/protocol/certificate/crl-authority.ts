import { fromHex } from '@pinless-gate/protocol/bytes';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { CA_NAME, caKeys } from './authority.ts';
import * as x from './issue.ts';

/** A list like JPKI's, good on 2026-12-20, to change one thing at a time. */

export interface CrlContents {
  readonly version: Uint8Array | null;
  readonly algorithm: Uint8Array;
  readonly outerAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly dates: readonly Uint8Array[];
  readonly entries: readonly Uint8Array[] | null;
  readonly extensions: readonly Uint8Array[] | null;
}

export const date = x.utcTime('261201000000Z');
export const entry = (serial: string, ...extensions: readonly Uint8Array[]) =>
  x.seq(x.int(serial), date, ...(extensions.length ? [x.seq(...extensions)] : []));
export const reason = (code: string) => x.extension('2.5.29.21', encodeTlv(0x0a, fromHex(code)));
export const scope = (...members: readonly Uint8Array[]) =>
  x.extension('2.5.29.28', x.seq(...members), true);
export const flag = (tag: number) => encodeTlv(tag, Uint8Array.of(0xff));

export const normal: CrlContents = {
  version: x.int('01'),
  algorithm: x.SHA256_RSA,
  outerAlgorithm: x.SHA256_RSA,
  issuer: CA_NAME,
  dates: [x.utcTime('261220000000Z'), x.utcTime('261221000000Z')],
  entries: [entry('0705d98f'), entry('0705d991', reason('01'))],
  extensions: [x.authorityKeyId(x.keyId(caKeys)), x.extension('2.5.29.20', x.int('2a'))],
};

export function crl(change: Partial<CrlContents> = {}, signer = caKeys): Uint8Array {
  const { version, algorithm, issuer, dates, entries, extensions, outerAlgorithm } = {
    ...normal,
    ...change,
  };
  const tbs = x.seq(
    ...(version ? [version] : []),
    algorithm,
    issuer,
    ...dates,
    ...(entries ? [x.seq(...entries)] : []),
    ...(extensions ? [encodeTlv(0xa0, x.seq(...extensions))] : []),
  );
  return x.signed(tbs, outerAlgorithm, signer);
}
