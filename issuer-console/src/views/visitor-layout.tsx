import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import { LANGUAGES } from './language.ts';
import type { View } from './view.ts';

/** What every page for people without an account is given. */
export interface VisitorPage {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  /** What forms of this page carry. */
  readonly formToken: string;
  readonly refused?: string | undefined;
}

interface VisitorLayoutProps extends VisitorPage {
  readonly title: string;
  readonly path: string;
  /** Of a page that answers a form: the other language is asked for with the same fields, so that nothing is lost. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly live?: boolean;
  /** A script that makes a part of the page work. */
  readonly island?: 'code-link' | undefined;
  readonly children: Child;
}

const LANGUAGE_NAMES = { ja: '日本語', en: 'English' } as const;

/** Plain: nobody is signed in, and nothing here leads to where one would. */
export const VisitorLayout = (props: VisitorLayoutProps) => {
  const { view, assets, title, now, live = false, island, children } = props;
  const { text, format } = view;
  return (
    <>
      {raw('<!DOCTYPE html>')}
      <html lang={format.language}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light" />
          <meta name="robots" content="noindex" />
          <title>{title}</title>
          <link rel="icon" href={`${assets}/icon.svg`} type="image/svg+xml" />
          <link rel="stylesheet" href={`${assets}/fonts/index.css`} />
          <link rel="stylesheet" href={`${assets}/tokens.css`} />
          <link rel="stylesheet" href={`${assets}/console.css`} />
          <link rel="stylesheet" href={`${assets}/visitor.css`} />
          {live && <script src={`${assets}/standing.js`} defer />}
          {island && <script src={`${assets}/${island}.js`} defer />}
        </head>
        <body class="visitor">
          <a class="skip" href="#main">
            {text.skip}
          </a>
          <header class="bar">
            <p class="brand">
              <img src={`${assets}/icon.svg`} width="28" height="28" alt="" />{' '}
              <span class="brand-name">pinless-gate</span>
            </p>
            <Languages {...props} />
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

const Languages = ({ view: { text, format }, path, fields, formToken }: VisitorLayoutProps) => (
  <nav aria-label={text.languages} class="languages">
    {LANGUAGES.map((language) => {
      const current = language === format.language ? 'true' : undefined;
      if (!fields) {
        return (
          <a
            href={`${path}?lang=${language}`}
            lang={language}
            hreflang={language}
            aria-current={current}
          >
            {LANGUAGE_NAMES[language]}
          </a>
        );
      }
      return (
        <form method="post" action={`${path}?lang=${language}`} class="inline">
          <Hidden fields={{ ...fields, 'form-token': formToken }} />
          <button type="submit" class="plain" lang={language} aria-current={current}>
            {LANGUAGE_NAMES[language]}
          </button>
        </form>
      );
    })}
  </nav>
);

export const Hidden = ({ fields }: { fields: Readonly<Record<string, string>> }) => (
  <>
    {Object.entries(fields).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
  </>
);

interface VisitorFormProps extends Pick<VisitorPage, 'view' | 'formToken'> {
  readonly action: string;
  readonly class?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly children: Child;
}

export const VisitorForm = (props: VisitorFormProps) => {
  const { view, action, formToken, fields = {}, class: name = 'form', children } = props;
  return (
    <form method="post" action={`${action}?lang=${view.format.language}`} class={name}>
      <Hidden fields={{ ...fields, 'form-token': formToken }} />
      {children}
    </form>
  );
};
