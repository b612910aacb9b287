import type { CheckStanding } from '../domain/buyer.ts';
import { CARD_ANSWERS } from '../domain/card-check.ts';
import { Field, Refusal } from './form.tsx';
import { Icon } from './icon.tsx';
import { shopWords } from './shop-words.ts';
import { presentCommand } from './standing.tsx';
import { VisitorForm, VisitorLayout, type VisitorPage } from './visitor-layout.tsx';

/** "Will my card open the gate?" */
export const CheckPage = (props: VisitorPage) => {
  const { view, formToken, refused } = props;
  const { check, apply } = shopWords(view.format.language);
  return (
    <VisitorLayout {...props} title={check.title} path="/check">
      <h1 class="page-title">{check.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>{check.what}</p>
        <VisitorForm view={view} action="/check" formToken={formToken}>
          <Field label={apply.code} name="code" hint={apply.codeHint} />
          <button type="submit">{check.send}</button>
        </VisitorForm>
      </section>
    </VisitorLayout>
  );
};

interface CheckedProps extends VisitorPage {
  readonly standing: CheckStanding;
  readonly code: string;
  readonly origin: string;
}

export const CheckedPage = (props: CheckedProps) => {
  const { view, standing, code, formToken, origin } = props;
  const { check, standing: words } = shopWords(view.format.language);
  const answer = CARD_ANSWERS.find((word) => word === standing.card?.word);
  const state = `${standing.purchase} ${answer ?? ''} ${standing.card?.at ?? ''}`;
  return (
    <VisitorLayout {...props} title={check.title} path="/check" fields={{ code }} live>
      <h1 class="page-title">{check.title}</h1>
      <section>
        <h2>{standing.event.name}</h2>
        <p>{check.purchase[standing.purchase]}</p>
        <div role="status" id="standing" data-state={state} data-asks="checks">
          {standing.card && answer ? (
            <>
              <p class="standing">
                <Icon shape={answer === 'linked' ? 'good' : 'warning'} />
                <strong>{check.cards[answer]}</strong> {check.next[answer]}
              </p>
              <p class="quiet">{check.lastCard(view.format.moment(standing.card.at))}</p>
            </>
          ) : (
            <p>{check.noCard}</p>
          )}
        </div>
        <p class="secret">{presentCommand(origin)}</p>
        <VisitorForm
          view={view}
          action="/check"
          formToken={formToken}
          fields={{ code }}
          class="inline reload"
        >
          <button type="submit" class="second">
            {words.reload}
          </button>
        </VisitorForm>
        <p class="quiet" id="follows" hidden>
          {words.live}
        </p>
      </section>
    </VisitorLayout>
  );
};
