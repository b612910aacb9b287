import { isIP } from 'node:net';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Passkeys } from '../domain/credential.ts';

const NAME = 'pinless-gate';

/**
 * Passkeys of one origin. The RP ID is its host name: a passkey made under another name is of no use here,
 * so that changing the origin later means new passkeys.
 */
export function passkeysOf(origin: URL): Passkeys {
  const rpID = origin.hostname;
  const expected = { expectedOrigin: origin.origin, expectedRPID: rpID };
  return {
    registrationOptions: async ({ id, name }, known) => {
      const options = await generateRegistrationOptions({
        rpName: NAME,
        rpID,
        userID: new Uint8Array(Buffer.from(id, 'hex')),
        userName: name,
        attestationType: 'none',
        excludeCredentials: known.map((one) => ({ id: base64url(one) })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      return { options, challenge: options.challenge };
    },

    register: (answer, isChallenge) =>
      proven(async () => {
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response: answer as unknown as RegistrationResponseJSON,
          expectedChallenge: isChallenge,
          requireUserVerification: true,
          ...expected,
        });
        if (!verified) return undefined;
        const { id, publicKey, counter } = registrationInfo.credential;
        const credentialId = new Uint8Array(Buffer.from(id, 'base64url'));
        return { credentialId, publicKey: new Uint8Array(publicKey), counter };
      }),

    signInOptions: async () => {
      const options = await generateAuthenticationOptions({ rpID, userVerification: 'required' });
      return { options, challenge: options.challenge };
    },

    credentialIdOf: ({ id }) =>
      typeof id === 'string' && /^[A-Za-z0-9_-]{1,1400}$/.test(id)
        ? new Uint8Array(Buffer.from(id, 'base64url'))
        : undefined,

    verify: (answer, { credentialId, publicKey, counter }, isChallenge) =>
      proven(async () => {
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response: answer as unknown as AuthenticationResponseJSON,
          expectedChallenge: isChallenge,
          credential: {
            id: base64url(credentialId),
            publicKey: new Uint8Array(publicKey),
            counter,
          },
          requireUserVerification: true,
          ...expected,
        });
        return verified ? authenticationInfo.newCounter : undefined;
      }),
  };
}

/** Browsers have passkeys for names over https, and for `localhost`; never for an address. */
export function mayHavePasskeys({ protocol, hostname }: URL): boolean {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return false;
  return protocol === 'https:' || hostname === 'localhost';
}

/** The library throws plain errors at whatever a browser sent that is not right: all of them prove nothing. */
async function proven<T>(verify: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) return undefined;
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url');
}
