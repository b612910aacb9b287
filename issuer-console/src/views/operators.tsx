import type { Operator } from '../domain/operator.ts';
import { ROLES, type Role } from '../domain/permission.ts';
import type { Vendor } from '../domain/vendor.ts';
import { Choice, Field, Form, Refusal } from './form.tsx';
import { Icon } from './icon.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface OperatorsProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly operators: readonly Operator[];
  readonly vendors: readonly Vendor[];
  /** Whoever looks: nobody changes their own role. */
  readonly self: string;
  readonly mayWrite: boolean;
  /** What they may give. */
  readonly roles: readonly Role[];
  /** Works for no vendor, and may add people for any. */
  readonly everyVendor: boolean;
}

export const OperatorsPage = (props: OperatorsProps) => {
  const { view, assets, now, refused, operators, mayWrite } = props;
  const text = view.text.account.operators;
  return (
    <Layout view={view} assets={assets} title={text.title} now={now} path="/operators">
      <h1 class="page-title">{text.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <h2>{text.all(operators.length)}</h2>
        <ul class="cards">
          {operators.map((operator) => (
            <OperatorCard {...props} operator={operator} />
          ))}
        </ul>
      </section>
      {mayWrite && <AddOperator {...props} />}
    </Layout>
  );
};

const OperatorCard = (props: OperatorsProps & { readonly operator: Operator }) => {
  const { view, operator, vendors, self, mayWrite, roles } = props;
  const text = view.text.account;
  const { id, name, role, disabledAt, revision } = operator;
  const vendor = vendors.find((one) => one.id === operator.vendorId);
  const path = `/operators/${id}`;
  const given = operator.vendorId === undefined ? roles : roles.filter(isOfVendor);
  return (
    <li>
      <h3>{name}</h3>
      <p>
        <Icon shape={disabledAt === undefined ? 'good' : 'resting'} />
        {[text.roles[role], vendor?.name, factor(operator, view)].filter(Boolean).join(' · ')}
        {disabledAt !== undefined && ` · ${text.operators.disabled}`}
      </p>
      {mayWrite && id !== self && (
        <details>
          <summary>{text.operators.change(name)}</summary>
          <Form view={view} action={path}>
            <input type="hidden" name="revision" value={String(revision)} />
            <Choice
              id={`role-${id}`}
              label={text.operators.role}
              name="role"
              chosen={role}
              options={given.map((one) => [one, text.roles[one]])}
            />
            <button type="submit">{text.operators.setRole}</button>
          </Form>
          <Form view={view} action={path}>
            <input type="hidden" name="revision" value={String(revision)} />
            <input type="hidden" name="disabled" value={disabledAt === undefined ? 'yes' : 'no'} />
            <button type="submit" class="second">
              {disabledAt === undefined ? text.operators.disable : text.operators.enable}
            </button>
          </Form>
          <Form view={view} action={`${path}/reset`}>
            <p>{text.operators.resetWhat}</p>
            <button type="submit" class="second">
              {text.operators.reset}
            </button>
          </Form>
        </details>
      )}
    </li>
  );
};

function factor({ totp, passkeys, passwordGiven }: Operator, { text }: View): string {
  const { factors } = text.account.operators;
  if (passwordGiven) return factors.given;
  if (passkeys > 0) return factors.passkey;
  return totp ? factors.totp : factors.password;
}

const isOfVendor = (role: Role) => role !== 'issuer-admin';

const AddOperator = ({ view, vendors, roles, everyVendor }: OperatorsProps) => {
  const text = view.text.account;
  const of: [string, string][] = vendors.map(({ id, name }) => [id, name]);
  return (
    <section>
      <h2>{text.operators.add}</h2>
      <Form view={view} action="/operators">
        <Field label={text.name} name="name" hint={text.operators.nameHint} />
        <Choice
          label={text.operators.role}
          name="role"
          options={ROLES.filter((role) => roles.includes(role)).map((role) => [
            role,
            text.roles[role],
          ])}
        />
        <Choice
          label={text.vendors.one}
          name="vendor"
          options={everyVendor ? [['', text.vendors.none], ...of] : of}
        />
        <button type="submit">{text.operators.add}</button>
      </Form>
    </section>
  );
};
