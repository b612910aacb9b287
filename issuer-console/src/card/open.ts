import { fromHex } from '@pinless-gate/protocol/bytes';
import { parseCardStatement } from '@pinless-gate/protocol/card-statement';
import { readOr } from '@pinless-gate/protocol/errors';
import {
  encodeStatementRequest,
  REQUEST_NONCE_LENGTH,
} from '@pinless-gate/protocol/statement-request';
import { RefusedError } from '../domain/refusal.ts';
import type { Statements } from '../domain/visitor-desk.ts';
import type { JlisConfig } from './config.ts';
import { revocationOf } from './revocation.ts';
import { httpSerialLink } from './serial-link.ts';
import { type StatementDeps, verifyStatement } from './statement.ts';

export interface CardSurroundings {
  /** 32 hex digits. */
  readonly consoleId: () => Promise<string>;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
  /** A list of revoked certificates that cannot be used: whose, and why. */
  readonly onTrouble: (issuer: string, code: string) => void;
}

/** What statements of cards are verified with, as `[jlis]` says. */
export function openCards(
  jlis: JlisConfig,
  { now, random, onTrouble }: Omit<CardSurroundings, 'consoleId'>,
): StatementDeps {
  const { maxAgeS, link } = jlis;
  return {
    jlis,
    revocation: revocationOf([jlis.signature, jlis.authentication], { maxAgeS, onTrouble }),
    link: httpSerialLink({ ...link, now, random }),
  };
}

/** Makes requests and verifies what cards state to them. */
export function statementsOf(
  deps: StatementDeps,
  { consoleId, random }: Pick<CardSurroundings, 'consoleId' | 'random'>,
): Statements {
  return {
    request: async ({ subject, eventId, ...about }, { now, expiresAt }) =>
      encodeStatementRequest({
        ...about,
        subjectId: subject,
        consoleId: fromHex(await consoleId()),
        eventId: fromHex(eventId),
        nonce: random(REQUEST_NONCE_LENGTH),
        issuedAt: now,
        expiresAt,
      }),
    verify: async (request, statement, now) => {
      const parsed = readOr(
        () => parseCardStatement(statement),
        ({ message }) => {
          throw new RefusedError('invalid', 'ERR_STATEMENT_FORM', message);
        },
      );
      return verifyStatement(deps, request, parsed, now);
    },
  };
}
