import { type Context, Hono } from 'hono';
import { askerOf } from '../../domain/asker.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import type { ListChangeStore } from '../../domain/list-change.ts';
import { type PublicationStore, WHYS } from '../../domain/list-publication.ts';
import { may, Scope } from '../../domain/permission.ts';
import type { PublicationDesk } from '../../domain/publication-desk.ts';
import type { PublicationRules } from '../../domain/publication-rules.ts';
import { type Review, ReviewPage } from '../../views/list-review.tsx';
import { PublicationsPage } from '../../views/publications.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf } from './page.ts';

export interface PublicationPagesDeps extends PageDeps {
  readonly events: EventStore;
  readonly publications: PublicationStore;
  readonly listChanges: ListChangeStore;
  readonly publicationDesk: PublicationDesk;
  readonly releaseRules: PublicationRules;
  readonly scheduler: { next(eventId: string): number | undefined };
}

const LAST = 20;
const SHOWN = 100;

export const publicationPages = (deps: PublicationPagesDeps) => {
  const { events, publications, publicationDesk: desk, releaseRules, scheduler } = deps;
  return new Hono<VisitorEnv>()
    .get('/events/:id/publications', allow('list.read'), async (c) => {
      const actor = actorOn(c);
      const event = await requireEvent(events, Scope.of(actor), idOf(c));
      const archived = event.archivedAt !== undefined;
      const next = archived ? undefined : scheduler.next(event.id);
      const shown = {
        ...{ event, next, here: desk.has(event.id) },
        publications: await publications.list(event, LAST),
        mayAsk: may(actor, 'list.publish'),
        rules: await releaseRules.of(event),
        mayDrop: may(actor, 'list.relax'),
      };
      return c.html(<PublicationsPage {...pageOf(c, deps)} {...shown} />);
    })
    .post('/events/:id/publications', allow('list.publish'), async (c) => {
      const asker = askerOf(actorOn(c));
      const event = await requireEvent(events, asker.scope, idOf(c));
      const field = await fieldsOf(c);
      const why = field('why') === 'correction' ? 'correction' : 'manual';
      return goTo(c, `/publications/${await desk.request(asker, event, why)}`);
    })
    .post('/events/:id/publications/rules', allow('list.publish'), async (c) => {
      const actor = actorOn(c);
      const event = await requireEvent(events, Scope.of(actor), idOf(c));
      const field = await fieldsOf(c);
      const wanted = WHYS.filter((why) => field(why) === 'yes');
      await releaseRules.set(actor, event, wanted);
      return goTo(c, `/events/${event.id}/publications`);
    })
    .get('/publications/:id', allow('list.read'), async (c) => {
      const scope = Scope.of(actorOn(c));
      const after = Number(/^\d{1,9}$/.exec(c.req.query('after') ?? '0')?.[0] ?? 0);
      const review = await reviewOf(deps, scope, { id: idOf(c), after });
      const event = await requireEvent(events, scope, review.publication.eventId);
      const shown = { ...review, event, acts: actsOf(c), paged: after > 0 };
      return c.html(<ReviewPage {...pageOf(c, deps)} {...shown} />);
    })
    .post('/publications/:id/publish', allow('list.publish'), async (c) => {
      await desk.publish(askerOf(actorOn(c)), idOf(c), await releaseOf(c));
      return goTo(c, `/publications/${idOf(c)}`);
    })
    .post('/publications/:id/approve', allow('list.approve'), async (c) => {
      await desk.approve(askerOf(actorOn(c)), idOf(c), await releaseOf(c));
      return goTo(c, `/publications/${idOf(c)}`);
    })
    .post('/publications/:id/withdraw', allow('list.publish'), async (c) => {
      await desk.withdraw(askerOf(actorOn(c)), idOf(c));
      return goTo(c, `/publications/${idOf(c)}`);
    });
};

export type ReviewDeps = Pick<
  PublicationPagesDeps,
  'publications' | 'listChanges' | 'publicationDesk'
>;

/** `after`: so many findings were shown before. */
export async function reviewOf(
  { publications, listChanges, publicationDesk }: ReviewDeps,
  scope: Scope,
  { id, after: from }: { readonly id: string; readonly after: number },
): Promise<Review> {
  const publication = await publicationDesk.find(scope, id);
  const [changes, findings] = await Promise.all([
    listChanges.changed(publication, SHOWN),
    publications.findings(publication, { after: from, limit: SHOWN }),
  ]);
  const after = findings.length === SHOWN ? from + SHOWN : undefined;
  return { publication, changes, findings, after };
}

/** What whoever looks may do. */
export function actsOf(c: Context<VisitorEnv>) {
  const actor = actorOn(c);
  return { publish: may(actor, 'list.publish'), approve: may(actor, 'list.approve') };
}

async function releaseOf(c: Context<VisitorEnv>) {
  const field = await fieldsOf(c);
  return { fingerprint: field('fingerprint'), confirmLoss: field('confirm-loss') === 'yes' };
}
