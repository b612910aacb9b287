import { createHash } from 'node:crypto';
import type { Author } from './audit.ts';
import type {
  BrowserAnswer,
  CredentialStore,
  Credentials,
  Passkeys,
  Passwords,
  Seal,
  TotpCodes,
} from './credential.ts';
import { signInName } from './operator.ts';
import { RefusedError } from './refusal.ts';
import {
  hashSessionToken,
  newSession,
  SESSION_TOKEN_LENGTH,
  type Session,
  type SessionStore,
} from './session.ts';
import type { SignInThrottle } from './throttle.ts';

/** A session just begun: the token goes to the browser, and is kept nowhere. */
export interface Begun {
  readonly token: string;
  readonly half: boolean;
}

export interface SignInDeps {
  readonly credentials: CredentialStore;
  readonly sessions: SessionStore;
  readonly passwords: Passwords;
  readonly totp: TotpCodes;
  /** Undefined where no key to seal with is configured: nobody has a code then. */
  readonly seal: Seal | undefined;
  /** Undefined where the console's address cannot have passkeys. */
  readonly passkeys: Passkeys | undefined;
  readonly throttle: SignInThrottle;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export interface SignIn {
  password(given: { name: string; password: string; address: string }): Promise<Begun>;
  /** A code of the authenticator, or a recovery code. */
  code(session: Session, given: { code: string; address: string }): Promise<Begun>;
  passkeyOptions(): Promise<object>;
  passkey(answer: BrowserAnswer): Promise<Begun>;
  out(session: Session): Promise<void>;
}

const CHALLENGE_MS = 5 * 60_000;

export function signIn(deps: SignInDeps): SignIn {
  const { credentials, sessions, now } = deps;
  return {
    password: (given) => byPassword(deps, given),
    code: (session, given) => byCode(deps, session, given),

    passkeyOptions: async () => {
      const { options, challenge } = await required(deps.passkeys).signInOptions();
      await offerChallenge(credentials, challenge, now());
      return options;
    },

    passkey: async (answer) => {
      const passkeys = required(deps.passkeys);
      const credentialId = passkeys.credentialIdOf(answer);
      const held = credentialId && (await credentials.passkey(credentialId));
      const found = held && (await credentials.byId(held.operatorId));
      if (!found) throw wrongPasskey();
      const isChallenge = takesChallenge(credentials, now());
      const counter = await passkeys.verify(answer, held, isChallenge);
      if (counter === undefined) throw wrongPasskey();
      await credentials.notePasskeyUse(held.credentialId, counter, now());
      // Whatever the password is: a passkey is two factors by itself.
      return begin(deps, { operatorId: held.operatorId, half: false }, 'passkey');
    },

    out: (session) => sessions.end(session.hash, { by: authorOf(session), at: now() }),
  };
}

async function byPassword(
  deps: SignInDeps,
  { name, password, address }: { name: string; password: string; address: string },
): Promise<Begun> {
  const { credentials, passwords, throttle, now } = deps;
  const known = signInName(name);
  const account = known ?? '';
  requireNoWait(throttle, account, address);
  const found = known === undefined ? undefined : await credentials.byName(known);
  const right = await passwords.verify(found?.passwordHash, password.normalize('NFC'));
  if (!found || !right || (found.passwordUntil ?? Number.POSITIVE_INFINITY) <= now()) {
    throttle.failed(account, address);
    throw new RefusedError(
      'forbidden',
      'ERR_SIGN_IN',
      'name and password do not fit, or the password was given out too long ago',
    );
  }
  const half = found.totp !== undefined;
  if (!half) throttle.succeeded(account, address);
  return begin(deps, { operatorId: found.operator.id, half }, half ? 'password-half' : 'password');
}

async function byCode(
  deps: SignInDeps,
  session: Session,
  { code, address }: { code: string; address: string },
): Promise<Begun> {
  const { credentials, throttle } = deps;
  const { id, name } = session.operator;
  requireNoWait(throttle, name, address);
  const found = await credentials.byId(id);
  const how = found && (await factorOf(deps, found, code));
  if (how === undefined) {
    throttle.failed(name, address);
    throw new RefusedError('forbidden', 'ERR_SIGN_IN_CODE', 'the code is not right, or was used');
  }
  throttle.succeeded(name, address);
  return begin(deps, { operatorId: id, half: false }, how, session.hash);
}

async function factorOf(
  { credentials, totp, seal, now }: SignInDeps,
  { operator: { id }, totp: sealed }: Credentials,
  text: string,
): Promise<'code' | 'recovery-code' | undefined> {
  const code = text.replaceAll(/[\s-]/g, '').toUpperCase();
  const secret = sealed && seal?.open(sealed, totpBinding(id));
  const step = secret && totp.stepOf(secret, code, now());
  if (step !== undefined) return (await credentials.takeStep(id, step)) ? 'code' : undefined;
  if (code.length !== RECOVERY_LENGTH) return undefined;
  const origin = { by: { kind: 'operator', id } as const, at: now() };
  const taken = await credentials.takeRecoveryCode(id, hashRecoveryCode(code), origin);
  return taken ? 'recovery-code' : undefined;
}

/** A new token for whoever just proved something: one that was planted before is of no use. */
export async function begin(
  { sessions, now, random }: Pick<SignInDeps, 'sessions' | 'now' | 'random'>,
  { operatorId, half }: { operatorId: string; half: boolean },
  how: string,
  instead?: Uint8Array,
): Promise<Begun> {
  const token = Buffer.from(random(SESSION_TOKEN_LENGTH)).toString('base64url');
  const at = now();
  const session = newSession({ hash: hashSessionToken(token), operatorId, half }, at);
  await sessions.begin(session, how, { by: { kind: 'operator', id: operatorId }, at }, instead);
  return { token, half };
}

export const authorOf = ({ operator }: Session): Author => ({ kind: 'operator', id: operator.id });

export const totpBinding = (operatorId: string) => `totp ${operatorId}`;

/** Without dashes. */
export const RECOVERY_LENGTH = 16;

/** 80 random bits need no slow hash. */
export function hashRecoveryCode(code: string): Uint8Array {
  const digits = code.replaceAll('-', '');
  return new Uint8Array(createHash('sha256').update(`recovery ${digits}`).digest());
}

export function requireNoWait(throttle: SignInThrottle, account: string, address: string): void {
  const waitS = throttle.waitS(account, address);
  if (waitS === 0) return;
  throw new RefusedError('wait', 'ERR_SIGN_IN_WAIT', `too many attempts: wait ${waitS} s`, waitS);
}

export function required(passkeys: Passkeys | undefined): Passkeys {
  if (passkeys) return passkeys;
  throw new RefusedError(
    'conflict',
    'ERR_PASSKEY_ORIGIN',
    'passkeys need a console with a name of its own over https',
  );
}

export function offerChallenge(
  credentials: CredentialStore,
  challenge: string,
  now: number,
): Promise<void> {
  return credentials.offerChallenge(hashChallenge(challenge), {
    now,
    expiresAt: now + CHALLENGE_MS,
  });
}

export const takesChallenge = (credentials: CredentialStore, now: number) => (challenge: string) =>
  credentials.takeChallenge(hashChallenge(challenge), now);

function hashChallenge(challenge: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(challenge).digest());
}

function wrongPasskey(): RefusedError {
  return new RefusedError('forbidden', 'ERR_SIGN_IN_PASSKEY', 'this passkey is not known here');
}
