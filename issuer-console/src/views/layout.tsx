import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import { Form } from './form.tsx';
import { LANGUAGES } from './language.ts';
import type { Messages } from './messages.ts';
import type { View } from './view.ts';

export interface LayoutProps {
  readonly view: View;
  readonly assets: string;
  readonly title: string;
  /** Set where the page has live parts: where they come from. */
  readonly live?: string | undefined;
  /** A script that makes a part of the page work. */
  readonly island?: 'passkey' | undefined;
  readonly now: number;
  /** Of this page, where it is one that can be asked for. */
  readonly path?: string;
  readonly children: Child;
}

const TITLES: Readonly<Record<string, (text: Messages) => string>> = {
  '/': (text) => text.title,
  '/gates': (text) => text.holdings.title,
  '/keys': (text) => text.keyPages.title,
  '/rules': (text) => text.rules.title,
  '/events': (text) => text.events.title,
  '/payments': (text) => text.payments,
  '/vendors': (text) => text.account.vendors.title,
  '/operators': (text) => text.account.operators.title,
  '/api-keys': (text) => text.account.apiKeys.title,
  '/webhooks': (text) => text.webhooks.title,
  '/audit': (text) => text.account.audit.title,
};

const LANGUAGE_NAMES = { ja: '日本語', en: 'English' } as const;

export const Layout = ({
  view,
  assets,
  title,
  live,
  island,
  now,
  path = '/',
  children,
}: LayoutProps) => {
  const { text, format } = view;
  return (
    <>
      {raw('<!DOCTYPE html>')}
      <html lang={format.language}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{`${title} – pinless-gate`}</title>
          <link rel="icon" href={`${assets}/icon.svg`} type="image/svg+xml" />
          <link rel="stylesheet" href={`${assets}/fonts/index.css`} />
          <link rel="stylesheet" href={`${assets}/tokens.css`} />
          <link rel="stylesheet" href={`${assets}/console.css`} />
          {live !== undefined && <script src={`${assets}/live.js`} defer />}
          {island && <script src={`${assets}/webauthn.js`} defer />}
          {island && <script src={`${assets}/${island}.js`} defer />}
        </head>
        <body>
          <a class="skip" href="#main">
            {text.skip}
          </a>
          <header class="bar">
            <p class="brand">
              <a href={`/?lang=${format.language}`}>
                <img src={`${assets}/icon.svg`} width="28" height="28" alt="" />
                <span class="brand-name">pinless-gate</span>
                <span class="brand-room">{text.product}</span>
              </a>
            </p>
            <Pages view={view} path={path} />
            {live !== undefined && <LiveState view={view} source={live} />}
            <nav aria-label={text.languages} class="languages">
              {LANGUAGES.map((language) => (
                <a
                  href={`${path}?lang=${language}`}
                  lang={language}
                  hreflang={language}
                  aria-current={language === format.language ? 'true' : undefined}
                >
                  {LANGUAGE_NAMES[language]}
                </a>
              ))}
            </nav>
            <SignedIn view={view} path={path} />
          </header>
          <main id="main">{children}</main>
          <footer>
            <p>{text.zone(format.zone(now))}</p>
          </footer>
        </body>
      </html>
    </>
  );
};

/** Those that whoever looks may see. */
const Pages = ({ view: { text, format, viewer }, path }: { view: View; path: string }) => {
  const pages = viewer?.pages ?? [];
  if (pages.length === 0) return null;
  return (
    <nav aria-label={text.pages} class="pages">
      {pages.map((to) => (
        <a href={`${to}?lang=${format.language}`} aria-current={currentOf(to, path)}>
          {TITLES[to]?.(text)}
        </a>
      ))}
    </nav>
  );
};

/** A page below one of these is a part of it. */
function currentOf(to: string, path: string): 'page' | 'true' | undefined {
  if (to === path) return 'page';
  return path.startsWith(`${to}/`) ? 'true' : undefined;
}

const SignedIn = ({ view, path }: { view: View; path: string }) => {
  const { viewer, text, format } = view;
  if (!viewer) return null;
  return (
    <div class="signed-in">
      <a
        href={`/account?lang=${format.language}`}
        aria-current={path === '/account' ? 'page' : undefined}
      >
        {viewer.name}
      </a>
      <Form view={view} action="/sign-out" class="inline">
        <button type="submit" class="plain">
          {text.account.signOut}
        </button>
      </Form>
    </div>
  );
};

/** Says "not live" until the island has connected: true without JavaScript as well. */
const LiveState = ({ view: { text, format }, source }: { view: View; source: string }) => (
  <p class="live" id="live" data-state="still" data-source={`${source}?lang=${format.language}`}>
    <span class="live-mark" aria-hidden="true" />
    <span data-when="still">{text.still}</span>
    <span data-when="live">{text.live}</span>
    <span data-when="reconnecting">{text.reconnecting}</span>
  </p>
);
