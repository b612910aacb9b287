import { conflictOf, type GateRecord, standingOf } from '../domain/enrolment.ts';
import { codeOf } from '../domain/key-desk.ts';
import type { KeyRecord } from '../domain/keys.ts';
import { GATE_SHAPES } from './enrolled.tsx';
import { EventKeysView } from './event-keys.tsx';
import { Field, Form, Refusal } from './form.tsx';
import { Hash, Mark } from './key-parts.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

interface GateProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly gate: GateRecord;
  readonly keys: readonly KeyRecord[];
  readonly acts: { readonly compare: boolean; readonly revoke: boolean };
}

/** One gate: how it came here, what it stated of itself, and the keys that it was sent. */
export const GatePage = (props: GateProps) => {
  const { view, assets, now, refused, gate, keys, acts } = props;
  const { text, format } = view;
  const words = text.keyPages.gatePage;
  const standing = standingOf(gate, now);
  const path = `/gates/${gate.id}`;
  const mayRevoke = acts.revoke && gate.revokedAt === undefined && gate.withdrawnAt === undefined;
  return (
    <Layout view={view} assets={assets} title={gate.name} now={now} path={path}>
      <div>
        <p>
          <a href={`/gates?lang=${format.language}`}>{words.back}</a>
        </p>
        <h1 class="page-title">{gate.name}</h1>
        <p class="id-inline">{gate.id}</p>
        <p class="stage">
          <Mark shape={GATE_SHAPES[standing]}>{text.enrolled.standings[standing]}</Mark>
        </p>
        {standing === 'invited' && gate.expiresAt !== undefined && (
          <p>{words.waiting(format.moment(gate.expiresAt))}</p>
        )}
      </div>
      <Refusal view={view} code={refused} />
      <Conflict view={view} gate={gate} />
      {gate.deviceKeyId !== undefined && <Compare {...props} path={path} />}
      {gate.deviceKeyId !== undefined && <Statement view={view} gate={gate} />}
      <section>
        <h2>{words.keys}</h2>
        {keys.length === 0 ? (
          <p class="quiet">{words.keysNone}</p>
        ) : (
          <EventKeysView view={view} keys={keys} now={now} />
        )}
      </section>
      {mayRevoke && (
        <section>
          <h2>{text.account.gates.revokeWhat}</h2>
          <Form view={view} action={`${path}/revoke`} class="inline">
            <button type="submit" class="second">
              {text.account.gates.revoke(gate.name)}
            </button>
          </Form>
        </section>
      )}
    </Layout>
  );
};

const Conflict = ({ view: { text, format }, gate }: Pick<GateProps, 'view' | 'gate'>) => {
  const words = text.keyPages.gatePage;
  const { refused } = gate;
  if (refused === undefined) return null;
  const told = words.refused(format.moment(refused.at), words.refusals[refused.reason]);
  if (conflictOf(gate) === undefined) return <p class="notice">{told}</p>;
  return (
    <div class="notice notice-refused" role="alert">
      <p>
        <strong>{words.conflict}</strong>
      </p>
      <p>{told}</p>
      <p>{words.conflictNext}</p>
    </div>
  );
};

const Compare = ({ view, gate, acts, path }: GateProps & { readonly path: string }) => {
  const { text, format } = view;
  const words = text.keyPages.gatePage;
  if (codeOf(gate) === undefined) return null;
  return (
    <section>
      <h2>{words.compare}</h2>
      {gate.comparedAt !== undefined && (
        <p>
          <Mark shape="good">{words.comparedAt(format.moment(gate.comparedAt))}</Mark>
        </p>
      )}
      {gate.comparedAt === undefined && <p>{words.compareWhat}</p>}
      {gate.comparedAt === undefined && acts.compare && (
        <Form view={view} action={`${path}/compare`}>
          <Field label={words.code} name="code" hint={words.codeHint} />
          <button type="submit">{words.send}</button>
        </Form>
      )}
    </section>
  );
};

const Statement = ({ view: { text }, gate }: Pick<GateProps, 'view' | 'gate'>) => {
  const words = text.keyPages.gatePage;
  const { stated, deviceKeyId, eventIds } = gate;
  const module = stated?.module;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [words.events, eventIds.length === 0 ? words.everyEvent : eventIds.join(', ')],
    [words.manufacturer, module?.manufacturer],
    [words.model, module?.model],
    [words.description, module?.description],
    [words.version, module?.version],
    [words.serial, module?.serial],
    [words.program, stated?.software],
    [
      words.capabilities,
      stated && (stated.capabilities.join(', ') || text.enrolled.unwrapsNothing),
    ],
  ];
  return (
    <section>
      <h2>{words.statement}</h2>
      {stated === undefined && <p class="quiet">{words.noStatement}</p>}
      <dl class="pairs">
        {rows.map(([name, value]) =>
          value === undefined ? null : (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ),
        )}
        <dt>{words.deviceKey}</dt>
        <dd>
          <Hash hex={deviceKeyId ?? ''} />
        </dd>
        {stated && (
          <>
            <dt>{words.transportKey}</dt>
            <dd>
              <Hash hex={stated.transportKeyId} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
};
