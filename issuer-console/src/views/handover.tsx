import type { Event } from '../domain/event.ts';
import { type Handover, hasExpired } from '../domain/handover.ts';
import type { GateArrival, StepView } from '../domain/handover-times.ts';
import { Field, Form, Refusal } from './form.tsx';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import { shopWords } from './shop-words.ts';
import type { View } from './view.ts';

interface HandoverProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly event: Event;
  readonly handover: Handover;
  readonly steps: readonly StepView[];
  readonly mayChange: boolean;
  /** May look at evidence. */
  readonly mayAudit: boolean;
}

export const HandoverPage = (props: HandoverProps) => {
  const { view, assets, now, refused, event, handover, steps, mayChange, mayAudit } = props;
  const { text, format } = view;
  const words = text.handovers;
  const path = `/handovers/${handover.id}`;
  const title = words.kinds[handover.kind];
  return (
    <Layout view={view} assets={assets} title={title} now={now} path={path} live={`${path}/live`}>
      <h1 class="page-title">{title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>
          <a href={`/events/${event.id}?lang=${format.language}`}>{event.name}</a>
        </p>
        <p role="status">{standing(view, handover, now)}</p>
        <PurchaseLink view={view} label={words.purchase} of={handover} id={handover.purchaseId} />
        {handover.toPurchaseId !== undefined && (
          <PurchaseLink
            view={view}
            label={words.madePurchase}
            of={handover}
            id={handover.toPurchaseId}
          />
        )}
        {mayAudit && <EvidenceLink view={view} handover={handover} />}
      </section>
      <section id="steps">
        <Steps view={view} steps={steps} />
      </section>
      {mayChange && handover.state === 'waiting' && (
        <Acts view={view} event={event} handover={handover} />
      )}
    </Layout>
  );
};

export function standing({ text, format }: View, handover: Handover, now: number): string {
  const { states, until, begun } = text.handovers;
  const state = hasExpired(handover, now) ? 'expired' : handover.state;
  const { codeUntil, begunAt } = handover;
  const good = state === 'waiting' && codeUntil !== undefined;
  return [
    states[state],
    good ? until(format.moment(codeUntil)) : begun(format.moment(begunAt)),
  ].join(' · ');
}

interface LinkProps {
  readonly view: View;
  readonly label: string;
  readonly of: Handover;
  readonly id: string;
}

const PurchaseLink = ({ view, label, of, id }: LinkProps) => {
  const to = `/events/${of.eventId}/purchases/${encodeURIComponent(id)}`;
  return (
    <p>
      {`${label}: `}
      <a href={`${to}?lang=${view.format.language}`} class="id">
        {id}
      </a>
    </p>
  );
};

/** To the page that verifies it, where that one looks is noted. */
const EvidenceLink = ({ view, handover }: Pick<HandoverProps, 'view' | 'handover'>) => {
  const { evidence: words } = shopWords(view.format.language);
  const { evidenceId } = handover;
  if (evidenceId === undefined) return null;
  return (
    <Form view={view} action="/evidence" class="inline">
      <p>
        {`${words.id}: `}
        <span class="id">{evidenceId}</span>
      </p>
      <input type="hidden" name="evidence" value={evidenceId} />
      <button type="submit" class="second">
        {words.open}
      </button>
    </Form>
  );
};

/** The seconds of each change of the list, as far as they are known. */
export const Steps = ({ view, steps }: { view: View; steps: readonly StepView[] }) => {
  const words = view.text.handovers;
  if (steps.length === 0) return null;
  return (
    <>
      <h2>{words.steps}</h2>
      {steps.map((step) => (
        <StepTable view={view} step={step} />
      ))}
    </>
  );
};

const StepTable = ({ view, step }: { view: View; step: StepView }) => {
  const words = view.text.handovers;
  const { askedAt, keptAt, list } = step;
  const stuck = list && ['failed', 'withdrawn', 'waiting-approval'].includes(list.state);
  return (
    <>
      <table>
        <caption>{words.stepNames[step.step]}</caption>
        <tbody>
          <tr>
            <th scope="row">{words.clicked}</th>
            <td>
              <time datetime={isoTime(askedAt)}>{view.format.time(askedAt, askedAt)}</time>
            </td>
          </tr>
          <After view={view} label={words.kept} at={keptAt} from={askedAt} />
          {list && (
            <>
              <After view={view} label={words.built} at={list.builtAt} from={askedAt} />
              <After view={view} label={words.published} at={list.publishedAt} from={askedAt} />
              {list.gates.map(({ name, toldAt }: GateArrival) => (
                <After view={view} label={`${words.gate} ${name}`} at={toldAt} from={askedAt} />
              ))}
              <After view={view} label={words.atGates} at={list.atGatesAt} from={askedAt} />
            </>
          )}
        </tbody>
      </table>
      {!list && <p class="quiet">{words.noList}</p>}
      {stuck && <p class="notice">{words.listFailed(list.state)}</p>}
    </>
  );
};

interface AfterProps {
  readonly view: View;
  readonly label: string;
  readonly at: number | undefined;
  readonly from: number;
}

const After = ({ view: { text }, label, at, from }: AfterProps) => (
  <tr>
    <th scope="row">{label}</th>
    <td>{at === undefined ? text.handovers.notYet : text.handovers.after(seconds(at - from))}</td>
  </tr>
);

/** A gate's clock may be a little before ours. */
const seconds = (ms: number) => (Math.max(0, ms) / 1000).toFixed(1);

const Acts = ({ view, event, handover }: Pick<HandoverProps, 'view' | 'event' | 'handover'>) => {
  const words = view.text.handovers;
  const path = `/handovers/${handover.id}`;
  const open = event.archivedAt === undefined;
  return (
    <section>
      <h2>{words.more}</h2>
      {open && (
        <Form view={view} action={`${path}/code`}>
          <Field label={words.hours} name="hours" type="number" value="72" />
          <button type="submit">{words.newCode}</button>
        </Form>
      )}
      {open && handover.kind === 'resale' && (
        <Form view={view} action={`${path}/buyer`}>
          <Field label={words.buyer} name="buyer" hint={words.buyerHint} />
          <button type="submit">{words.bind}</button>
        </Form>
      )}
      <Form view={view} action={`${path}/withdraw`}>
        <button type="submit">{words.withdraw}</button>
      </Form>
    </section>
  );
};
