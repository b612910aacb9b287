import { Hono } from 'hono';
import { askerOf, mayGive } from '../../domain/asker.ts';
import { type Directory, type GivenAccount, parseRole } from '../../domain/directory.ts';
import type { OperatorStore } from '../../domain/operator.ts';
import { may, ROLES, Scope } from '../../domain/permission.ts';
import type { VendorStore } from '../../domain/vendor.ts';
import { ShownOncePage } from '../../views/account.tsx';
import { OperatorsPage } from '../../views/operators.tsx';
import { VendorsPage } from '../../views/vendors.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf, revisionOf } from './page.ts';

export interface DirectoryPagesDeps extends PageDeps {
  readonly directory: Directory;
  readonly operators: OperatorStore;
  readonly vendors: VendorStore;
}

export const vendorPages = (deps: DirectoryPagesDeps) =>
  new Hono<VisitorEnv>()
    .get('/vendors', allow('vendor.read'), async (c) => {
      const actor = actorOn(c);
      const vendors = await deps.vendors.list(Scope.of(actor));
      const mayWrite = may(actor, 'vendor.write');
      return c.html(<VendorsPage {...pageOf(c, deps)} vendors={vendors} mayWrite={mayWrite} />);
    })
    .post('/vendors', allow('vendor.write'), async (c) => {
      const field = await fieldsOf(c);
      await deps.directory.addVendor(askerOf(actorOn(c)), field('name'));
      return goTo(c, '/vendors');
    })
    .post('/vendors/:id', allow('vendor.write'), async (c) => {
      const field = await fieldsOf(c);
      const edit = { id: idOf(c), name: field('name'), revision: revisionOf(field('revision')) };
      await deps.directory.renameVendor(askerOf(actorOn(c)), edit);
      return goTo(c, '/vendors');
    });

export const operatorPages = (deps: DirectoryPagesDeps) => {
  const { directory, operators, vendors } = deps;
  const shown = (page: ReturnType<typeof pageOf>, { name, password }: GivenAccount) => {
    const { given, givenWhat } = page.view.text.account.operators;
    const what = { title: given(name), what: givenWhat, lines: [password], path: '/operators' };
    return <ShownOncePage {...page} {...what} />;
  };
  return new Hono<VisitorEnv>()
    .get('/operators', allow('operator.read'), async (c) => {
      const actor = actorOn(c);
      const asker = askerOf(actor);
      const all = await operators.list(asker.scope);
      const known = await vendors.list(asker.scope);
      const who = {
        self: actor.id,
        mayWrite: may(actor, 'operator.write'),
        everyVendor: actor.vendorId === undefined,
        roles: ROLES.filter((role) => mayGive(asker, role, actor.vendorId)),
      };
      const page = pageOf(c, deps);
      return c.html(<OperatorsPage {...page} {...who} operators={all} vendors={known} />);
    })
    .post('/operators', allow('operator.write'), async (c) => {
      const field = await fieldsOf(c);
      const vendorId = field('vendor') === '' ? undefined : field('vendor');
      const wanted = { name: field('name'), role: field('role'), vendorId };
      const given = await directory.addOperator(askerOf(actorOn(c)), wanted);
      return c.html(shown(pageOf(c, deps), given));
    })
    .post('/operators/:id', allow('operator.write'), async (c) => {
      const field = await fieldsOf(c);
      const role = field('role') === '' ? undefined : parseRole(field('role'));
      const disabled = field('disabled') === '' ? undefined : field('disabled') === 'yes';
      const edit = { id: idOf(c), revision: revisionOf(field('revision')), role, disabled };
      await directory.editOperator(askerOf(actorOn(c)), edit);
      return goTo(c, '/operators');
    })
    .post('/operators/:id/reset', allow('operator.write'), async (c) => {
      const given = await directory.resetOperator(askerOf(actorOn(c)), idOf(c));
      return c.html(shown(pageOf(c, deps), given));
    });
};
