import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import type { Directory } from '../../domain/directory.ts';
import { Scope } from '../../domain/permission.ts';
import { unknownVendor, type Vendor, type VendorStore } from '../../domain/vendor.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, body, Id, IdParam, json, Moment, moment, PROBLEMS, Revision } from './schema.ts';

const Shown = z
  .object({ id: Id, name: z.string(), createdAt: Moment, revision: Revision })
  .openapi('Vendor');

const list = createRoute({
  method: 'get',
  path: '/api/v1/vendors',
  summary: 'The vendors that you may see',
  ...access('vendor.read'),
  responses: { 200: json(z.object({ vendors: z.array(Shown) }), 'the vendors'), ...PROBLEMS },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/vendors/{id}',
  summary: 'One vendor',
  ...access('vendor.read'),
  request: { params: IdParam },
  responses: { 200: json(Shown, 'the vendor'), ...PROBLEMS },
});

const add = createRoute({
  method: 'post',
  path: '/api/v1/vendors',
  summary: 'Adds a vendor',
  ...access('vendor.write'),
  request: body(z.strictObject({ name: z.string() })),
  responses: { 201: json(Shown, 'the vendor'), ...PROBLEMS },
});

const rename = createRoute({
  method: 'patch',
  path: '/api/v1/vendors/{id}',
  summary: 'Renames a vendor',
  ...access('vendor.write'),
  request: { params: IdParam, ...body(z.strictObject({ name: z.string(), revision: Revision })) },
  responses: { 200: json(Shown, 'the vendor'), ...PROBLEMS },
});

export interface VendorApiDeps {
  readonly vendors: VendorStore;
  readonly directory: Directory;
}

export const vendorApi = ({ vendors, directory }: VendorApiDeps) => {
  const found = async (scope: Scope, id: string) => {
    const vendor = await vendors.find(scope, id);
    if (!vendor) throw unknownVendor();
    return shown(vendor);
  };
  return new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const all = await vendors.list(Scope.of(actorOn(c)));
      return c.json({ vendors: all.map(shown) }, 200);
    })
    .openapi(read, async (c) =>
      c.json(await found(Scope.of(actorOn(c)), c.req.valid('param').id), 200),
    )
    .openapi(add, async (c) => {
      const { name } = c.req.valid('json');
      return c.json(shown(await directory.addVendor(askerOf(actorOn(c)), name)), 201);
    })
    .openapi(rename, async (c) => {
      const { id } = c.req.valid('param');
      const asker = askerOf(actorOn(c));
      await directory.renameVendor(asker, { id, ...c.req.valid('json') });
      return c.json(await found(asker.scope, id), 200);
    });
};

const shown = ({ createdAt, ...vendor }: Vendor) => ({ ...vendor, createdAt: moment(createdAt) });
