import type { Vendor } from '../domain/vendor.ts';
import { Field, Form, Refusal } from './form.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface VendorsProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly vendors: readonly Vendor[];
  readonly mayWrite: boolean;
}

export const VendorsPage = (props: VendorsProps) => {
  const { view, assets, now, refused, vendors, mayWrite } = props;
  const text = view.text.account.vendors;
  return (
    <Layout view={view} assets={assets} title={text.title} now={now} path="/vendors">
      <h1 class="page-title">{text.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        {vendors.length === 0 && <p class="quiet">{text.empty}</p>}
        <ul class="cards">
          {vendors.map(({ id, name, revision }) => (
            <li>
              <h2>{name}</h2>
              <p class="id">{id}</p>
              {mayWrite && (
                <details>
                  <summary>{text.change(name)}</summary>
                  <Form view={view} action={`/vendors/${id}`}>
                    <input type="hidden" name="revision" value={String(revision)} />
                    <Field id={`name-${id}`} label={text.name} name="name" value={name} />
                    <button type="submit">{text.rename}</button>
                  </Form>
                </details>
              )}
            </li>
          ))}
        </ul>
      </section>
      {mayWrite && (
        <section>
          <h2>{text.add}</h2>
          <Form view={view} action="/vendors">
            <Field label={text.name} name="name" />
            <button type="submit">{text.add}</button>
          </Form>
        </section>
      )}
    </Layout>
  );
};
