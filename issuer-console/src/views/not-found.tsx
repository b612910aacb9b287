import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface NotFoundProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
}

export const NotFoundPage = ({ view, assets, now }: NotFoundProps) => (
  <Layout view={view} assets={assets} title={view.text.notFound} now={now}>
    <section>
      <h1>{view.text.notFound}</h1>
      <p>
        <a href={`/?lang=${view.format.language}`}>{view.text.notFoundNext}</a>
      </p>
    </section>
  </Layout>
);
