import type { GateSummary } from '../domain/gate.ts';
import type { Overview } from '../domain/overview.ts';
import { Icon } from './icon.tsx';
import type { View } from './view.ts';

export const CountsView = ({ view, overview }: { view: View; overview: Overview }) => {
  const { text, format } = view;
  const sum = (of: (gate: GateSummary) => number) =>
    format.number(overview.gates.reduce((total, gate) => total + of(gate), 0));
  return (
    <>
      <h2 class="visually-hidden">{text.counts.heading}</h2>
      <dl class="counts">
        <div class="count-people">
          <dt>{text.counts.people}</dt>
          <dd>
            {sum(({ people }) => people)} <span class="unit">{text.counts.peopleUnit}</span>
          </dd>
        </div>
        <div>
          <dt>
            <Icon shape="admitted" />
            {text.counts.admitted}
          </dt>
          <dd>
            {sum(({ admitted }) => admitted)} <span class="unit">{text.counts.tapsUnit}</span>
          </dd>
        </div>
        <div>
          <dt>
            <Icon shape="refused" />
            {text.counts.refused}
          </dt>
          <dd>
            {sum(({ refused }) => refused)} <span class="unit">{text.counts.tapsUnit}</span>
          </dd>
        </div>
      </dl>
    </>
  );
};
