import type { Event } from '../domain/event.ts';
import type { OfferStanding } from '../domain/offer.ts';
import { Field, Refusal } from './form.tsx';
import { shopWords } from './shop-words.ts';
import type { View } from './view.ts';
import { VisitorForm, VisitorLayout, type VisitorPage } from './visitor-layout.tsx';

interface ApplyProps extends VisitorPage {
  readonly event: Event;
  readonly offers: readonly OfferStanding[];
}

/** What is on sale for an event, and how many of it one wants. */
export const ApplyPage = (props: ApplyProps) => {
  const { view, formToken, refused, event, offers } = props;
  const { apply, notice } = shopWords(view.format.language);
  const path = `/apply/${event.id}`;
  const sells = offers.some(({ free }) => free > 0);
  const over = event.archivedAt !== undefined;
  return (
    <VisitorLayout {...props} title={`${event.name} – ${apply.title}`} path={path}>
      <h1 class="page-title">{event.name}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>{notice.starts(view.format.date(event.startsAt))}</p>
        <h2>{apply.title}</h2>
        {over && <p class="notice">{apply.over}</p>}
        {!over && !sells && (
          <p class="notice">{offers.length === 0 ? apply.none : apply.soldOut}</p>
        )}
        {sells && <p>{apply.cardFirst}</p>}
        {sells && (
          <VisitorForm view={view} action={path} formToken={formToken}>
            {offers.map((offer) => (
              <Choose view={view} offer={offer} />
            ))}
            <button type="submit">{apply.send}</button>
          </VisitorForm>
        )}
      </section>
      <CodeSection {...props} />
    </VisitorLayout>
  );
};

const Choose = ({ view, offer }: { view: View; offer: OfferStanding }) => {
  const { apply, yen } = shopWords(view.format.language);
  const { id, category, priceYen, perCard, free } = offer;
  const { format } = view;
  const most = Math.min(perCard, free);
  return (
    <p class="field offer">
      <label for={`offer-${id}`}>{apply.count(category)}</label>
      <span id={`hint-${id}`}>
        {[
          yen(format.number(priceYen)),
          free === 0 ? apply.soldOut : apply.left(format.number(free)),
          apply.perCard(format.number(perCard)),
        ].join(' · ')}
      </span>
      <select
        id={`offer-${id}`}
        name={`offer-${id}`}
        aria-describedby={`hint-${id}`}
        disabled={most === 0}
      >
        {Array.from({ length: most + 1 }, (_, count) => (
          <option value={String(count)}>{format.number(count)}</option>
        ))}
      </select>
    </p>
  );
};

const CodeSection = ({ view, formToken }: VisitorPage) => {
  const { apply } = shopWords(view.format.language);
  return (
    <section>
      <h2>{apply.haveCode}</h2>
      <VisitorForm view={view} action="/apply/standing" formToken={formToken}>
        <Field label={apply.code} name="code" hint={apply.codeHint} />
        <button type="submit" class="second">
          {apply.show}
        </button>
      </VisitorForm>
    </section>
  );
};

/** Whoever comes with a code alone. */
export const CodeEntryPage = (props: VisitorPage) => {
  const { standing } = shopWords(props.view.format.language);
  return (
    <VisitorLayout {...props} title={standing.title} path="/apply/standing">
      <h1 class="page-title">{standing.title}</h1>
      <Refusal view={props.view} code={props.refused} />
      <CodeSection {...props} />
    </VisitorLayout>
  );
};
