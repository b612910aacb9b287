import type { ApiKey } from '../domain/api-key.ts';
import { KEY_SCOPES, type Permission } from '../domain/permission.ts';
import type { Vendor } from '../domain/vendor.ts';
import { Choice, Field, Form, Refusal } from './form.tsx';
import { Icon, type Shape } from './icon.tsx';
import { Layout } from './layout.tsx';
import { ago } from './messages.ts';
import type { View } from './view.ts';

export interface ApiKeysProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly keys: readonly ApiKey[];
  readonly vendors: readonly Vendor[];
  readonly mayWrite: boolean;
}

export const ApiKeysPage = (props: ApiKeysProps) => {
  const { view, assets, now, refused, keys, vendors, mayWrite } = props;
  const text = view.text.account.apiKeys;
  return (
    <Layout view={view} assets={assets} title={text.title} now={now} path="/api-keys">
      <h1 class="page-title">{text.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        {keys.length === 0 && <p class="quiet">{text.empty}</p>}
        <ul class="cards">
          {keys.map((key) => (
            <KeyCard {...props} apiKey={key} />
          ))}
        </ul>
      </section>
      {mayWrite && vendors.length === 0 && <p class="quiet">{text.noVendor}</p>}
      {mayWrite && vendors.length > 0 && <GiveKey {...props} />}
    </Layout>
  );
};

type Standing = 'good' | 'expired' | 'revoked';
const SHAPES: Readonly<Record<Standing, Shape>> = {
  good: 'good',
  expired: 'resting',
  revoked: 'refused',
};

function standingOf({ revokedAt, expiresAt }: ApiKey, now: number): Standing {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt <= now ? 'expired' : 'good';
}

const KeyCard = (props: ApiKeysProps & { readonly apiKey: ApiKey }) => {
  const { view, apiKey, vendors, keys, now, mayWrite } = props;
  const { text, format } = view;
  const words = text.account.apiKeys;
  const { id, name, prefix, scopes, expiresAt, lastUsedAt } = apiKey;
  const standing = standingOf(apiKey, now);
  const vendor = vendors.find((one) => one.id === apiKey.vendorId)?.name;
  const used = lastUsedAt === undefined ? words.neverUsed : words.used(ago(text, lastUsedAt, now));
  const replaced = keys.some(({ replaces }) => replaces === id);
  return (
    <li>
      <h2>{name}</h2>
      <p class="id">{`${prefix}_…`}</p>
      <p>
        <Icon shape={SHAPES[standing]} />
        {[words[standing](format.date(expiresAt)), used, vendor].filter(Boolean).join(' · ')}
      </p>
      <p class="next">{scopes.join(', ')}</p>
      {mayWrite && standing === 'good' && (
        <div class="acts">
          {!replaced && (
            <Form view={view} action={`/api-keys/${id}/rotate`} class="inline">
              <button type="submit">{words.rotate(name)}</button>
            </Form>
          )}
          <Form view={view} action={`/api-keys/${id}/revoke`} class="inline">
            <button type="submit" class="second">
              {words.revoke(name)}
            </button>
          </Form>
        </div>
      )}
    </li>
  );
};

/** What is given only where somebody wants it: to be the second person who approves. */
const ASKED_FOR: ReadonlySet<Permission> = new Set(['list.approve']);

const GiveKey = ({ view, vendors }: ApiKeysProps) => {
  const text = view.text.account;
  return (
    <section>
      <h2>{text.apiKeys.give}</h2>
      <Form view={view} action="/api-keys">
        <Choice
          label={text.vendors.one}
          name="vendor"
          options={vendors.map(({ id, name }) => [id, name])}
        />
        <Field label={text.apiKeys.name} name="name" hint={text.apiKeys.nameHint} />
        <Field label={text.apiKeys.days} name="days" type="number" value="365" />
        <fieldset>
          <legend>{text.apiKeys.scopes}</legend>
          {KEY_SCOPES.map((scope) => (
            <label>
              <input type="checkbox" name="scopes" value={scope} checked={!ASKED_FOR.has(scope)} />
              {scope}
            </label>
          ))}
        </fieldset>
        <button type="submit">{text.apiKeys.give}</button>
      </Form>
    </section>
  );
};
