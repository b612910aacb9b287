import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { RefusedError } from '@pinless-gate/issuer-console/domain/refusal';
import type {
  ProvenCard,
  StatementSubject,
  Statements,
} from '@pinless-gate/issuer-console/domain/visitor-desk';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  formatCardStatement,
  parseCardStatement,
  type StatementMethod,
  statementMessage,
} from '@pinless-gate/protocol/card-statement';
import {
  decodeStatementRequest,
  encodeStatementRequest,
} from '@pinless-gate/protocol/statement-request';
import { holderCertificate, type TestCa } from '../whitelist-builder/fixture.ts';
import { CONSOLE_ID, type TestConsole } from './fixture.ts';

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

export function readRequest(request: string): StatementSubject & { readonly expiresAt: number } {
  const {
    subjectId: subject,
    eventId,
    ...about
  } = decodeStatementRequest(Buffer.from(request, 'base64url'));
  return { ...about, subject, eventId: toHex(eventId) };
}

/** What `plainStatements` takes for a card's statement, where it is not one of a `TestCard`. */
export const stated = (request: string, proven: ProvenCard | { readonly refuse: string }) => ({
  request,
  proven,
});

/** A card whose statements are whole: `plainStatements` believes its certificate. */
export class TestCard {
  readonly certificate: string;
  readonly #key: KeyObject;

  private constructor(certificate: string, key: KeyObject) {
    this.certificate = certificate;
    this.#key = key;
  }

  static async issue(ca: TestCa, serial: string, commonName?: string): Promise<TestCard> {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    const certificate = await holderCertificate(ca, {
      ...{ serial, spki },
      ...(commonName !== undefined && { commonName }),
    });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return new TestCard(certificate, createPrivateKey(pem));
  }

  state(request: string, method: StatementMethod): Record<string, unknown> {
    const octets = new Uint8Array(Buffer.from(request, 'base64url'));
    const statement = {
      request: octets,
      method,
      certificate: new Uint8Array(Buffer.from(this.certificate, 'base64')),
      ...(method !== 'read' && {
        signature: new Uint8Array(sign('sha256', statementMessage(octets, method), this.#key)),
      }),
    };
    return JSON.parse(formatCardStatement(statement));
  }
}

/** Certificates, base64, that `plainStatements` takes for revoked. */
export const revoked = new Set<string>();

/** Requests as they are, and statements believed: for tests that are about what comes after. */
export const plainStatements: Statements = {
  request: async ({ subject, eventId, ...about }, { now, expiresAt }) =>
    encodeStatementRequest({
      ...about,
      subjectId: subject,
      eventId: fromHex(eventId),
      consoleId: fromHex(CONSOLE_ID),
      nonce: new Uint8Array(crypto.getRandomValues(new Uint8Array(32))),
      issuedAt: now,
      expiresAt,
    }),
  verify: async (request, statement) => {
    const given = statement as Partial<ReturnType<typeof stated>>;
    if (given.request !== Buffer.from(request).toString('base64url')) {
      throw refusal('ERR_STATEMENT_REQUEST');
    }
    if (given.proven) {
      if ('refuse' in given.proven) throw refusal(given.proven.refuse);
      return given.proven;
    }
    const { method, certificate } = parseCardStatement(statement);
    const base64 = Buffer.from(certificate).toString('base64');
    if (revoked.has(base64)) throw refusal('ERR_STATEMENT_REVOKED');
    return { method, holder: { certificate: base64 } };
  },
};

const refusal = (code: string) => new RefusedError('invalid', code as never, 'for a test');
