import { type Context, Hono } from 'hono';
import { forVisitor } from '../../domain/asker.ts';
import { buyerStanding, checkStanding } from '../../domain/buyer.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { VisitorDesk } from '../../domain/visitor-desk.ts';
import type { ShopDesks } from '../../shop/desks.ts';
import { ApplyPage, CodeEntryPage } from '../../views/apply.tsx';
import { CheckedPage, CheckPage } from '../../views/check.tsx';
import { SlipPage } from '../../views/slip.tsx';
import { StandingPage } from '../../views/standing.tsx';
import { open, type VisitorEnv } from '../access.ts';
import { deskOf } from '../api/public.ts';
import type { VisitorForms } from '../public.ts';
import { fieldsOf, idOf, type PageDeps, viewOf } from './page.ts';
import { statusOf } from './refused.tsx';

export interface ApplyPagesDeps extends PageDeps, ShopDesks {
  readonly events: EventStore;
  readonly visitors: VisitorDesk | undefined;
  readonly forms: VisitorForms;
  readonly origin: URL | undefined;
}

/** For whoever buys, or asks about their card: no session, no cookie, and no code in an address. */
export const applyPages = (deps: ApplyPagesDeps) =>
  new Hono<VisitorEnv>()
    .get('/apply/standing', open, (c) => c.html(<CodeEntryPage {...pageOf(c, deps)} />))
    .post('/apply/standing', open, (c) =>
      withCode(c, deps, async (code) => {
        const standing = await buyerStanding(buying(deps), code);
        const shown = { standing, code, fresh: false, origin: originOf(c, deps) };
        return c.html(<StandingPage {...pageOf(c, deps)} {...shown} />);
      }),
    )
    .get('/apply/slip', open, (c) => c.html(<CodeEntryPage {...pageOf(c, deps)} />))
    .post('/apply/slip', open, (c) =>
      withCode(c, deps, async (code) => {
        const standing = await buyerStanding(buying(deps), code);
        const shown = { standing, code };
        if (standing.state === 'pending')
          return c.html(<SlipPage {...pageOf(c, deps)} {...shown} />);
        const more = { ...shown, fresh: false, origin: originOf(c, deps) };
        return c.html(<StandingPage {...pageOf(c, deps)} {...more} />);
      }),
    )
    .get('/apply/:id', open, (c) => applyPage(c, deps))
    .post('/apply/:id', open, async (c) => {
      const field = await fieldsOf(c);
      const eventId = idOf(c);
      const all = await deps.offerDesk.list(forVisitor('application'), eventId);
      const picks = all.map(({ id }) => ({
        offerId: id,
        count: Number(field(`offer-${id}`) || 0),
      }));
      try {
        const desk = buying(deps);
        const language = c.get('language') === 'ja' ? 'ja' : 'en';
        const { code } = await deps.shop.apply(eventId, picks, language);
        const standing = await buyerStanding(desk, code);
        const shown = { standing, code, fresh: true, origin: originOf(c, deps) };
        return c.html(<StandingPage {...pageOf(c, deps)} {...shown} />, 201);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        return applyPage(c, deps, error);
      }
    })
    .get('/check', open, (c) => c.html(<CheckPage {...pageOf(c, deps)} />))
    .post('/check', open, async (c) => {
      const field = await fieldsOf(c);
      const code = field('code');
      try {
        const standing = await checkStanding(buying(deps), code);
        const shown = { standing, code, origin: originOf(c, deps) };
        return c.html(<CheckedPage {...pageOf(c, deps)} {...shown} />);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        const page = { ...pageOf(c, deps), refused: error.code };
        return c.html(<CheckPage {...page} />, statusOf(error));
      }
    });

async function applyPage(c: Context<VisitorEnv>, deps: ApplyPagesDeps, refused?: RefusedError) {
  const asker = forVisitor('application');
  const event = await requireEvent(deps.events, asker.scope, idOf(c));
  const offers = await deps.offerDesk.onSale(asker, event.id);
  const page = { ...pageOf(c, deps), refused: refused?.code };
  return c.html(
    <ApplyPage {...page} event={event} offers={offers} />,
    refused ? statusOf(refused) : 200,
  );
}

/** The page by a code that was typed; where it opens nothing, the field again. */
async function withCode(
  c: Context<VisitorEnv>,
  deps: ApplyPagesDeps,
  show: (code: string) => Promise<Response>,
): Promise<Response> {
  const field = await fieldsOf(c);
  try {
    return await show(field('code'));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const page = { ...pageOf(c, deps), refused: error.code };
    return c.html(<CodeEntryPage {...page} />, statusOf(error));
  }
}

const buying = (deps: ApplyPagesDeps) => ({ ...deps, visitors: deskOf(deps) });

const originOf = (c: Context<VisitorEnv>, { origin }: ApplyPagesDeps) =>
  origin?.origin ?? new URL(c.req.url).origin;

function pageOf(c: Context<VisitorEnv>, { views, assets, now, forms }: ApplyPagesDeps) {
  return { view: viewOf(c, views), assets, now: now(), formToken: forms.token() };
}
