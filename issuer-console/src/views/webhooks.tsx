import type { Vendor } from '../domain/vendor.ts';
import type { Webhook, WebhookType } from '../domain/webhook.ts';
import { Choice, Field, Form, Refusal } from './form.tsx';
import { Icon, type Shape } from './icon.tsx';
import { Layout } from './layout.tsx';
import { ago } from './messages.ts';
import type { View } from './view.ts';

export interface WebhooksProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly webhooks: readonly Webhook[];
  readonly vendors: readonly Vendor[];
  /** That somebody who adds one may see themselves. */
  readonly types: readonly WebhookType[];
  readonly mayWrite: boolean;
}

export const WebhooksPage = (props: WebhooksProps) => {
  const { view, assets, now, refused, webhooks, vendors, mayWrite } = props;
  const { text, format } = view;
  const words = text.webhooks;
  return (
    <Layout view={view} assets={assets} title={words.title} now={now} path="/webhooks">
      <h1 class="page-title">{words.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p class="quiet">{words.what}</p>
        {webhooks.length === 0 && <p class="quiet">{words.empty}</p>}
        <ul class="cards">
          {webhooks.map((webhook) => (
            <li>
              <h2>
                <a href={`/webhooks/${webhook.id}?lang=${format.language}`}>
                  {new URL(webhook.url).host}
                </a>
              </h2>
              <StandingLine view={view} webhook={webhook} now={now} />
              <p>{vendors.find(({ id }) => id === webhook.vendorId)?.name}</p>
              <p class="next">{webhook.types.join(', ')}</p>
            </li>
          ))}
        </ul>
      </section>
      {mayWrite && vendors.length === 0 && <p class="quiet">{words.noVendor}</p>}
      {mayWrite && vendors.length > 0 && <AddWebhook {...props} />}
    </Layout>
  );
};

const AddWebhook = ({ view, vendors, types }: WebhooksProps) => {
  const { account, webhooks: words } = view.text;
  return (
    <section>
      <h2>{words.add}</h2>
      <Form view={view} action="/webhooks">
        <Choice
          label={account.vendors.one}
          name="vendor"
          options={vendors.map(({ id, name }) => [id, name])}
        />
        <Field label={words.url} name="url" hint={words.urlHint} />
        <TypeBoxes view={view} types={types} chosen={types} />
        <button type="submit">{words.add}</button>
      </Form>
    </section>
  );
};

interface TypeBoxesProps {
  readonly view: View;
  readonly types: readonly WebhookType[];
  readonly chosen: readonly WebhookType[];
}

export const TypeBoxes = ({ view, types, chosen }: TypeBoxesProps) => (
  <fieldset>
    <legend>{view.text.webhooks.types}</legend>
    {types.map((type) => (
      <label>
        <input type="checkbox" name="types" value={type} checked={chosen.includes(type)} />
        {type}
      </label>
    ))}
  </fieldset>
);

type Standing = 'good' | 'off' | 'waiting' | 'failing';
const SHAPES: Readonly<Record<Standing, Shape>> = {
  good: 'good',
  off: 'resting',
  waiting: 'warning',
  failing: 'refused',
};

export function standingOf({ enabled, failingSince, failedSince }: Webhook): Standing {
  if (!enabled) return 'off';
  if (failingSince !== undefined) return 'failing';
  return failedSince === undefined ? 'good' : 'waiting';
}

interface StandingLineProps {
  readonly view: View;
  readonly webhook: Webhook;
  readonly now: number;
}

export const StandingLine = ({ view: { text, format }, webhook, now }: StandingLineProps) => {
  const words = text.webhooks;
  const standing = standingOf(webhook);
  const { deliveredAt, nextAttemptAt, attempts } = webhook;
  const taken =
    deliveredAt === undefined ? words.never : words.delivered(ago(text, deliveredAt, now));
  const next = words.next(format.time(nextAttemptAt, now), format.number(attempts));
  return (
    <p>
      <Icon shape={SHAPES[standing]} />
      {[words.states[standing], taken, standing === 'waiting' ? next : '']
        .filter(Boolean)
        .join(' · ')}
    </p>
  );
};
