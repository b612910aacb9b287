import { raw } from 'hono/html';
import type { Invited } from '../domain/office.ts';
import { Commands } from './key-parts.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

interface InvitationProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly invited: Invited;
  /** SVG of the token. */
  readonly qr: string;
  /** Where gates reach this console. */
  readonly origin: string;
}

/** The one page that ever shows the token: to be printed and carried to the gate. */
export const InvitationPage = ({ view, assets, now, invited, qr, origin }: InvitationProps) => {
  const { text, format } = view;
  const words = text.keyPages.sheet;
  const { name, token, gateId, expiresAt } = invited;
  const [carry, run, read, destroy] = words.steps;
  return (
    <Layout view={view} assets={assets} title={words.title(name)} now={now} path="/gates">
      <article class="sheet">
        <h1 class="page-title">{words.title(name)}</h1>
        <p class="notice no-print">{words.once}</p>
        <div class="sheet-token">
          <div>
            <h2>{words.token}</h2>
            <p class="secret">{token}</p>
            <p>{words.until(format.date(expiresAt))}</p>
          </div>
          <figure class="qr">
            <div role="img" aria-label={words.qr}>
              {raw(qr)}
            </div>
            <figcaption>{words.qr}</figcaption>
          </figure>
        </div>
        <ol class="plain-steps">
          <li>{carry}</li>
          <li>
            {run}
            <Commands
              label={text.keyPages.command}
              lines={[`gate enrol --config gate.toml --console ${origin}`]}
            />
          </li>
          <li>
            {read}
            <p class="blank">{`${words.code}: ____ - ____ - ____`}</p>
          </li>
          <li>{destroy}</li>
        </ol>
        <p class="id-inline">{gateId}</p>
      </article>
      <p class="no-print">
        {words.print} <a href={`/gates/${gateId}?lang=${format.language}`}>{words.open}</a>
      </p>
    </Layout>
  );
};
