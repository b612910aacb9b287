import { equal, fromHex } from '@pinless-gate/protocol/bytes';
import {
  CHALLENGE_LENGTH,
  decodeEnrolmentRequest,
  ENROLMENT_TYPE,
  type EnrolmentStatement,
  encodeEnrolled,
  encodeEnrolmentOffer,
  MAX_ENROLMENT_LENGTH,
  verifyEnrolmentRequest,
} from '@pinless-gate/protocol/enrolment';
import {
  hashEnrolmentToken,
  isTokenOf,
  parseEnrolmentToken,
} from '@pinless-gate/protocol/enrolment-token';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { PublisherConfig } from '../config.ts';
import {
  ENROLMENT_REFUSALS,
  type EnrolmentOutcome,
  type EnrolmentRefusal,
  type EnrolmentStore,
} from '../domain/enrolment.ts';
import { bodyTooLarge, type Problem, ProblemError, requireType, wellFormed } from './problem.ts';
import { RateLimit } from './rate-limit.ts';

export interface EnrolmentRoutesDeps {
  readonly enrolment: EnrolmentStore;
  /** This console's id. */
  readonly consoleId: () => Promise<string>;
  readonly publishers: PublisherConfig | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
  /** Told of every enrolment that was judged, by its gate where that is known. */
  readonly onJudged: (
    reason: EnrolmentRefusal | 'foreign-token' | 'enrolled',
    gateId?: string,
  ) => void;
}

const CHALLENGE_MS = 120_000;
/** Offers cost a row each, refusals could be guesses: both are few where gates are set up by people. */
export const OFFERS = { burst: 60, everyMs: 1000 } as const;
export const REFUSALS = { burst: 20, everyMs: 3000 } as const;

/** A gate that holds a one-time token makes itself known. */
export const enrolmentRoutes = (deps: EnrolmentRoutesDeps) => {
  const { enrolment, consoleId, now, random } = deps;
  const offers = new RateLimit({ ...OFFERS, now });
  const refusals = new RateLimit({ ...REFUSALS, now });
  return new Hono()
    .post('/api/enrolment/offer', async (c) => {
      requireRoom(c, offers);
      offers.take();
      const challenge = random(CHALLENGE_LENGTH);
      await enrolment.offer(challenge, { now: now(), expiresAt: now() + CHALLENGE_MS });
      const offer = { consoleId: fromHex(await consoleId()), challenge };
      return answer(c, encodeEnrolmentOffer(offer));
    })
    .post(
      '/api/enrolment',
      bodyLimit({ maxSize: MAX_ENROLMENT_LENGTH, onError: bodyTooLarge(MAX_ENROLMENT_LENGTH) }),
      async (c) => {
        requireType(c, ENROLMENT_TYPE);
        requireRoom(c, refusals);
        const body = new Uint8Array(await c.req.arrayBuffer());
        try {
          return answer(c, await enrolled(deps, body));
        } catch (error) {
          if (error instanceof ProblemError) refusals.take();
          throw error;
        }
      },
    );
};

async function enrolled(deps: EnrolmentRoutesDeps, body: Uint8Array): Promise<Uint8Array> {
  const { enrolment, publishers, onJudged } = deps;
  if (!publishers) throw new ProblemError(NO_PUBLISHERS);
  const consoleId = fromHex(await deps.consoleId());
  const { statement, signed } = authentic(body, consoleId, () => onJudged('foreign-token'));
  const outcome = await enrolment.enrol(statement, signed, deps.now());
  if (outcome.outcome === 'refused') {
    onJudged(outcome.reason);
    throw new ProblemError(refusal(outcome.reason));
  }
  const { gateId, gateName, eventIds } = outcome.invitation;
  onJudged('enrolled', gateId);
  return encodeEnrolled({
    consoleId,
    gateId: fromHex(gateId),
    gateName,
    eventIds: eventIds.map(fromHex),
    publishers: publishers.keys,
    threshold: publishers.threshold,
    enrolledAt: outcome.at,
  });
}

/** What the gate stated, once it is clear that it is meant for this console and made by that gate. */
function authentic(
  body: Uint8Array,
  consoleId: Uint8Array,
  onForeign: () => void,
): { statement: EnrolmentStatement; signed: Uint8Array } {
  const request = wellFormed(() => decodeEnrolmentRequest(body));
  const token = wellFormed(() => parseEnrolmentToken(request.token));
  // Told by the token itself: no store is asked, so it tells nobody whether a token is good.
  if (!isTokenOf(token, consoleId)) {
    onForeign();
    throw new ProblemError(FOREIGN);
  }
  const statement = wellFormed(() => verifyEnrolmentRequest(request));
  const meant =
    equal(statement.tokenHash, hashEnrolmentToken(token)) && equal(statement.consoleId, consoleId);
  if (!meant) throw new ProblemError(NOT_MEANT);
  return { statement, signed: request.statement };
}

function requireRoom(c: Context, limit: RateLimit): void {
  const { waitS } = limit;
  if (waitS === 0) return;
  c.header('retry-after', String(waitS));
  throw new ProblemError(BUSY);
}

function answer(c: Context, octets: Uint8Array): Response {
  return c.body(new Uint8Array(octets), 200, {
    'content-type': ENROLMENT_TYPE,
    'cache-control': 'no-store',
  });
}

function refusal(reason: Extract<EnrolmentOutcome, { outcome: 'refused' }>['reason']): Problem {
  return { status: reason === 'stale-challenge' ? 409 : 403, ...ENROLMENT_REFUSALS[reason] };
}

const FOREIGN: Problem = {
  status: 403,
  code: 'ERR_ENROLMENT_FOREIGN',
  title: 'the token is of another console',
};

const NOT_MEANT: Problem = {
  status: 400,
  code: 'ERR_ENROLMENT_STATEMENT',
  title: 'the statement was made for another token or console',
};

const BUSY: Problem = {
  status: 429,
  code: 'ERR_HTTP_RATE',
  title: 'too many enrolments were tried: wait, then try again',
};

const NO_PUBLISHERS: Problem = {
  status: 503,
  code: 'ERR_ENROLMENT_PUBLISHERS',
  title: 'this console is not set up to enrol gates',
  detail: 'name the keys of those who publish lists in [enrolment] publishers',
};
