import { type BrowserAnswer, groupsOf, type Passkey, parsePassword } from './credential.ts';
import { RefusedError } from './refusal.ts';
import type { Session } from './session.ts';
import {
  authorOf,
  type Begun,
  begin,
  hashRecoveryCode,
  offerChallenge,
  RECOVERY_LENGTH,
  required,
  requireNoWait,
  type SignInDeps,
  takesChallenge,
  totpBinding,
} from './sign-in.ts';
import { parseTitle } from './vendor.ts';

/** What somebody does about their own account. */
export interface Account {
  changePassword(
    session: Session,
    given: { current: string; next: string; address: string },
  ): Promise<Begun>;
  /** Nothing is kept until `addTotp`: the secret waits sealed in the page. */
  offerTotp(session: Session): TotpOffer;
  addTotp(session: Session, given: { pending: string; code: string }): Promise<TotpAdded>;
  removeTotp(session: Session, given: { password: string; address: string }): Promise<Begun>;
  recoveryCodesLeft(session: Session): Promise<number>;
  passkeys(session: Session): Promise<Passkey[]>;
  passkeyOptions(session: Session): Promise<object>;
  addPasskey(session: Session, name: string, answer: BrowserAnswer): Promise<Begun>;
  removePasskey(session: Session, credentialId: Uint8Array): Promise<void>;
}

export interface TotpOffer {
  /** As it is typed into an authenticator. */
  readonly secret: string;
  /** `otpauth://` address, for a QR code. */
  readonly address: string;
  readonly pending: string;
}

export interface TotpAdded extends Begun {
  /** Shown once. */
  readonly recoveryCodes: readonly string[];
}

const RECOVERY_CODES = 10;
const MAX_PASSKEYS = 10;

export function account(deps: SignInDeps): Account {
  const { credentials, now } = deps;
  return {
    changePassword: async (session, { current, next, address }) => {
      await requirePassword(deps, session, current, address);
      const password = parsePassword(next);
      if (password === current.normalize('NFC')) throw samePassword();
      const hash = await deps.passwords.hash(password);
      await credentials.setPassword(session.operator.id, hash, originOf(deps, session));
      return renew(deps, session, 'password-changed');
    },

    ...totpMethods(deps),

    recoveryCodesLeft: ({ operator }) => credentials.recoveryCodesLeft(operator.id),
    passkeys: ({ operator }) => credentials.passkeys(operator.id),

    passkeyOptions: async ({ operator }) => {
      const known = await credentials.passkeys(operator.id);
      if (known.length >= MAX_PASSKEYS) throw tooMany();
      const ids = known.map(({ credentialId }) => credentialId);
      const passkeys = required(deps.passkeys);
      const { options, challenge } = await passkeys.registrationOptions(operator, ids);
      await offerChallenge(credentials, challenge, now());
      return options;
    },

    addPasskey: async (session, name, answer) => {
      const operatorId = session.operator.id;
      const title = parseTitle(name);
      const isChallenge = takesChallenge(credentials, now());
      const proven = await required(deps.passkeys).register(answer, isChallenge);
      if (!proven) {
        throw new RefusedError('invalid', 'ERR_PASSKEY', 'the browser made no passkey: try again');
      }
      if (await credentials.passkey(proven.credentialId)) throw knownPasskey();
      await credentials.addPasskey({ ...proven, operatorId, name: title }, originOf(deps, session));
      return renew(deps, session, 'passkey-added');
    },

    removePasskey: async (session, credentialId) => {
      const origin = originOf(deps, session);
      if (await credentials.removePasskey(session.operator.id, credentialId, origin)) return;
      throw new RefusedError('unknown', 'ERR_PASSKEY_UNKNOWN', 'there is no such passkey');
    },
  };
}

function totpMethods(deps: SignInDeps): Pick<Account, 'offerTotp' | 'addTotp' | 'removeTotp'> {
  const { credentials, totp, now } = deps;
  return {
    offerTotp: ({ operator }) => {
      const secret = totp.newSecret();
      const sealed = requireSeal(deps).seal(secret, pendingBinding(operator.id));
      return {
        secret: totp.format(secret),
        address: totp.address(secret, operator.name),
        pending: Buffer.from(sealed).toString('base64url'),
      };
    },

    addTotp: async (session, { pending, code }) => {
      const { id } = session.operator;
      const seal = requireSeal(deps);
      const secret = seal.open(Buffer.from(pending, 'base64url'), pendingBinding(id));
      const step = secret && totp.stepOf(secret, code.replaceAll(/\s/g, ''), now());
      if (!secret || step === undefined) {
        throw new RefusedError('invalid', 'ERR_TOTP_CODE', 'this is not the code shown just now');
      }
      const recoveryCodes = Array.from({ length: RECOVERY_CODES }, () =>
        groupsOf(deps.random(RECOVERY_LENGTH)),
      );
      const sealed = seal.seal(secret, totpBinding(id));
      const recoveryHashes = recoveryCodes.map(hashRecoveryCode);
      await credentials.setTotp(id, { sealed, step, recoveryHashes }, originOf(deps, session));
      return { recoveryCodes, ...(await renew(deps, session, 'totp-added')) };
    },

    removeTotp: async (session, { password, address }) => {
      await requirePassword(deps, session, password, address);
      await credentials.setTotp(session.operator.id, undefined, originOf(deps, session));
      return renew(deps, session, 'totp-removed');
    },
  };
}

/** Whoever sits at an unlocked screen has the session, not the password. */
async function requirePassword(
  { credentials, passwords, throttle }: SignInDeps,
  { operator: { id, name } }: Session,
  password: string,
  address: string,
): Promise<void> {
  requireNoWait(throttle, name, address);
  const found = await credentials.byId(id);
  if (await passwords.verify(found?.passwordHash, password.normalize('NFC'))) return;
  throttle.failed(name, address);
  throw new RefusedError('forbidden', 'ERR_PASSWORD', 'this is not your password');
}

/** What an account is worth has changed: a new token here, and no session anywhere else. */
async function renew(deps: SignInDeps, session: Session, how: string): Promise<Begun> {
  await deps.sessions.endOthers(session.operator.id, session.hash, originOf(deps, session));
  return begin(deps, { operatorId: session.operator.id, half: false }, how, session.hash);
}

const originOf = ({ now }: SignInDeps, session: Session) => ({ by: authorOf(session), at: now() });
const pendingBinding = (operatorId: string) => `totp pending ${operatorId}`;

function requireSeal({ seal }: SignInDeps) {
  if (seal) return seal;
  throw new RefusedError(
    'conflict',
    'ERR_TOTP_SEAL',
    'this console has no key to seal the secret of an authenticator with',
  );
}

const samePassword = () =>
  new RefusedError('invalid', 'ERR_PASSWORD_SAME', 'this is the password that you have');
const tooMany = () =>
  new RefusedError('conflict', 'ERR_PASSKEY_COUNT', `at most ${MAX_PASSKEYS} passkeys`);
const knownPasskey = () =>
  new RefusedError('conflict', 'ERR_PASSKEY_KNOWN', 'this passkey is registered already');
