import { Secret, TOTP } from 'otpauth';
import type { TotpCodes } from '../domain/credential.ts';

/** RFC 6238 with what every authenticator knows: SHA-1, six digits, thirty seconds. */
const PERIOD_S = 30;
const SECRET_LENGTH = 20;
/** A clock may be half a minute off to either side. */
const WINDOW = 1;
const ISSUER = 'pinless-gate';

export const totpCodes: TotpCodes = {
  newSecret: () => new Uint8Array(new Secret({ size: SECRET_LENGTH }).bytes),

  stepOf: (secret, code, now) => {
    if (!/^\d{6}$/.test(code)) return undefined;
    const delta = codesOf(secret).validate({ token: code, timestamp: now, window: WINDOW });
    return delta === null ? undefined : Math.floor(now / 1000 / PERIOD_S) + delta;
  },

  address: (secret, label) => codesOf(secret, label).toString(),

  format: (secret) =>
    keyOf(secret)
      .base32.match(/.{1,4}/g)!
      .join(' '),
};

function codesOf(secret: Uint8Array, label = ''): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label,
    secret: keyOf(secret),
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_S,
  });
}

function keyOf(secret: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(secret).buffer });
}
