import { Hono } from 'hono';
import type { ApiKeyStore, ApiKeys, GivenKey } from '../../domain/api-key.ts';
import { askerOf } from '../../domain/asker.ts';
import { may, Scope } from '../../domain/permission.ts';
import type { VendorStore } from '../../domain/vendor.ts';
import { ShownOncePage } from '../../views/account.tsx';
import { ApiKeysPage } from '../../views/api-keys.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf } from './page.ts';

export interface ApiKeyPagesDeps extends PageDeps {
  readonly apiKeys: ApiKeyStore;
  readonly vendors: VendorStore;
  readonly keysOffice: ApiKeys;
}

export const apiKeyPages = (deps: ApiKeyPagesDeps) => {
  const { apiKeys, vendors, keysOffice } = deps;
  const write = allow('api-key.write');
  const shown = (page: ReturnType<typeof pageOf>, { key }: GivenKey) => {
    const { shown: title, shownWhat: what } = page.view.text.account.apiKeys;
    return <ShownOncePage {...page} title={title} what={what} lines={[key]} path="/api-keys" />;
  };
  return new Hono<VisitorEnv>()
    .get('/api-keys', allow('api-key.read'), async (c) => {
      const actor = actorOn(c);
      const scope = Scope.of(actor);
      const [keys, known] = await Promise.all([apiKeys.list(scope), vendors.list(scope)]);
      const mayWrite = may(actor, 'api-key.write');
      const page = pageOf(c, deps);
      return c.html(<ApiKeysPage {...page} keys={keys} vendors={known} mayWrite={mayWrite} />);
    })
    .post('/api-keys', write, async (c) => {
      const field = await fieldsOf(c);
      const { scopes = [] } = await c.req.parseBody({ all: true });
      const wanted = {
        vendorId: field('vendor'),
        name: field('name'),
        scopes: [scopes].flat().map(String),
        days: Number(field('days')),
      };
      const given = await keysOffice.give(askerOf(actorOn(c)), wanted);
      return c.html(shown(pageOf(c, deps), given));
    })
    .post('/api-keys/:id/rotate', write, async (c) => {
      const given = await keysOffice.rotate(askerOf(actorOn(c)), idOf(c));
      return c.html(shown(pageOf(c, deps), given));
    })
    .post('/api-keys/:id/revoke', write, async (c) => {
      await keysOffice.revoke(askerOf(actorOn(c)), idOf(c));
      return goTo(c, '/api-keys');
    });
};
