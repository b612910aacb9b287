import { type CeremonyLog, stepsOfEvent } from '../domain/ceremony.ts';
import type { GateHolding, KeyReport } from '../domain/key-report.ts';
import { EventKeysView } from './event-keys.tsx';
import { Form } from './form.tsx';
import { LogSteps } from './key-institution.tsx';
import { holdingText, STAGE_SHAPES, Warnings } from './key-list.tsx';
import { type Arrival, ArrivalNotice, Bring, Commands, Mark, Step } from './key-parts.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

interface KeyEventProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly report: KeyReport;
  readonly logs: readonly CeremonyLog[];
  readonly arrival: Arrival;
  readonly mayWrite: boolean;
  readonly hasPublishers: boolean;
}

/** The way of one event's key, from the gates that are to have it to its destruction. */
export const KeyEventPage = (props: KeyEventProps) => {
  const { view, assets, now, report, arrival } = props;
  const { text, format } = view;
  const words = text.keyPages;
  const { event, stage, gates } = report;
  const { admission } = event;
  const title = words.heading(event.name ?? event.id.slice(0, 8));
  const path = `/keys/events/${event.id}`;
  return (
    <Layout view={view} assets={assets} title={title} now={now} path={path}>
      <div>
        <h1 class="page-title">{title}</h1>
        <p class="id-inline">{event.id}</p>
        {admission && (
          <p>{words.admission(format.date(admission.from), format.date(admission.until))}</p>
        )}
        <p class="stage">
          <Mark shape={STAGE_SHAPES[stage]}>{words.stages[stage]}</Mark>
          {gates.length > 0 && ` · ${holdingText(view, report, now)}`}
        </p>
        <p>{words.next[stage]}</p>
        <Warnings view={view} report={report} />
      </div>
      <ArrivalNotice view={view} arrival={arrival} />
      <ol class="steps">
        <Step id="gates" words={words.gates}>
          <Gates view={view} gates={gates} />
        </Step>
        <Wrapping {...props} path={path} />
        <Step id="delivery" words={words.delivery}>
          {report.keys.length === 0 ? (
            <p class="quiet">{text.keys.none}</p>
          ) : (
            <EventKeysView view={view} keys={report.keys} now={now} />
          )}
        </Step>
        {report.keys.length > 0 && (
          <Step id="renew" words={words.renew}>
            <Commands label={words.atModule} lines={wrapCommands(report, now)} />
          </Step>
        )}
        <Ending {...props} path={path} />
      </ol>
    </Layout>
  );
};

const Wrapping = (props: KeyEventProps & { readonly path: string }) => {
  const { view, report, path, mayWrite, hasPublishers, now } = props;
  const words = view.text.keyPages;
  return (
    <>
      {report.keys.length === 0 && (
        <Step id="wrap" words={words.wrap}>
          <Commands label={words.atModule} lines={wrapCommands(report, now)} />
        </Step>
      )}
      <Step id="envelopes" words={words.envelopes}>
        {!hasPublishers && <p class="notice">{words.noPublishers}</p>}
        {mayWrite && hasPublishers && <Bring view={view} path={`${path}/files`} kind="envelopes" />}
      </Step>
    </>
  );
};

const Gates = ({ view, gates }: { view: View; gates: readonly GateHolding[] }) => {
  const { text, format } = view;
  const words = text.keyPages;
  if (gates.length === 0) return <p class="quiet">{words.gatesNone}</p>;
  return (
    <table class="holdings">
      <thead>
        <tr>
          <th scope="col">{words.gate}</th>
          <th scope="col">{words.comparison}</th>
          <th scope="col">{words.gateKey}</th>
        </tr>
      </thead>
      <tbody>
        {gates.map(({ gateId, name, compared, wrappable }) => (
          <tr>
            <th scope="row">
              <a href={`/gates/${gateId}?lang=${format.language}`}>{name}</a>
              <span class="id">{gateId.slice(0, 8)}</span>
            </th>
            <td class="state">
              {compared ? (
                <Mark shape="good">{words.compared}</Mark>
              ) : (
                <Mark shape="warning">{words.notCompared}</Mark>
              )}
            </td>
            <td data-label={words.gateKey}>
              {wrappable ? (
                <a href={`/gates/${gateId}/gate-key`} download={`${gateId}.gate-key`}>
                  {words.gateKeyOf(name)}
                </a>
              ) : (
                <span class="quiet">{words.gateKeyMissing}</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const Ending = (props: KeyEventProps & { readonly path: string }) => {
  const { view, report, path, logs, mayWrite } = props;
  const words = view.text.keyPages;
  const { event, stage, keys } = report;
  const asked = keys.length > 0 && keys.every(({ orderedAt }) => orderedAt !== undefined);
  const steps = logs.flatMap((log) => stepsOfEvent(log, event.id));
  return (
    <>
      <Step id="destroy" words={words.destroy}>
        {asked && stage !== 'destroyed' && <p role="status">{words.ordered}</p>}
        {mayWrite && !asked && keys.length > 0 && (
          <Form view={view} action={`${path}/destroy`} class="inline">
            <button type="submit" class="second">
              {words.order}
            </button>
          </Form>
        )}
      </Step>
      {keys.length > 0 && (
        <Step id="records" words={words.records}>
          <Commands
            label={words.gate}
            lines={[`gate keys destroy --event ${event.id} --config gate.toml`]}
          />
          {mayWrite && <Bring view={view} path={`${path}/files`} kind="destruction" />}
        </Step>
      )}
      <Step id="issuer" words={words.atIssuer}>
        <Commands
          label={words.atModule}
          lines={[`hsm event-key destroy --event ${event.id} --config issuer/hsm.toml`]}
        />
        <h3>{words.eventSteps}</h3>
        <LogSteps view={view} steps={steps} />
      </Step>
    </>
  );
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** With this event's id, the next generation, and a window that begins today and ends a day after admission. */
function wrapCommands({ event, generation }: KeyReport, now: number): string[] {
  const of = `--event ${event.id} --generation ${generation + 1}`;
  const config = '--config issuer/hsm.toml';
  const from = minute(now - (now % DAY_MS));
  const after = (event.admission?.until ?? now + 29 * DAY_MS) + DAY_MS;
  const until = minute(Math.ceil(after / HOUR_MS) * HOUR_MS);
  return [
    `hsm event-key new ${of} --transportable ${config}`,
    `hsm event-key wrap ${of} --from ${from} --until ${until} \\`,
    `  --out envelopes --so-pin-file issuer/so-pin ${config} recipients/*.gate-key`,
  ];
}

const minute = (at: number) => `${new Date(at).toISOString().slice(0, 16)}Z`;
