import { type Context, Hono } from 'hono';
import { askerOf } from '../../domain/asker.ts';
import { may, Scope } from '../../domain/permission.ts';
import type { VendorStore } from '../../domain/vendor.ts';
import { requireWebhook, typesFor, type WebhookStore } from '../../domain/webhook.ts';
import type { GivenSecret, WantedReplay, WebhookDesk } from '../../domain/webhook-desk.ts';
import { ShownOncePage } from '../../views/account.tsx';
import { WebhookPage } from '../../views/webhook.tsx';
import { WebhooksPage } from '../../views/webhooks.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { timeOf } from './moment.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf, revisionOf } from './page.ts';

export interface WebhookPagesDeps extends PageDeps {
  readonly webhooks: WebhookStore;
  readonly vendors: VendorStore;
  readonly webhookDesk: WebhookDesk;
}

const SHOWN = 100;

export const webhookPages = (deps: WebhookPagesDeps) => {
  const { webhooks, vendors, webhookDesk: desk } = deps;
  const write = allow('webhook.write');
  const shown = (page: ReturnType<typeof pageOf>, { id, secret }: GivenSecret) => {
    const { secret: title, secretWhat: what } = page.view.text.webhooks;
    const path = `/webhooks/${id}`;
    return <ShownOncePage {...page} title={title} what={what} lines={[secret]} path={path} />;
  };
  return new Hono<VisitorEnv>()
    .get('/webhooks', allow('webhook.read'), async (c) => {
      const actor = actorOn(c);
      const scope = Scope.of(actor);
      const [all, known] = await Promise.all([webhooks.list(scope), vendors.list(scope)]);
      const held = { webhooks: all, vendors: known, types: typesFor(actor) };
      const mayWrite = may(actor, 'webhook.write');
      return c.html(<WebhooksPage {...pageOf(c, deps)} {...held} mayWrite={mayWrite} />);
    })
    .post('/webhooks', write, async (c) => {
      const field = await fieldsOf(c);
      const wanted = { vendorId: field('vendor'), url: field('url'), types: await typesOf(c) };
      const actor = actorOn(c);
      const given = await desk.add(askerOf(actor), wanted, typesFor(actor));
      return c.html(shown(pageOf(c, deps), given));
    })
    .get('/webhooks/:id', allow('webhook.read'), async (c) => {
      const actor = actorOn(c);
      const webhook = await requireWebhook(webhooks, Scope.of(actor), idOf(c));
      const asked = c.req.query('before') ?? '';
      const before = /^\d{1,15}$/.test(asked) ? Number(asked) : undefined;
      const deliveries = await webhooks.deliveries(webhook, { before, limit: SHOWN });
      const older = deliveries.length < SHOWN ? undefined : deliveries.at(-1)?.number;
      const held = { webhook, deliveries, older, types: typesFor(actor) };
      const mayWrite = may(actor, 'webhook.write');
      return c.html(<WebhookPage {...pageOf(c, deps)} {...held} mayWrite={mayWrite} />);
    })
    .post('/webhooks/:id', write, async (c) => {
      const actor = actorOn(c);
      await desk.edit(askerOf(actor), { id: idOf(c), ...(await editOf(c)) }, typesFor(actor));
      return goTo(c, `/webhooks/${idOf(c)}`);
    })
    .post('/webhooks/:id/rotate', write, async (c) =>
      c.html(shown(pageOf(c, deps), await desk.rotate(askerOf(actorOn(c)), idOf(c)))),
    )
    .post('/webhooks/:id/remove', write, async (c) => {
      await desk.remove(askerOf(actorOn(c)), idOf(c));
      return goTo(c, '/webhooks');
    })
    .post('/webhooks/:id/test', write, async (c) => {
      await desk.test(askerOf(actorOn(c)), idOf(c));
      // There it stands among the deliveries.
      return goTo(c, `/webhooks/${idOf(c)}`);
    })
    .post('/webhooks/:id/resume', write, async (c) => {
      await desk.resume(askerOf(actorOn(c)), idOf(c), false);
      return goTo(c, `/webhooks/${idOf(c)}`);
    })
    .post('/webhooks/:id/skip', write, async (c) => {
      await desk.resume(askerOf(actorOn(c)), idOf(c), true);
      return goTo(c, `/webhooks/${idOf(c)}`);
    })
    .post('/webhooks/:id/replays', write, async (c) => {
      await desk.replay(askerOf(actorOn(c)), idOf(c), await replayOf(c));
      return goTo(c, `/webhooks/${idOf(c)}`);
    });
};

async function typesOf(c: Context): Promise<string[]> {
  const { types = [] } = await c.req.parseBody({ all: true });
  return [types].flat().map(String);
}

/** On or off, or address and types. */
async function editOf(c: Context<VisitorEnv>) {
  const field = await fieldsOf(c);
  const revision = revisionOf(field('revision'));
  if (field('enabled') !== '') return { revision, enabled: field('enabled') === 'yes' };
  return { revision, url: field('url'), types: await typesOf(c) };
}

async function replayOf(c: Context<VisitorEnv>): Promise<WantedReplay> {
  const field = await fieldsOf(c);
  if (field('message') !== '') return { messageId: field('message') };
  return { from: timeOf(field('from')), until: timeOf(field('until')) };
}
