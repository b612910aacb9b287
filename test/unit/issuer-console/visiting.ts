import { randomBytes } from 'node:crypto';
import { RefusedError } from '@pinless-gate/issuer-console/domain/refusal';
import type {
  ProvenCard,
  StatementSubject,
  Statements,
} from '@pinless-gate/issuer-console/domain/visitor-desk';
import type { TestConsole } from './fixture.ts';

export const ORIGIN = 'http://localhost';

/** A request of somebody without an account. */
export function visit(
  { app }: TestConsole,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return Promise.resolve(
    app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  );
}

export const answerOf = async (response: Response) =>
  [response.status, (await response.json()) as Record<string, unknown>] as const;

/** Of a request of `plainStatements`. */
export function readRequest(request: string): StatementSubject & { nonce: string } {
  return JSON.parse(Buffer.from(request, 'base64url').toString());
}

/** What `plainStatements` takes for a card's statement. */
export const stated = (request: string, proven: ProvenCard | { readonly refuse: string }) => ({
  request,
  proven,
});

/** Statements that prove themselves: for tests that are about what comes after. */
export const plainStatements: Statements = {
  request: async (subject, times) =>
    Buffer.from(JSON.stringify({ ...subject, ...times, nonce: randomBytes(8).toString('hex') })),
  verify: async (request, statement) => {
    const given = statement as ReturnType<typeof stated>;
    if (given.request !== Buffer.from(request).toString('base64url'))
      throw refusal('ERR_STATEMENT_REQUEST');
    if ('refuse' in given.proven) throw refusal(given.proven.refuse);
    return given.proven;
  },
};

const refusal = (code: string) => new RefusedError('invalid', code as never, 'for a test');
