import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import type { Directory, GivenAccount } from '../../domain/directory.ts';
import { type Operator, type OperatorStore, unknownOperator } from '../../domain/operator.ts';
import { Scope } from '../../domain/permission.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import {
  access,
  body,
  Id,
  IdParam,
  json,
  Moment,
  moment,
  momentOf,
  PROBLEMS,
  Revision,
  RoleName,
} from './schema.ts';

const Shown = z
  .object({
    id: Id,
    name: z.string(),
    role: RoleName,
    vendorId: Id.optional(),
    createdAt: Moment,
    disabledAt: Moment.optional(),
    revision: Revision,
    passwordGiven: z.boolean(),
    totp: z.boolean(),
    passkeys: z.int(),
  })
  .openapi('Operator');

const Given = z
  .object({ id: Id, name: z.string(), password: z.string(), until: Moment })
  .openapi('GivenAccount', { description: 'The password is shown once, and has to be changed.' });

const list = createRoute({
  method: 'get',
  path: '/api/v1/operators',
  summary: 'The operators that you may see',
  ...access('operator.read'),
  responses: { 200: json(z.object({ operators: z.array(Shown) }), 'the operators'), ...PROBLEMS },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/operators/{id}',
  summary: 'One operator',
  ...access('operator.read'),
  request: { params: IdParam },
  responses: { 200: json(Shown, 'the operator'), ...PROBLEMS },
});

const add = createRoute({
  method: 'post',
  path: '/api/v1/operators',
  summary: 'Adds an operator, with a password that is shown once',
  ...access('operator.write'),
  request: body(z.strictObject({ name: z.string(), role: RoleName, vendorId: Id.optional() })),
  responses: { 201: json(Given, 'the account'), ...PROBLEMS },
});

const edit = createRoute({
  method: 'patch',
  path: '/api/v1/operators/{id}',
  summary: 'Gives another role, disables or enables; ends the sessions of that operator',
  ...access('operator.write'),
  request: {
    params: IdParam,
    ...body(
      z.strictObject({
        revision: Revision,
        role: RoleName.optional(),
        disabled: z.boolean().optional(),
      }),
    ),
  },
  responses: { 200: json(Shown, 'the operator'), ...PROBLEMS },
});

const reset = createRoute({
  method: 'post',
  path: '/api/v1/operators/{id}/reset',
  summary: 'Takes password and second factor away, and gives a password that is shown once',
  ...access('operator.write'),
  request: { params: IdParam },
  responses: { 200: json(Given, 'the account'), ...PROBLEMS },
});

export interface OperatorApiDeps {
  readonly operators: OperatorStore;
  readonly directory: Directory;
}

export const operatorApi = ({ operators, directory }: OperatorApiDeps) => {
  const found = async (scope: Scope, id: string) => {
    const operator = await operators.find(scope, id);
    if (!operator) throw unknownOperator();
    return shown(operator);
  };
  return new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const all = await operators.list(Scope.of(actorOn(c)));
      return c.json({ operators: all.map(shown) }, 200);
    })
    .openapi(read, async (c) =>
      c.json(await found(Scope.of(actorOn(c)), c.req.valid('param').id), 200),
    )
    .openapi(add, async (c) => {
      const { name, role, vendorId } = c.req.valid('json');
      const wanted = { name, role, vendorId };
      return c.json(given(await directory.addOperator(askerOf(actorOn(c)), wanted)), 201);
    })
    .openapi(edit, async (c) => {
      const { id } = c.req.valid('param');
      const asker = askerOf(actorOn(c));
      await directory.editOperator(asker, { id, ...c.req.valid('json') });
      return c.json(await found(asker.scope, id), 200);
    })
    .openapi(reset, async (c) => {
      const { id } = c.req.valid('param');
      return c.json(given(await directory.resetOperator(askerOf(actorOn(c)), id)), 200);
    });
};

const shown = ({ createdAt, disabledAt, ...operator }: Operator) => ({
  ...operator,
  createdAt: moment(createdAt),
  disabledAt: momentOf(disabledAt),
});

const given = ({ until, ...account }: GivenAccount) => ({ ...account, until: moment(until) });
