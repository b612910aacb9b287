import { createHash } from 'node:crypto';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { CA_NAME, caContents, caKeys } from './authority.ts';
import * as x from './issue.ts';

/** A response of a delegated responder about user 0705d990, good on 2026-12-20, to change one thing at a time. */

export const responderKeys = x.rsaKeys();
export const RESPONDER_NAME = x.name(['2.5.4.6', 'JP'], ['2.5.4.3', 'OCSP']);
export const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
export const noCheck = x.extension('1.3.6.1.5.5.7.48.1.5', fromHex('0500'));
export const NONCE = new Uint8Array(32).fill(7);

export const responderContents: x.Contents = {
  ...caContents,
  serial: x.int('0900'),
  validity: x.seq(x.utcTime('261201000000Z'), x.utcTime('270101000000Z')),
  subject: RESPONDER_NAME,
  spki: responderKeys.spki,
  extensions: [x.keyUsage(0), x.extendedKeyUsage(OCSP_SIGNING), noCheck],
};
export const responder = (change: Partial<x.Contents> = {}, signer = caKeys): Uint8Array =>
  x.certificate({ ...responderContents, ...change }, signer);

export const time = x.generalizedTime;
const HASHES = { sha1: '300906052b0e03021a0500', sha256: '300d06096086480165030402010500' };

/** SHA-1 of the key's bits: what follows the header of its BIT STRING. */
export function keyHash({ privateKey }: x.KeyPair, hash = 'sha1'): Uint8Array {
  const { n } = privateKey.export({ format: 'jwk' });
  const modulus = Buffer.concat([Buffer.of(0), Buffer.from(n!, 'base64url')]);
  const bits = x.seq(encodeTlv(0x02, modulus), x.int('010001'));
  return createHash(hash).update(bits).digest();
}

export function certId(serial = '0705d990', hash: 'sha1' | 'sha256' = 'sha1', keys = caKeys) {
  const nameHash = createHash(hash).update(CA_NAME).digest();
  const algorithm = fromHex(HASHES[hash]);
  return x.seq(algorithm, x.octets(nameHash), x.octets(keyHash(keys, hash)), x.int(serial));
}

export const GOOD = encodeTlv(0x80);
export const UNKNOWN = encodeTlv(0x82);
export const revoked = (reason?: string) =>
  encodeTlv(
    0xa1,
    time('20261201000000Z'),
    ...(reason ? [encodeTlv(0xa0, encodeTlv(0x0a, fromHex(reason)))] : []),
  );
export const THIS_UPDATE = time('20261220083000Z');
export const nextUpdate = (text: string) => encodeTlv(0xa0, time(text));
export const NEXT_UPDATE = nextUpdate('20261220210000Z');

export const single = (
  status: Uint8Array = GOOD,
  { id = certId(), dates = [THIS_UPDATE, NEXT_UPDATE], extensions = [] as Uint8Array[] } = {},
) =>
  x.seq(
    id,
    status,
    ...dates,
    ...(extensions.length ? [encodeTlv(0xa1, x.seq(...extensions))] : []),
  );

export const nonce = (value: Uint8Array, critical = false) =>
  x.extension('1.3.6.1.5.5.7.48.1.2', x.octets(value), critical);
export const byName = (name = RESPONDER_NAME) => encodeTlv(0xa1, name);
export const byKey = (keys = responderKeys) => encodeTlv(0xa2, x.octets(keyHash(keys)));

export interface ResponseContents {
  readonly version?: Uint8Array;
  readonly responder: Uint8Array;
  readonly producedAt: Uint8Array;
  readonly singles: readonly Uint8Array[];
  readonly extensions: readonly Uint8Array[] | null;
  readonly algorithm: Uint8Array;
  readonly certificates: readonly Uint8Array[] | null;
  readonly signer: x.KeyPair;
}

export const normal: ResponseContents = {
  responder: byName(),
  producedAt: time('20261220085500Z'),
  singles: [single()],
  extensions: [nonce(NONCE)],
  algorithm: x.SHA256_RSA,
  certificates: [responder()],
  signer: responderKeys,
};

export function basic(change: Partial<ResponseContents> = {}): Uint8Array {
  const { version, responder: id, producedAt, singles, ...rest } = { ...normal, ...change };
  const tbs = x.seq(
    ...(version ? [encodeTlv(0xa0, version)] : []),
    id,
    producedAt,
    x.seq(...singles),
    ...(rest.extensions ? [encodeTlv(0xa1, x.seq(...rest.extensions))] : []),
  );
  const signature = x.bits(x.signatureOf(tbs, rest.signer));
  const certificates = rest.certificates ? [encodeTlv(0xa0, x.seq(...rest.certificates))] : [];
  return x.seq(tbs, rest.algorithm, signature, ...certificates);
}

const BASIC = '1.3.6.1.5.5.7.48.1.1';
export const wrap = (content: Uint8Array, type = BASIC, status = '00') =>
  x.seq(encodeTlv(0x0a, fromHex(status)), encodeTlv(0xa0, x.seq(x.oid(type), x.octets(content))));
export const response = (change: Partial<ResponseContents> = {}): Uint8Array => wrap(basic(change));
export const failure = (status: string) => x.seq(encodeTlv(0x0a, fromHex(status)));
