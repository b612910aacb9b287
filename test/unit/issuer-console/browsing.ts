import { formTokenOf } from '@pinless-gate/issuer-console/domain/session';
import { cookieOf, type SignedIn } from './accounts.ts';
import type { TestConsole } from './fixture.ts';

export type Fields = Record<string, string>;

/** A form as the page of that session sends it. */
export function submit(
  { app }: TestConsole,
  path: string,
  fields: Fields,
  visitor?: Pick<SignedIn, 'cookie' | 'formToken'>,
): Promise<Response> {
  const token: Fields = visitor ? { 'form-token': visitor.formToken } : {};
  return Promise.resolve(
    app.request(path, {
      method: 'POST',
      headers: {
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        ...(visitor && { cookie: visitor.cookie }),
      },
      body: new URLSearchParams({ ...token, ...fields }).toString(),
    }),
  );
}

/** A request of the JSON API, of a session or with a key. */
export function ask(
  { app }: TestConsole,
  by: Pick<SignedIn, 'cookie' | 'formToken'> | { readonly key: string } | undefined,
  method: string,
  path: string,
  body?: object,
): Promise<Response> {
  const own: Record<string, string> =
    by === undefined
      ? {}
      : 'key' in by
        ? { authorization: `Bearer ${by.key}` }
        : { cookie: by.cookie, 'form-token': by.formToken };
  return Promise.resolve(
    app.request(path, {
      method,
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', ...own },
      ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
    }),
  );
}

/** Whoever an answer's cookie makes one. */
export function visitorOf(response: Response): Pick<SignedIn, 'cookie' | 'formToken'> {
  const cookie = cookieOf(response);
  return { cookie, formToken: formTokenOf(cookie.slice(cookie.indexOf('=') + 1)) };
}

export const whither = (response: Response) => [response.status, response.headers.get('location')];
