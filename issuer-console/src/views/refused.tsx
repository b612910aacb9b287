import { Refusal } from './form.tsx';
import { Layout } from './layout.tsx';
import type { NotFoundProps } from './not-found.tsx';

/** A page that is there, and not for whoever asks. */
export const RefusedPage = ({ view, assets, now, code }: NotFoundProps & { code: string }) => (
  <Layout view={view} assets={assets} title={view.text.account.own} now={now} path="/account">
    <section>
      <h1>{view.text.account.own}</h1>
      <Refusal view={view} code={code} />
      <p>
        <a href={`/home?lang=${view.format.language}`}>{view.text.account.homeward}</a>
      </p>
    </section>
  </Layout>
);
