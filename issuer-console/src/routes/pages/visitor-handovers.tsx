import { type Context, Hono } from 'hono';
import type { EventStore } from '../../domain/event.ts';
import type { HandoverLedger } from '../../domain/handover-ledger.ts';
import { seenBy } from '../../domain/handover-visits.ts';
import type { Parties } from '../../domain/parties.ts';
import type { PurchaseBook } from '../../domain/purchase-book.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { VisitorTokenStore } from '../../domain/visitor-token.ts';
import { JoinCodePage, JoinPage } from '../../views/visitor-join.tsx';
import { PartyCodePage, PartyPage } from '../../views/visitor-party.tsx';
import { open, type VisitorEnv } from '../access.ts';
import { NOT_FOUND, ProblemError } from '../problem.ts';
import type { VisitorForms } from '../public.ts';
import { fieldsOf, type PageDeps, viewOf } from './page.ts';
import { statusOf } from './refused.tsx';

export interface VisitorHandoversDeps extends PageDeps {
  readonly handoverDesks: { readonly parties: Parties; readonly ledger: HandoverLedger };
  readonly events: EventStore;
  readonly book: PurchaseBook;
  readonly visitorTokens: VisitorTokenStore;
  readonly forms: VisitorForms;
  readonly origin: URL | undefined;
}

type Visit = Context<VisitorEnv>;
type FieldOf = (name: string) => string;

/** For whoever holds tickets of others, and for those others: no session, and no code in an address. */
export const visitorHandovers = (deps: VisitorHandoversDeps) =>
  new Hono<VisitorEnv>()
    .get('/party', open, (c) => c.html(<PartyCodePage {...pageOf(c, deps)} />))
    .post('/party', open, async (c) => {
      const field = await fieldsOf(c);
      return refusedOn(PartyCodePage, { c, deps }, async () => {
        const { code: made, refused } = await acted(deps, field);
        const code = field('code');
        const party = await deps.handoverDesks.parties.own(code);
        const invitation =
          made === undefined ? undefined : { code: made, link: linkOf(c, deps, made) };
        const page = { ...pageOf(c, deps), refused: refused?.code };
        const status = refused ? statusOf(refused) : 200;
        return c.html(<PartyPage {...page} {...{ party, code, invitation }} />, status);
      });
    })
    .get('/join', open, (c) => c.html(<JoinCodePage {...pageOf(c, deps)} />))
    .post('/join', open, async (c) => {
      const field = await fieldsOf(c);
      return refusedOn(JoinCodePage, { c, deps }, async () => {
        const { ledger } = deps.handoverDesks;
        const code = field('code');
        const visited = await seenBy({ ...deps, ledger, tokens: deps.visitorTokens }, code);
        const shown = { visited, code, origin: originOf(c, deps) };
        return c.html(<JoinPage {...pageOf(c, deps)} {...shown} />);
      });
    });

/** What the form asks for, if anything: a code that it made, or why it was refused. The party is shown either way. */
async function acted({ handoverDesks: { parties } }: VisitorHandoversDeps, field: FieldOf) {
  const [act, code, ticketNo] = [field('act'), field('code'), field('ticket')];
  try {
    switch (act) {
      case '':
        return {};
      case 'companion':
      case 'transfer': {
        const hours = Number(field('hours'));
        return { code: await parties.offer(code, { kind: act, ticketNo, hours }) };
      }
      case 'withdraw':
        await parties.withdraw(code, field('handover'));
        return {};
      case 'unlink':
        await parties.unlink(code, ticketNo);
        return {};
      default:
        throw new ProblemError(NOT_FOUND);
    }
  } catch (error) {
    if (error instanceof RefusedError && error.code !== 'ERR_VISITOR_CODE')
      return { refused: error };
    throw error;
  }
}

interface Visiting {
  readonly c: Visit;
  readonly deps: VisitorHandoversDeps;
}

/** The field again, where the code opens nothing. */
async function refusedOn(
  Page: typeof PartyCodePage,
  { c, deps }: Visiting,
  show: () => Promise<Response>,
): Promise<Response> {
  try {
    return await show();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return c.html(<Page {...pageOf(c, deps)} refused={error.code} />, statusOf(error));
  }
}

const originOf = (c: Visit, { origin }: VisitorHandoversDeps) =>
  origin?.origin ?? new URL(c.req.url).origin;

/** Behind the `#` it is sent to no server, and stands in no log. */
const linkOf = (c: Visit, deps: VisitorHandoversDeps, code: string) =>
  `${originOf(c, deps)}/join#${code}`;

function pageOf(c: Visit, { views, assets, now, forms }: VisitorHandoversDeps) {
  return { view: viewOf(c, views), assets, now: now(), formToken: forms.token() };
}
