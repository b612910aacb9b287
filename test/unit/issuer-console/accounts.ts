import { randomBytes } from 'node:crypto';
import type { Origin } from '@pinless-gate/issuer-console/domain/audit';
import type { Passwords } from '@pinless-gate/issuer-console/domain/credential';
import type { Role } from '@pinless-gate/issuer-console/domain/permission';
import { formTokenOf, hashSessionToken } from '@pinless-gate/issuer-console/domain/session';
import type { RequestRates } from '@pinless-gate/issuer-console/routes/request-rates';
import type { Stores } from '@pinless-gate/issuer-console/store/stores';

/** Long before and after what tests call now: sessions made here do not end by age. */
const EARLY = 0;
const LATE = Date.parse('2100-01-01');
export const TEST_ORIGIN: Origin = { by: { kind: 'command', id: 'test' }, at: EARLY };

const MANY = { burst: 1_000_000, everyMs: 1 };
export const NO_RATES: RequestRates = {
  address: MANY,
  actor: MANY,
  upload: MANY,
  visitor: MANY,
  visitors: MANY,
  applying: MANY,
};

/** For tests that are about something else: real ones take their time on purpose. */
export const plainPasswords: Passwords = {
  hash: async (password) => `plain ${password}`,
  verify: async (hash, password) => hash === `plain ${password}`,
};

export const PASSWORD = 'correct horse battery';

export interface SignedIn {
  readonly id: string;
  readonly cookie: string;
  /** What makes a request of this session come from its own page. */
  readonly formToken: string;
}

export interface NewAccount {
  readonly name: string;
  readonly role: Role;
  readonly vendorId?: string;
}

/** An operator with a password of their own and a session. */
export async function signedIn(
  stores: Stores,
  { name, role, vendorId }: NewAccount,
): Promise<SignedIn> {
  const id = randomBytes(16).toString('hex');
  const passwordHash = await plainPasswords.hash(PASSWORD);
  const operator = { id, name, role, vendorId, passwordHash, passwordUntil: LATE };
  await stores.operators.add(operator, TEST_ORIGIN);
  await stores.credentials.setPassword(id, passwordHash, TEST_ORIGIN);
  const token = randomBytes(32).toString('base64url');
  const session = {
    hash: hashSessionToken(token),
    operatorId: id,
    half: false,
    beganAt: LATE,
    expiresAt: LATE,
  };
  await stores.sessions.begin(session, 'test', TEST_ORIGIN);
  return { id, cookie: `session=${token}`, formToken: formTokenOf(token) };
}

export async function newVendor(stores: Stores, name: string): Promise<string> {
  const id = randomBytes(16).toString('hex');
  await stores.vendors.add({ id, name }, TEST_ORIGIN);
  return id;
}

/** Signs in as a browser does with a password that was given out, and sets another; a session's cookie. */
export async function firstSignIn(url: string, name: string, password: string): Promise<string> {
  const post = (path: string, fields: Record<string, string>, cookie = '') =>
    fetch(new URL(path, url), {
      method: 'POST',
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin', cookie },
      body: new URLSearchParams(fields),
    });
  const first = cookieOf(await post('/sign-in', { name, password }));
  const token = formTokenOf(first.slice('session='.length));
  const change = { current: password, next: PASSWORD, 'form-token': token };
  return cookieOf(await post('/account/password', change, first));
}

/** What an answer sets, as a request sends it. */
export function cookieOf(response: Response): string {
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  if (cookie === undefined) throw new Error(`no cookie: ${response.status} ${response.url}`);
  return cookie;
}
