import type { Child } from 'hono/jsx';
import { type StaffLanguage, WORDS } from './words.ts';

interface ShellProps {
  readonly language: StaffLanguage;
  readonly title?: string;
  readonly children: Child;
}

export const Shell = ({ language, title, children }: ShellProps) => (
  <html lang={language}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{title ? `${title} · ${WORDS[language].page}` : WORDS[language].page}</title>
      <link rel="icon" href="data:," />
      {['tokens.css', 'font.css', 'staff.css'].map((name) => (
        <link rel="stylesheet" href={`/staff/assets/${name}`} />
      ))}
    </head>
    <body>{children}</body>
  </html>
);

export interface SignInProps {
  readonly language: StaffLanguage;
  readonly problem?: string | undefined;
}

export const SignInPage = ({ language, problem }: SignInProps) => {
  const words = WORDS[language];
  return (
    <Shell language={language}>
      <main>
        <h1>{words.page}</h1>
        {problem && <p role="alert">{problem}</p>}
        <form method="post" action="/staff/sign-in">
          <label>
            {words.operator}
            <input name="operator" autocomplete="username" autocapitalize="none" required />
          </label>
          <label>
            {words.pin}
            <input name="pin" type="password" autocomplete="current-password" required />
          </label>
          <button type="submit">{words.signIn}</button>
        </form>
        <Languages language={language} />
      </main>
    </Shell>
  );
};

export const Languages = ({ language }: { language: StaffLanguage }) => {
  const other = language === 'ja' ? 'en' : 'ja';
  return (
    <a href={`/staff?lang=${other}`} lang={other} hreflang={other}>
      {WORDS[language].other}
    </a>
  );
};
