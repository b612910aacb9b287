import { type TrustAnchor, trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import {
  authorityKeyId,
  basicConstraints,
  type Contents,
  certificate,
  int,
  type KeyPair,
  keyId,
  keyUsage,
  name,
  policies,
  rsaKeys,
  SHA256_RSA,
  seq,
  subjectKeyId,
  utcTime,
  v3,
} from './issue.ts';

/** A CA and a user like those of JPKI, to change one thing at a time. */

export const AT = Date.UTC(2026, 11, 20, 9, 0, 0);
export const AUTHENTICATION = '1.2.392.200149.8.5.1.3.30';

export const CA_NAME = name(
  ['2.5.4.6', 'JP'],
  ['2.5.4.10', 'JPKI'],
  ['2.5.4.11', 'JPKI for user authentication'],
  ['2.5.4.11', 'Japan Agency for Local Authority Information Systems'],
);
export const USER_NAME = name(['2.5.4.6', 'JP'], ['2.5.4.3', '997794E9AGCIEG13221003A0']);

export const caKeys: KeyPair = rsaKeys();
export const userKeys: KeyPair = rsaKeys();

export const caContents: Contents = {
  version: v3,
  serial: int('06d18006'),
  algorithm: SHA256_RSA,
  issuer: CA_NAME,
  validity: seq(utcTime('230716000000Z'), utcTime('330715235959Z')),
  subject: CA_NAME,
  spki: caKeys.spki,
  extensions: [basicConstraints(true), keyUsage(5, 6), subjectKeyId(keyId(caKeys))],
};

export const userContents: Contents = {
  version: v3,
  serial: int('0705d990'),
  algorithm: SHA256_RSA,
  issuer: CA_NAME,
  validity: seq(utcTime('251027120000Z'), utcTime('300217145959Z')),
  subject: USER_NAME,
  spki: userKeys.spki,
  extensions: [keyUsage(0), policies(AUTHENTICATION), authorityKeyId(keyId(caKeys))],
};

export const ca = (change: Partial<Contents> = {}, signer = caKeys): Uint8Array =>
  certificate({ ...caContents, ...change }, signer);

export const user = (change: Partial<Contents> = {}, signer = caKeys): Uint8Array =>
  certificate({ ...userContents, ...change }, signer);

/** The user's extensions with one more, or with another in the place of the one of that index. */
export const withExtension = (
  extension: Uint8Array,
  instead = userContents.extensions!.length,
) => ({
  extensions: userContents.extensions!.toSpliced(instead, 1, extension),
});

export const anchors: readonly TrustAnchor[] = trustAnchors([ca()]);
