import type { BuyerStanding } from '../domain/buyer.ts';
import { Icon } from './icon.tsx';
import type { SeatWords, ShopMessages } from './shop-messages.ts';
import { shopWords } from './shop-words.ts';
import type { View } from './view.ts';
import { VisitorForm, VisitorLayout, type VisitorPage } from './visitor-layout.tsx';

interface StandingProps extends VisitorPage {
  readonly standing: BuyerStanding;
  readonly code: string;
  /** The code is new: the page says that it is shown once. */
  readonly fresh: boolean;
  /** Of this console, as the program with the reader asks it. */
  readonly origin: string;
}

/** An application, from the choice to the completion notice. */
export const StandingPage = (props: StandingProps) => {
  const { view, standing, code, fresh } = props;
  const { application, event, state } = standing;
  const words = shopWords(view.format.language);
  const waits = state === 'open' || state === 'pending' || (state === 'paid' && !standing.listed);
  const title = state === 'paid' ? words.notice.title : words.standing.title;
  return (
    <VisitorLayout
      {...props}
      title={`${event.name} – ${title}`}
      path="/apply/standing"
      fields={{ code }}
      live={waits}
    >
      <h1 class="page-title">{title}</h1>
      <section>
        <h2>{event.name}</h2>
        <p>{words.notice.starts(view.format.date(event.startsAt))}</p>
        <State {...props} />
        {fresh && <Code words={words} code={code} />}
      </section>
      {state === 'open' && <Present {...props} />}
      {state === 'pending' && <Pay {...props} />}
      {state === 'paid' && <Notice {...props} />}
      {application.seats.length > 0 && <Seats view={view} standing={standing} />}
      {(state === 'expired' || state === 'cancelled') && (
        <p>
          <a href={`/apply/${event.id}?lang=${view.format.language}`}>{words.standing.again}</a>
        </p>
      )}
    </VisitorLayout>
  );
};

const SHAPES = {
  open: 'resting',
  pending: 'warning',
  paid: 'good',
  expired: 'refused',
  cancelled: 'refused',
} as const;

/** The state, in words and a shape; the island asks for it and has the page made anew where it changed. */
const State = ({ view, formToken, standing: { state, listed }, code }: StandingProps) => {
  const { standing: words } = shopWords(view.format.language);
  return (
    <>
      <p class="standing" role="status" id="standing" data-state={`${state} ${listed}`}>
        <Icon shape={SHAPES[state]} />
        <strong>{words.states[state]}</strong> {words.what[state]}
      </p>
      <VisitorForm
        view={view}
        action="/apply/standing"
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
    </>
  );
};

const Code = ({ words, code }: { words: ShopMessages; code: string }) => (
  <div class="notice">
    <h3>{words.standing.codeShown}</h3>
    <p class="secret">{code}</p>
    <p>{words.standing.codeWhat}</p>
  </div>
);

const Present = ({ view, standing: { application }, origin }: StandingProps) => {
  const { standing: words } = shopWords(view.format.language);
  return (
    <section>
      <h2>{words.present}</h2>
      <p>{words.until(view.format.moment(application.expiresAt))}</p>
      <p>{words.presentWhat}</p>
      <p class="secret">{presentCommand(origin)}</p>
      <p>{words.presentOwn}</p>
    </section>
  );
};

/** The code is typed there, not written here: what is typed in a command stands in its history. */
export const presentCommand = (origin: string) => `gate present --console ${origin}`;

const Pay = ({ view, formToken, standing: { application }, code }: StandingProps) => {
  const words = shopWords(view.format.language);
  const { format } = view;
  return (
    <section>
      <h2>{words.slip.title}</h2>
      <dl class="facts">
        <dt>{words.slip.amount}</dt>
        <dd>{words.yen(format.number(application.totalYen))}</dd>
        <dt>{words.slip.due}</dt>
        <dd>{application.dueAt !== undefined && format.date(application.dueAt)}</dd>
      </dl>
      <VisitorForm view={view} action="/apply/slip" formToken={formToken} fields={{ code }}>
        <button type="submit">{words.slip.open}</button>
      </VisitorForm>
    </section>
  );
};

const Notice = ({ view: { format }, standing: { event, listed, checkCode } }: StandingProps) => {
  const { notice, check } = shopWords(format.language);
  const { from, until } = event.admission;
  return (
    <section>
      <h2>{notice.bring}</h2>
      <p>{notice.bringWhat}</p>
      <p>{notice.admission(format.moment(from), format.moment(until))}</p>
      <p>{listed ? notice.listed : notice.notListed}</p>
      {checkCode !== undefined && (
        <>
          <h2>{notice.checkCode}</h2>
          <p class="secret">{checkCode}</p>
          <p>{notice.checkWhat}</p>
          <p>
            <a href={`/check?lang=${format.language}`}>{check.title}</a>
          </p>
        </>
      )}
    </section>
  );
};

const Seats = ({ view, standing }: { view: View; standing: BuyerStanding }) => {
  const words = shopWords(view.format.language);
  const { seats, totalYen, purchaseId } = standing.application;
  return (
    <section>
      <h2>{words.standing.tickets}</h2>
      <ul class="cards">
        {seats.map((seat) => (
          <li>
            <h3>{seat.category}</h3>
            <p>{words.standing.seat(seat satisfies SeatWords)}</p>
          </li>
        ))}
      </ul>
      <dl class="facts">
        <dt>{words.standing.total}</dt>
        <dd>{words.yen(view.format.number(totalYen))}</dd>
        <dt>{words.standing.purchaseId}</dt>
        <dd>{purchaseId}</dd>
      </dl>
    </section>
  );
};
