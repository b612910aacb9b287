import { Hono } from 'hono';
import { z } from 'zod';
import type { Begun, SignIn } from '../../domain/sign-in.ts';
import { CodePage, SignInPage } from '../../views/sign-in.tsx';
import { half, known, open, sessionOn, type VisitorEnv } from '../access.ts';
import { jsonOf, MALFORMED, ProblemError } from '../problem.ts';
import type { SessionCookie } from '../visitor.ts';
import { fieldsOf, goTo, home, type PageDeps, refusedOf, viewOf } from './page.ts';

export interface SignInPagesDeps extends PageDeps {
  readonly signIn: SignIn;
  readonly cookie: SessionCookie;
  readonly canPasskey: boolean;
}

/** What a browser says of a passkey; its library reads the rest. */
export const BROWSER_ANSWER = z.looseObject({ id: z.string().max(2000) });

export const signInPages = (deps: SignInPagesDeps) => {
  const { signIn, cookie, views, assets, now, canPasskey } = deps;
  return new Hono<VisitorEnv>()
    .get('/sign-in', open, (c) =>
      c.html(
        <SignInPage
          view={viewOf(c, views)}
          assets={assets}
          now={now()}
          refused={refusedOf(c)}
          passkeys={canPasskey}
        />,
      ),
    )
    .post('/sign-in', open, async (c) => {
      const field = await fieldsOf(c);
      const given = { name: field('name'), password: field('password'), address: c.get('address') };
      const begun = await signIn.password(given);
      cookie.write(c, begun.token);
      return goTo(c, begun.half ? '/sign-in/code' : '/home');
    })
    .get('/sign-in/code', half, (c) =>
      c.html(
        <CodePage view={viewOf(c, views)} assets={assets} now={now()} refused={refusedOf(c)} />,
      ),
    )
    .post('/sign-in/code', half, async (c) => {
      const field = await fieldsOf(c);
      const given = { code: field('code'), address: c.get('address') };
      const begun = await signIn.code(sessionOn(c), given);
      cookie.write(c, begun.token);
      return goTo(c, '/home');
    })
    .post('/sign-in/passkey/options', open, async (c) => c.json(await signIn.passkeyOptions()))
    .post('/sign-in/passkey', open, async (c) => {
      const begun: Begun = await signIn.passkey(browserAnswer(await jsonOf(c)));
      cookie.write(c, begun.token);
      return c.json({ next: `/home?lang=${c.get('language')}` });
    })
    .get('/home', known, (c) => goTo(c, home(c)))
    .post('/sign-out', open, async (c) => {
      const session = c.get('session');
      if (session) await signIn.out(session);
      cookie.clear(c);
      c.header('clear-site-data', '"cache"');
      return goTo(c, '/sign-in');
    });
};

export function browserAnswer(value: unknown) {
  const answer = BROWSER_ANSWER.safeParse(value);
  if (answer.success) return answer.data;
  throw new ProblemError(MALFORMED);
}
