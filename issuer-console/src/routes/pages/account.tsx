import { Hono } from 'hono';
import { z } from 'zod';
import type { Account } from '../../domain/account.ts';
import type { SecondFactor } from '../../domain/session.ts';
import { AccountPage, ShownOncePage, TotpPage } from '../../views/account.tsx';
import { qrSvg } from '../../views/barcode.ts';
import { allow, sessionOn, type VisitorEnv } from '../access.ts';
import { jsonOf, MALFORMED, ProblemError } from '../problem.ts';
import type { SessionCookie } from '../visitor.ts';
import { fieldsOf, goTo, type PageDeps, refusedOf, viewOf } from './page.ts';
import { browserAnswer } from './sign-in.tsx';

export interface AccountPagesDeps extends PageDeps {
  readonly account: Account;
  readonly cookie: SessionCookie;
  readonly secondFactor: SecondFactor;
  readonly canTotp: boolean;
  readonly canPasskey: boolean;
}

const own = allow('account.own');
const NAMED_ANSWER = z.object({ name: z.string().catch(''), answer: z.unknown() });

export const accountPages = (deps: AccountPagesDeps) => {
  const { account, cookie, views, assets, now, secondFactor, canTotp, canPasskey } = deps;
  const app = new Hono<VisitorEnv>()
    .get('/account', own, async (c) => {
      const session = sessionOn(c);
      const [passkeys, recoveryCodesLeft] = await Promise.all([
        account.passkeys(session),
        account.recoveryCodesLeft(session),
      ]);
      const { operator } = session;
      const held = { operator, passkeys, recoveryCodesLeft, secondFactor, canTotp, canPasskey };
      const page = { view: viewOf(c, views), assets, now: now(), refused: refusedOf(c) };
      return c.html(<AccountPage {...page} {...held} />);
    })
    .post('/account/password', own, async (c) => {
      const field = await fieldsOf(c);
      const given = { current: field('current'), next: field('next'), address: c.get('address') };
      cookie.write(c, (await account.changePassword(sessionOn(c), given)).token);
      return goTo(c, '/home');
    });
  app.route('/', totpPages(deps));
  app.route('/', passkeyRoutes(deps));
  return app;
};

const totpPages = ({ account, cookie, views, assets, now }: AccountPagesDeps) =>
  new Hono<VisitorEnv>()
    .post('/account/totp', own, (c) => {
      const { secret, address, pending } = account.offerTotp(sessionOn(c));
      const page = { view: viewOf(c, views), assets, now: now() };
      return c.html(<TotpPage {...page} secret={secret} qr={qrSvg(address)} pending={pending} />);
    })
    .post('/account/totp/confirm', own, async (c) => {
      const field = await fieldsOf(c);
      const given = { pending: field('pending'), code: field('code') };
      const { recoveryCodes, token } = await account.addTotp(sessionOn(c), given);
      cookie.write(c, token);
      // The forms of this page would carry the token of the session that just ended.
      const { viewer: _, ...view } = viewOf(c, views);
      const { codes, codesWhat } = view.text.account.totp;
      const page = { view, assets, now: now(), title: codes, what: codesWhat };
      return c.html(<ShownOncePage {...page} lines={recoveryCodes} path="/account" />);
    })
    .post('/account/totp/remove', own, async (c) => {
      const field = await fieldsOf(c);
      const given = { password: field('password'), address: c.get('address') };
      cookie.write(c, (await account.removeTotp(sessionOn(c), given)).token);
      return goTo(c, '/account');
    });

const passkeyRoutes = ({ account, cookie }: AccountPagesDeps) =>
  new Hono<VisitorEnv>()
    .post('/account/passkeys/options', own, async (c) =>
      c.json(await account.passkeyOptions(sessionOn(c))),
    )
    .post('/account/passkeys', own, async (c) => {
      const given = NAMED_ANSWER.safeParse(await jsonOf(c));
      if (!given.success) throw new ProblemError(MALFORMED);
      const { name, answer } = given.data;
      const begun = await account.addPasskey(sessionOn(c), name, browserAnswer(answer));
      cookie.write(c, begun.token);
      return c.json({ next: `/account?lang=${c.get('language')}` });
    })
    .post('/account/passkeys/remove', own, async (c) => {
      const field = await fieldsOf(c);
      await account.removePasskey(sessionOn(c), Buffer.from(field('id'), 'base64url'));
      return goTo(c, '/account');
    });
