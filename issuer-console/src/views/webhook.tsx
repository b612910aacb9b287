import type { Webhook, WebhookType } from '../domain/webhook.ts';
import type { Delivery } from '../domain/webhook-message.ts';
import { Field, Form, Refusal } from './form.tsx';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';
import { StandingLine, standingOf, TypeBoxes } from './webhooks.tsx';

export interface WebhookProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly webhook: Webhook;
  readonly deliveries: readonly Delivery[];
  /** Where there are older ones: from there on. */
  readonly older: number | undefined;
  readonly types: readonly WebhookType[];
  readonly mayWrite: boolean;
}

export const WebhookPage = (props: WebhookProps) => {
  const { view, assets, now, refused, webhook, mayWrite } = props;
  const { text, format } = view;
  const words = text.webhooks;
  const path = `/webhooks/${webhook.id}`;
  const { host } = new URL(webhook.url);
  const { previousUntil } = webhook;
  return (
    <Layout view={view} assets={assets} title={host} now={now} path={path}>
      <h1 class="page-title">{host}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>
          <a href={`/webhooks?lang=${format.language}`}>{words.title}</a>
        </p>
        <p class="id">{webhook.url}</p>
        <div role="status">
          <StandingLine view={view} webhook={webhook} now={now} />
        </div>
        {standingOf(webhook) === 'failing' && (
          <p class="notice notice-refused">{words.failingNext}</p>
        )}
        {previousUntil !== undefined && previousUntil > now && (
          <p class="quiet">{words.both(format.moment(previousUntil))}</p>
        )}
        {mayWrite && <Acts view={view} webhook={webhook} />}
      </section>
      <Deliveries {...props} />
      {mayWrite && <Replay view={view} path={path} />}
      {mayWrite && <Change {...props} />}
    </Layout>
  );
};

const Acts = ({ view, webhook }: Pick<WebhookProps, 'view' | 'webhook'>) => {
  const words = view.text.webhooks;
  const path = `/webhooks/${webhook.id}`;
  const standing = standingOf(webhook);
  const waits = standing === 'waiting' || standing === 'failing';
  const act = (to: string, label: string, secondary = false) => (
    <Form view={view} action={`${path}/${to}`} class="inline">
      <button type="submit" class={secondary ? 'second' : undefined}>
        {label}
      </button>
    </Form>
  );
  return (
    <div class="acts">
      {act('test', words.test)}
      {waits && act('resume', words.resume)}
      {waits && act('skip', words.skip, true)}
    </div>
  );
};

const Deliveries = ({ view, now, webhook, deliveries, older, mayWrite }: WebhookProps) => {
  const { text, format } = view;
  const { columns, ...words } = text.webhooks;
  const heads = [columns.time, columns.type, columns.outcome, columns.duration];
  return (
    <section>
      <h2>{words.deliveries}</h2>
      {deliveries.length === 0 && <p class="quiet">{words.noDeliveries}</p>}
      {deliveries.length > 0 && (
        <table class="audit">
          <thead>
            <tr>
              {[...heads, ...(mayWrite ? [columns.act] : [])].map((head) => (
                <th scope="col">{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {deliveries.map((delivery) => (
              <DeliveryRow {...{ view, now, webhook, delivery, mayWrite }} />
            ))}
          </tbody>
        </table>
      )}
      {older !== undefined && (
        <p>
          <a href={`/webhooks/${webhook.id}?lang=${format.language}&before=${older}`}>
            {words.older}
          </a>
        </p>
      )}
    </section>
  );
};

interface DeliveryRowProps extends Pick<WebhookProps, 'view' | 'now' | 'webhook' | 'mayWrite'> {
  readonly delivery: Delivery;
}

const DeliveryRow = ({ view, now, webhook, delivery, mayWrite }: DeliveryRowProps) => {
  const { text, format } = view;
  const words = text.webhooks;
  const { at, type, kind, messageId, status, failure, durationMs } = delivery;
  const outcome = failure === undefined ? words.status(String(status)) : words.failures[failure];
  return (
    <tr>
      <th scope="row">
        <time datetime={isoTime(at)}>{format.time(at, now)}</time>
        <span class="id">{messageId.slice(0, 12)}</span>
      </th>
      <td data-label={words.columns.type}>
        {[type, words.kinds[kind]].filter(Boolean).join(' · ')}
      </td>
      <td data-label={words.columns.outcome}>{outcome}</td>
      <td data-label={words.columns.duration}>{`${format.number(durationMs)} ms`}</td>
      {mayWrite && (
        <td data-label={words.columns.act}>
          {kind !== 'test' && (
            <Form view={view} action={`/webhooks/${webhook.id}/replays`} class="inline">
              <input type="hidden" name="message" value={messageId} />
              <button type="submit" class="second" aria-label={words.again(messageId.slice(0, 12))}>
                {words.replay}
              </button>
            </Form>
          )}
        </td>
      )}
    </tr>
  );
};

const Replay = ({ view, path }: { view: View; path: string }) => {
  const words = view.text.webhooks;
  return (
    <section>
      <h2>{words.replay}</h2>
      <p class="quiet">{words.replayWhat}</p>
      <Form view={view} action={`${path}/replays`}>
        <Field label={words.from} name="from" hint={words.timeHint} />
        <Field label={words.until} name="until" hint={words.timeHint} />
        <button type="submit">{words.replay}</button>
      </Form>
    </section>
  );
};

const Change = ({ view, webhook, types }: WebhookProps) => {
  const words = view.text.webhooks;
  const path = `/webhooks/${webhook.id}`;
  const { revision, enabled } = webhook;
  const seen = <input type="hidden" name="revision" value={String(revision)} />;
  return (
    <section>
      <h2>{words.change}</h2>
      <Form view={view} action={path}>
        {seen}
        <Field label={words.url} name="url" hint={words.urlHint} value={webhook.url} />
        <TypeBoxes view={view} types={types} chosen={webhook.types} />
        <button type="submit">{words.save}</button>
      </Form>
      <p class="quiet">{words.rotateWhat}</p>
      <div class="acts">
        <Form view={view} action={`${path}/rotate`} class="inline">
          <button type="submit">{words.rotate}</button>
        </Form>
        <Form view={view} action={path} class="inline">
          {seen}
          <input type="hidden" name="enabled" value={enabled ? 'no' : 'yes'} />
          <button type="submit" class="second">
            {enabled ? words.turnOff : words.turnOn}
          </button>
        </Form>
        <Form view={view} action={`${path}/remove`} class="inline">
          <button type="submit" class="second">
            {words.remove}
          </button>
        </Form>
      </div>
    </section>
  );
};
