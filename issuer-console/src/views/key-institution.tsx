import type { CeremonyLog, CeremonyStep } from '../domain/ceremony.ts';
import type { Institution } from '../domain/key-desk.ts';
import type { KeptChain, KeptRequest } from '../domain/key-file.ts';
import type { Shape } from './icon.tsx';
import { expiryShape, expiryText } from './key-list.tsx';
import { type Arrival, ArrivalNotice, Bring, Commands, Hash, Mark, Step } from './key-parts.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

interface InstitutionProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly institution: Institution;
  readonly arrival: Arrival;
  readonly mayWrite: boolean;
}

const PATH = '/keys/institution';
const CONFIG = '--config token/hsm.toml';

/** The ceremony of the institution's key, step by step. What the module does is typed at its own machine. */
export const InstitutionPage = (props: InstitutionProps) => {
  const { view, assets, now, institution, arrival, mayWrite } = props;
  const words = view.text.keyPages;
  const bring = (kind: 'request' | 'certificates' | 'log') =>
    mayWrite ? <Bring view={view} path={`${PATH}/files`} kind={kind} /> : null;
  const commands = (...lines: string[]) => <Commands label={words.atModule} lines={lines} />;
  return (
    <Layout view={view} assets={assets} title={words.institution} now={now} path={PATH}>
      <div>
        <h1 class="page-title">{words.institution}</h1>
        <p class="lead">{words.noSecret}</p>
      </div>
      <ArrivalNotice view={view} arrival={arrival} />
      <ol class="steps">
        <Step id="begin" words={words.begin}>
          {commands(
            'hsm operator new sato --softhsm op-sato',
            'hsm operator new suzuki --softhsm op-suzuki',
            'hsm ceremony init --dir ceremony --operator sato=op-sato/sato.pem \\',
            '  --operator suzuki=op-suzuki/suzuki.pem --role "sato=key custodian" --role "suzuki=key custodian"',
          )}
        </Step>
        <Step id="request" words={words.request}>
          {commands(
            `hsm institution new --transportable ${CONFIG}`,
            `hsm institution request --layout jpki --out institution.request ${CONFIG}`,
            `hsm institution request --layout tr03110 --holder-reference JPGATE00001 --out iso.request ${CONFIG}`,
          )}
          <Requests view={view} requests={institution.requests} />
          {bring('request')}
        </Step>
        <Step id="certificates" words={words.certificates}>
          <Chains view={view} chains={institution.chains} now={now} />
          {bring('certificates')}
        </Step>
        <Step id="import" words={words.importing}>
          {commands(
            `hsm institution import --layout jpki --anchor jlis/terminal-ca.json from-jlis/intermediate.cvc from-jlis/institution.cvc ${CONFIG}`,
            'hsm ceremony approve STEP --operator sato --token op-sato/hsm.toml --dir ceremony',
            'hsm ceremony approve STEP --operator suzuki --token op-suzuki/hsm.toml --dir ceremony',
          )}
        </Step>
        <Step id="log" words={words.log}>
          {commands('hsm ceremony log verify --dir ceremony')}
          {bring('log')}
          {institution.logs.length === 0 && <p class="quiet">{words.logNone}</p>}
          {institution.logs.map((log) => (
            <Log view={view} log={log} />
          ))}
        </Step>
      </ol>
    </Layout>
  );
};

const Requests = ({ view, requests }: { view: View; requests: readonly KeptRequest[] }) => {
  const { text, format } = view;
  const words = text.keyPages;
  return (
    <ul class="cards">
      {requests.map(({ id, layout, holder, keyHash, receivedAt }) => (
        <li>
          <h3>
            <Mark shape="good">{[words.layouts[layout], holder].filter(Boolean).join(' ')}</Mark>
          </h3>
          <p class="quiet">{words.received(format.moment(receivedAt))}</p>
          <dl class="pairs">
            <dt>{words.digest}</dt>
            <dd>
              <Hash hex={id} />
            </dd>
            <dt>{words.keyHash}</dt>
            <dd>
              <Hash hex={keyHash} />
            </dd>
          </dl>
        </li>
      ))}
    </ul>
  );
};

interface ChainsProps {
  readonly view: View;
  readonly chains: readonly KeptChain[];
  readonly now: number;
}

const Chains = ({ view, chains, now }: ChainsProps) => {
  const { text, format } = view;
  const words = text.keyPages;
  return (
    <ul class="cards">
      {chains.map((chain) => (
        <li>
          <h3>
            <Mark shape={expiryShape(chain, now)}>
              {`${words.layouts[chain.layout]} ${chain.holder}`}
            </Mark>
          </h3>
          <p class="quiet">{words.received(format.moment(chain.receivedAt))}</p>
          <dl class="pairs">
            <dt>{words.issuer}</dt>
            <dd>{chain.issuer}</dd>
            <dt>{words.expiry}</dt>
            <dd>{expiryText(view, chain, now)}</dd>
            <dt>{words.keyHash}</dt>
            <dd>
              <Hash hex={chain.keyHash} />
            </dd>
          </dl>
        </li>
      ))}
    </ul>
  );
};

const Log = ({ view, log }: { view: View; log: CeremonyLog }) => {
  const { text, format } = view;
  const words = text.keyPages;
  return (
    <article class="log">
      <h3>{`${words.ceremony} ${format.date(log.beganAt)}`}</h3>
      <dl class="pairs">
        <dt>{words.ceremony}</dt>
        <dd>
          <Hash hex={log.id} />
        </dd>
        <dt>{words.head}</dt>
        <dd>
          <Hash hex={log.head} /> {words.lines(format.number(log.lines))}
        </dd>
        <dt>{words.operators}</dt>
        <dd>
          {log.operators.map(({ name, role }) => `${name} (${role})`).join(', ')}
          {' · '}
          {words.required(format.number(log.required))}
        </dd>
      </dl>
      <h4>{words.steps}</h4>
      <LogSteps view={view} steps={log.steps} />
    </article>
  );
};

const OUTCOME_SHAPES: Readonly<Record<CeremonyStep['outcome'], Shape>> = {
  done: 'admitted',
  failed: 'refused',
  open: 'warning',
};

/** What was approved, by whom, and how it ended. */
export const LogSteps = ({ view, steps }: { view: View; steps: readonly CeremonyStep[] }) => {
  const { text, format } = view;
  const words = text.keyPages;
  if (steps.length === 0) return <p class="quiet">{words.stepsNone}</p>;
  return (
    <ul class="cards">
      {steps.map((step) => (
        <li>
          <p>
            <strong>{words.actions[step.action]}</strong> <span class="id-inline">{step.id}</span>
          </p>
          <p>
            <Mark shape={OUTCOME_SHAPES[step.outcome]}>
              {[words.outcomes[step.outcome], step.code].filter(Boolean).join(' ')}
            </Mark>
            {` · ${format.moment(step.begunAt)}`}
          </p>
          <p>
            {`${words.verified} · ${words.approvedBy(step.approvedBy.map(({ operator }) => operator).join(', '))}`}
          </p>
          <details>
            <summary>{words.details}</summary>
            <dl class="pairs" lang="en">
              {[...step.details, ...step.facts].map(({ name, values }) => (
                <>
                  <dt>{name}</dt>
                  <dd>{values.join(', ')}</dd>
                </>
              ))}
            </dl>
          </details>
        </li>
      ))}
    </ul>
  );
};
