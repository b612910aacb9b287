import { Hono } from 'hono';
import type { Desks } from '../../desks.ts';
import { account } from '../../domain/account.ts';
import type { Overview } from '../../domain/overview.ts';
import type { SignInDeps } from '../../domain/sign-in.ts';
import { signIn } from '../../domain/sign-in.ts';
import { SignInThrottle } from '../../domain/throttle.ts';
import type { VisitorEnv } from '../access.ts';
import type { SessionCookie } from '../visitor.ts';
import { accountPages } from './account.tsx';
import { apiKeyPages } from './api-keys.tsx';
import { auditPages } from './audit.tsx';
import { boardPages } from './board.tsx';
import { operatorPages, vendorPages } from './directory.tsx';
import { eventPages } from './events.tsx';
import { gatePages } from './gates.tsx';
import { handoverLive } from './handover-live.tsx';
import { handoverListPages, handoverPages } from './handovers.tsx';
import { keyPages } from './keys.tsx';
import type { PageDeps } from './page.ts';
import { publicationPages } from './publications.tsx';
import { purchasePages } from './purchases.tsx';
import { salesPages } from './sales.tsx';
import { signInPages } from './sign-in.tsx';
import { webhookPages } from './webhooks.tsx';

export interface PagesDeps {
  readonly page: PageDeps;
  readonly cookie: SessionCookie;
  readonly read: () => Promise<Overview>;
  readonly desks: Desks;
}

/** Every page for people who sign in: a line each. */
export function pages({ page, cookie, read, desks }: PagesDeps): Hono<VisitorEnv> {
  const { now, accounts, enrolment, stores } = desks;
  const holdings = async () => {
    const [gates, keys] = await Promise.all([enrolment.records(), stores.keys.keys()]);
    return { now: now(), gates, keys };
  };
  const signInDeps: SignInDeps = { ...desks, ...accounts, throttle: new SignInThrottle(now) };
  const { secondFactor } = accounts;
  const own = {
    ...{ ...page, cookie, secondFactor },
    canPasskey: accounts.passkeys !== undefined,
    canTotp: accounts.seal !== undefined,
  };
  const shared = { ...page, ...desks };
  return new Hono<VisitorEnv>()
    .route('/', boardPages({ ...shared, read, holdings }))
    .route('/', gatePages({ ...shared, deliveries: stores.keys }))
    .route('/', keyPages(shared))
    .route('/', signInPages({ ...own, signIn: signIn(signInDeps) }))
    .route('/', accountPages({ ...own, account: account(signInDeps) }))
    .route('/', vendorPages(shared))
    .route('/', operatorPages(shared))
    .route('/', apiKeyPages({ ...shared, keysOffice: shared.keys }))
    .route('/', eventPages(shared))
    .route('/', publicationPages(shared))
    .route('/', purchasePages(shared))
    .route('/', handoverPages(shared))
    .route('/', handoverListPages(shared))
    .route('/', handoverLive(shared))
    .route('/', salesPages(shared))
    .route('/', webhookPages(shared))
    .route('/', auditPages(shared));
}
